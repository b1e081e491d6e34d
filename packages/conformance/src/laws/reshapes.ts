// Networks reshape without copying: a tensor is allocated in one shape, and ops know it under others.
import {
  type Backend,
  type DeviceTensor,
  type HostIO,
  type PreparedOp,
  sameShape,
  sizeOf,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';
import { type Case, makeCase } from '../case.ts';
import { operandsOf, resultsOf } from '../operands.ts';
import { used } from '../run-case.ts';
import { type Law, packableOf, readAll, require, sameTensor, stage, withBackend, without } from './law.ts';

type Shape = readonly number[];

/** Other shapes of as many elements. The executor of networks allocates flat. */
const forms: readonly (readonly [form: string, of: (shape: Shape) => Shape])[] = [
  ['flat', (shape) => [sizeOf(shape)]],
  ['as a column', (shape) => [sizeOf(shape), 1]],
  ['with its extents reversed', (shape) => shape.toReversed()],
];

export const reshapes: Law = {
  name: 'reshapes',
  rule: 'a tensor has any shape of as many elements: specs say how ops read and write it, and it reads back in its own',
  check: (context) =>
    withBackend(context, async (backend) => {
      for (const item of context.cases) await holdsAlone(backend, item);
      await holdsBetween(backend, flowsOf(backend));
    }),
};

/** One op with operands, results and weights of other shapes. */
async function holdsAlone(backend: Backend, item: Case): Promise<void> {
  const own = stage(backend, item);
  own.prepared.run(own.io);
  const expected = await readAll(backend, own);
  const results = Object.fromEntries(own.outputs.map((name) => [name, used(own.io[name]!)]));
  const packable = packableOf(item);
  const run = async (op: PreparedOp, operands: HostIO, into: HostIO, what: string): Promise<void> => {
    const io: Record<string, DeviceTensor> = {};
    for (const [name, tensor] of Object.entries({ ...operands, ...into })) io[name] = backend.upload(tensor);
    op.run(io);
    for (const name of own.outputs)
      await requireSame(backend, io[name]!, expected[name]!, `with ${what} ${name}`, item);
    for (const name in io) io[name]!.dispose();
  };
  for (const [form, of] of forms) {
    const [shapedOperands, shapedResults] = [reshaped(own.operands, of), reshaped(results, of)];
    await run(own.prepared, shapedOperands, results, `operands ${form}`);
    await run(own.prepared, own.operands, shapedResults, `results ${form}`);
    await run(own.prepared, shapedOperands, shapedResults, `operands and results ${form}`);
    if (packable.length === 0) continue;
    const weights = Object.fromEntries(packable.map((name) => [name, shapedOperands[name]!]));
    const packed = backend.prepare(item.op, item.spec, weights);
    await run(packed, without(own.operands, packable), results, `weights ${form}`);
    packed.dispose();
  }
  own.dispose();
}

function reshaped(tensors: HostIO, of: (shape: Shape) => Shape): HostIO {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, shape: of(tensor.shape) }]),
  );
}

/** An op, and ops that read its result under other shapes. */
interface Flow {
  readonly writer: Case;
  readonly readers: readonly Reader[];
}

interface Reader {
  readonly item: Case;
  /** The operand that is the writer's result. */
  readonly operand: string;
}

const product = { a: 'uint8', b: 'int8', transposeB: true, bZeroPoint: 'per-tensor', bias: 'none' } as const;
const sums = { ...product, output: { type: 'int32' } } as const;
const small = { multiplier: { fill: 'log', lo: 1 / 4096, hi: 1 / 512 } } as const;

/** Between the ops of the required tier, with last axes that fill no vector and no texel. */
const allFlows: readonly Flow[] = [
  {
    writer: makeCase('quantize', 'reshapes/2x3x5', { shape: [2, 3, 5], to: 'uint8' }),
    readers: [
      {
        item: makeCase('qgemm', 'reshapes/a-6x5', { ...sums, batch: 1, m: 6, n: 3, k: 5 }),
        operand: 'a',
      },
      {
        item: makeCase('qgemm', 'reshapes/b-10x3', { ...sums, b: 'uint8', batch: 1, m: 7, n: 10, k: 3 }),
        operand: 'b',
      },
      {
        item: makeCase('dequantize', 'reshapes/15x2', { shape: [15, 2], axis: 0, from: 'uint8' }),
        operand: 'x',
      },
    ],
  },
  {
    writer: makeCase('qgemm', 'reshapes/2x3x5', { ...sums, batch: 2, m: 3, n: 5, k: 7 }),
    readers: [
      {
        item: makeCase(
          'requantize',
          'reshapes/5x6',
          { shape: [5, 6], axis: 1, to: 'uint8', mode: 'ort-f32' },
          small,
        ),
        operand: 'x',
      },
      { item: makeCase('dequantize', 'reshapes/30', { shape: [30], from: 'int32' }), operand: 'x' },
      {
        item: makeCase('dequantize', 'reshapes/3x10', { shape: [3, 10], axis: 0, from: 'int32' }),
        operand: 'x',
      },
    ],
  },
  {
    writer: makeCase(
      'requantize',
      'reshapes/10x3',
      { shape: [10, 3], axis: 0, to: 'uint8', mode: 'ort-f32' },
      { ...small, x: { fill: 'uniform', lo: -99999, hi: 99999 } },
    ),
    readers: [
      {
        item: makeCase('qgemm', 'reshapes/a-2x3x5', { ...sums, batch: 2, m: 3, n: 5, k: 5 }),
        operand: 'a',
      },
      {
        item: makeCase('dequantize', 'reshapes/5x6', { shape: [5, 6], axis: 0, from: 'uint8' }),
        operand: 'x',
      },
    ],
  },
  {
    writer: makeCase('dequantize', 'reshapes/3x7', { shape: [3, 7], axis: 1, from: 'int8' }),
    readers: [
      { item: makeCase('quantize', 'reshapes/21', { shape: [21], to: 'int8' }), operand: 'x' },
      {
        item: makeCase('quantize', 'reshapes/7x1x3', { shape: [7, 1, 3], axis: 0, to: 'uint8' }),
        operand: 'x',
      },
    ],
  },
];

/** The flows between ops that the backend itself has. */
function flowsOf(backend: Backend): readonly Flow[] {
  const there = ({ op, spec }: Case): boolean => backend.has(op) && backend.supports(op, spec) === true;
  return allFlows
    .filter(({ writer }) => there(writer))
    .map(({ writer, readers }) => ({ writer, readers: readers.filter(({ item }) => there(item)) }));
}

/** What a value passes through: the shape in which it was written, those in which it is read, and others. */
function shapesOf({ writer, readers }: Flow): readonly Shape[] {
  const { shape } = resultsOf(writer)['y']!;
  const read = readers.map(({ item, operand }) => operandsOf(item)[operand]!.shape);
  return [shape, ...read, ...forms.map(([, of]) => of(shape))];
}

/** Values that one op writes and others read, each in a tensor that earlier values of its size were in. */
async function holdsBetween(backend: Backend, flows: readonly Flow[]): Promise<void> {
  const pool = new Map<string, DeviceTensor>();
  const take = (desc: TensorDesc): DeviceTensor => {
    const key = `${desc.dtype} ${desc.shape.join()}`;
    const tensor = pool.get(key) ?? backend.upload(used(desc));
    pool.set(key, tensor);
    return tensor;
  };
  for (const flow of flows) await holdsOn(backend, flow, take);
  for (const tensor of pool.values()) tensor.dispose();
}

async function holdsOn(
  backend: Backend,
  flow: Flow,
  take: (desc: TensorDesc) => DeviceTensor,
): Promise<void> {
  const writer = stage(backend, flow.writer);
  writer.prepared.run(writer.io);
  const { y } = (await readAll(backend, writer)) as { y: Tensor };
  const readers = flow.readers.map((reader) => ({ ...reader, staged: stage(backend, reader.item) }));
  const expected: Record<string, Tensor>[] = [];
  for (const { operand, staged } of readers) {
    const tensor = staged.io[operand]!;
    backend.write(tensor, { ...y, shape: tensor.shape });
    staged.prepared.run(staged.io);
    expected.push(await readAll(backend, staged));
  }
  for (const shape of shapesOf(flow)) {
    const value = take({ dtype: y.dtype, shape });
    const requireRead = async (by: string): Promise<void> => {
      for (const { operand, staged } of readers) staged.prepared.run({ ...staged.io, [operand]: value });
      const what = `of what ${by} wrote to a tensor of [${shape.join(', ')}]`;
      for (const [i, { item, staged }] of readers.entries())
        for (const name of staged.outputs)
          await requireSame(backend, staged.io[name]!, expected[i]![name]!, `${name} ${what}`, item);
      await requireSame(backend, value, y, `what ${by} wrote`, flow.writer);
    };
    writer.prepared.run({ ...writer.io, y: value });
    await requireRead(flow.writer.op);
    // What one reader does to the value, another one sees.
    await requireRead(flow.writer.op);
    for (const [, of] of forms) {
      backend.write(value, used(value));
      backend.write(value, { ...y, shape: of(y.shape) });
      await requireRead('write()');
    }
    backend.write(value, used(value));
    writer.prepared.run({ ...writer.io, y: value });
    await requireRead(flow.writer.op);
  }
  for (const { staged } of readers) staged.dispose();
  writer.dispose();
}

async function requireSame(
  backend: Backend,
  tensor: DeviceTensor,
  expected: Tensor,
  what: string,
  item: Case,
): Promise<void> {
  const got = await backend.read(tensor);
  require(sameShape(
    got.shape,
    tensor.shape,
  ), `${what} is read as [${got.shape.join(', ')}], it was allocated as [${tensor.shape.join(', ')}]`, item);
  require(sameTensor(got, expected), `${what} has other elements`, item);
}
