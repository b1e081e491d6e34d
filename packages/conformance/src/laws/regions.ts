// Steps that run as one give what they give one by one.
import {
  type Backend,
  type DeviceTensor,
  type Executable,
  type OpName,
  type OpSpecs,
  type Region,
  type RegionStep,
  sameShape,
  sizeOf,
  type Tensor,
  tensor,
  type TensorDesc,
} from '@halftone/core';
import type { Case } from '../case.ts';
import { operandsOf, resultsOf } from '../operands.ts';
import { another, type Law, packableOf, require, requireBack, sameTensor, withBackend } from './law.ts';

/** A region with two sets of inputs, and what it is made of. */
interface Trial {
  readonly name: string;
  readonly region: Region;
  readonly inputs: readonly [readonly Tensor[], readonly Tensor[]];
}

export const regions: Law = {
  name: 'regions',
  rule: 'steps that are compiled as one give in every run what they give one by one, and keep nothing of their inputs',
  check: (context) =>
    withBackend(context, async (backend) => {
      const trials = [
        ...context.cases.filter(isFull).map((item) => trialOf(item.id, [item])),
        trialOf('all ops', context.cases.filter(isFull)),
        ...chains(backend),
      ];
      for (const trial of [...trials, ...trials.map(flat)]) {
        const before = backend.stats();
        await judge(backend, trial);
        requireBack(before, backend.stats(), `after the region of ${trial.name} was disposed`);
      }
    }),
};

/** The same steps with values that are described flat: steps know values under shapes of their own. */
function flat({ name, region, inputs }: Trial): Trial {
  const values = region.values.map(({ dtype, shape }): TensorDesc => ({ dtype, shape: [sizeOf(shape)] }));
  return { name: `${name}, flat`, region: { ...region, values }, inputs };
}

async function judge(backend: Backend, { name, region, inputs }: Trial): Promise<void> {
  const compiled = compile(backend, region);
  // It runs steps one by one, and says so.
  if (compiled === undefined) return;
  const expected = [await oneByOne(backend, region, inputs[0]), await oneByOne(backend, region, inputs[1])];
  const is = (results: readonly Tensor[], which: 0 | 1, when: string): void =>
    require(results.length === expected[which]!.length &&
      results.every((result, i) => {
        const wanted = expected[which]![i]!;
        return sameTensor(result, wanted) && sameShape(result.shape, wanted.shape);
      }), `the region of ${name} gives other results ${when} than its steps one by one`);
  const second = compile(backend, region)!;
  const first = await compiled.run(inputs[0]);
  is(first, 0, 'in its first run');
  is(await compiled.run(inputs[1]), 1, 'for other inputs');
  is(first, 0, 'once it has run again');
  const brought = inputs[0].map(copy);
  const running = compiled.run(brought);
  for (const { data } of brought) data.fill(0 as never);
  is(await running, 0, 'when its inputs change behind the call');
  is(await second.run(inputs[1]), 1, 'compiled a second time');
  compiled.dispose();
  is(await second.run(inputs[0]), 0, 'when another of the same steps was disposed');
  second.dispose();
}

/** Compiles with constants that are overwritten afterwards. */
function compile(backend: Backend, region: Region): Executable | undefined {
  const steps = region.steps.map(
    (step): RegionStep => ({
      ...step,
      inputs: Object.fromEntries(
        Object.entries(step.inputs).map(([name, operand]) => [
          name,
          typeof operand === 'number' ? operand : copy(operand),
        ]),
      ),
    }),
  );
  const compiled = backend.compile({ ...region, steps });
  for (const { inputs } of steps)
    for (const operand of Object.values(inputs))
      if (typeof operand !== 'number') operand.data.fill(1 as never);
  return 'reason' in compiled ? undefined : compiled;
}

function copy(value: Tensor): Tensor {
  return { ...value, data: value.data.slice() } as Tensor;
}

async function oneByOne(backend: Backend, region: Region, inputs: readonly Tensor[]): Promise<Tensor[]> {
  const tensors = region.values.map((desc): DeviceTensor => backend.alloc(desc));
  const owned: { dispose(): void }[] = [...tensors];
  for (const [i, value] of region.inputs.entries()) backend.write(tensors[value]!, inputs[i]!);
  for (const { op, spec, inputs: operands, outputs } of region.steps) {
    const io: Record<string, DeviceTensor> = {};
    for (const [name, operand] of Object.entries({ ...operands, ...outputs })) {
      io[name] = typeof operand === 'number' ? tensors[operand]! : backend.upload(operand);
      if (typeof operand !== 'number') owned.push(io[name]);
    }
    const prepared = backend.prepare(op, spec);
    owned.push(prepared);
    prepared.run(io);
  }
  const results: Tensor[] = [];
  for (const value of region.outputs) results.push(await backend.read(tensors[value]!));
  for (const each of owned) each.dispose();
  return results;
}

/** Cases with elements everywhere; backends may refuse regions without. */
function isFull(item: Case): boolean {
  const descs: readonly TensorDesc[] = [
    ...Object.values(operandsOf(item)),
    ...Object.values(resultsOf(item)),
  ];
  return descs.every(({ shape }) => !shape.includes(0));
}

/** Steps that have nothing in common: their weights are constants, all else comes with each run. */
function trialOf(name: string, items: readonly Case[]): Trial {
  const build = new Builder();
  const inputs: [Tensor[], Tensor[]] = [[], []];
  for (const item of items) {
    const [operands, others] = [operandsOf(item), operandsOf(another(item))];
    const given: Record<string, number | Tensor> = {};
    for (const [operand, value] of Object.entries(operands)) {
      if (packableOf(item).includes(operand)) {
        given[operand] = value;
      } else {
        given[operand] = build.input(value);
        inputs[0].push(value);
        inputs[1].push(others[operand]!);
      }
    }
    const results = build.step(item.op, item.spec, given, resultsOf(item));
    for (const result of Object.values(results)) build.output(result);
  }
  return { name, region: build.region(), inputs };
}

/** Steps that read what others made: at once, long after, and as their parameters. */
function chains(backend: Backend): Trial[] {
  const [m, k] = [5, 67];
  const reals = { dtype: 'float32', shape: [m, k] } as const;
  const zero = tensor('uint8', [7]);
  const inputs = [0, 1].map((seed) =>
    tensor(
      'float32',
      Array.from({ length: m * k }, (_, i) => ((i * 37 + seed * 11) % 101) / 50 - 1),
      [m, k],
    ),
  ) as [Tensor, Tensor];
  const sets: Trial['inputs'] = [[inputs[0]], [inputs[1]]];
  const there = (op: OpName, spec: OpSpecs[OpName]): boolean =>
    backend.has(op) && backend.supports(op, spec) === true;
  const trials: Trial[] = [];
  const quantize = { shape: [m, k], to: 'uint8' } as const;
  const dequantize = { shape: [m, k], from: 'uint8' } as const;
  if (there('quantize', quantize) && there('dequantize', dequantize)) {
    const build = new Builder();
    let x = build.input(reals);
    let codes = -1;
    const early: number[] = [];
    for (let i = 0; i < 6; i++) {
      const scale = tensor('float32', [1 / (40 + 9 * i)]);
      const parameters = { scale, zeroPoint: zero };
      const { y } = build.step(
        'quantize',
        quantize,
        { x, ...parameters },
        { y: { ...reals, dtype: 'uint8' } },
      );
      codes = y!;
      early.push(codes);
      x = build.step('dequantize', dequantize, { x: codes, ...parameters }, { y: reals })['y']!;
    }
    const product = {
      batch: 1,
      m,
      n: m,
      k,
      a: 'uint8',
      b: 'uint8',
      transposeB: true,
      bZeroPoint: 'per-tensor',
      bias: 'none',
      output: { type: 'int32' },
    } as const;
    if (there('qgemm', product)) {
      const operands = { a: early[0]!, b: codes, aZeroPoint: zero, bZeroPoint: zero };
      const { y } = build.step('qgemm', product, operands, { y: { dtype: 'int32', shape: [m, m] } });
      build.output(y!);
    }
    build.output(x);
    build.output(early[2]!);
    trials.push({ name: 'a chain', region: build.region(), inputs: sets });
  }
  const dynamic = { shape: [m, k] };
  if (there('dynamicQuantize', dynamic) && there('dequantize', dequantize)) {
    const build = new Builder();
    const x = build.input(reals);
    const found = build.step(
      'dynamicQuantize',
      dynamic,
      { x },
      {
        y: { ...reals, dtype: 'uint8' },
        scale: { dtype: 'float32', shape: [1] },
        zeroPoint: { dtype: 'uint8', shape: [1] },
      },
    );
    const operands = { x: found['y']!, scale: found['scale']!, zeroPoint: found['zeroPoint']! };
    build.output(build.step('dequantize', dequantize, operands, { y: reals })['y']!);
    trials.push({ name: 'parameters that are computed', region: build.region(), inputs: sets });
  }
  return trials;
}

class Builder {
  readonly #values: TensorDesc[] = [];
  readonly #inputs: number[] = [];
  readonly #outputs: number[] = [];
  readonly #steps: RegionStep[] = [];

  input(desc: TensorDesc): number {
    const value = this.#value(desc);
    this.#inputs.push(value);
    return value;
  }

  step<O extends OpName>(
    op: O,
    spec: OpSpecs[O],
    inputs: Readonly<Record<string, number | Tensor>>,
    results: Readonly<Record<string, TensorDesc>>,
  ): Record<string, number> {
    const outputs = Object.fromEntries(
      Object.entries(results).map(([name, desc]) => [name, this.#value(desc)]),
    );
    this.#steps.push({ op, spec, inputs, outputs });
    return outputs;
  }

  output(value: number): void {
    this.#outputs.push(value);
  }

  region(): Region {
    return { values: this.#values, inputs: this.#inputs, outputs: this.#outputs, steps: this.#steps };
  }

  #value({ dtype, shape }: TensorDesc): number {
    return this.#values.push({ dtype, shape }) - 1;
  }
}
