// Who owns memory, how long it lives, and what may be written where.
import { type Backend, byteSize, sizeOf, type Tensor, type TensorDesc } from '@halftone/core';
import type { Case } from '../case.ts';
import { casesOf } from '../cases/index.ts';
import { operandsOf, resultsOf } from '../operands.ts';
import {
  another,
  type Law,
  type LawContext,
  packableOf,
  readAll,
  require,
  requireBack,
  sameResults,
  sameTensor,
  stage,
  withBackend,
  without,
} from './law.ts';

const descs: readonly TensorDesc[] = [
  { dtype: 'int8', shape: [3] },
  { dtype: 'uint8', shape: [64] },
  { dtype: 'int32', shape: [5, 7] },
  { dtype: 'float32', shape: [2, 3, 4] },
  { dtype: 'float32', shape: [] },
  { dtype: 'int8', shape: [0] },
];

/** A tensor whose elements follow from their index. */
function patterned(desc: TensorDesc, seed: number): Tensor {
  const count = desc.shape.reduce((product, extent) => product * extent, 1);
  const values = Array.from({ length: count }, (_, i) => ((i * 37 + seed * 11) % 100) + 1);
  const data =
    desc.dtype === 'float32'
      ? Float32Array.from(values)
      : desc.dtype === 'int32'
        ? Int32Array.from(values)
        : desc.dtype === 'int8'
          ? Int8Array.from(values)
          : Uint8Array.from(values);
  return { ...desc, data } as Tensor;
}

export const counters: Law = {
  name: 'counters',
  rule: 'stats() counts every live tensor and its bytes, and packed weights, and is back where it was when all are disposed',
  check: (context) =>
    withBackend(context, async (backend) => {
      const before = backend.stats();
      const tensors = descs.map((desc) => backend.alloc(desc));
      const during = backend.stats();
      require(during.liveTensors - before.liveTensors ===
        tensors.length, `${tensors.length} tensors were allocated, liveTensors grew by ${during.liveTensors - before.liveTensors}`);
      const bytes = descs.reduce((sum, desc) => sum + byteSize(desc), 0);
      require(during.liveBytes - before.liveBytes >=
        bytes, `${bytes} bytes were allocated, liveBytes grew by ${during.liveBytes - before.liveBytes}`);
      for (const tensor of tensors) {
        tensor.dispose();
        require(tensor.disposed, 'disposed is false after dispose()');
        tensor.dispose();
      }
      requireBack(before, backend.stats(), 'after dispose() of every tensor, twice');
      for (const item of context.cases) {
        const staged = stage(backend, item);
        staged.prepared.run(staged.io);
        await readAll(backend, staged);
        staged.dispose();
        requireBack(before, backend.stats(), `after one run of ${item.id}`);
        const packable = packableOf(item);
        if (packable.length === 0) continue;
        const weights = Object.fromEntries(packable.map((name) => [name, staged.operands[name]!]));
        const prepared = backend.prepare(item.op, item.spec, weights);
        const held = backend.stats();
        require(held.liveBytes + held.packedBytes >
          before.liveBytes + before.packedBytes, 'no counter grew with the weights of a prepared op', item);
        prepared.dispose();
        requireBack(before, backend.stats(), `after ${item.id} was prepared with its weights and disposed`);
      }
    }),
};

export const copies: Law = {
  name: 'copies',
  rule: 'write() copies before it returns, read() gives an array of its own, and weights are copied when an op is prepared',
  check: (context) =>
    withBackend(context, async (backend) => {
      for (const desc of descs) {
        const host = patterned(desc, 1);
        const expected = { ...host, data: host.data.slice() } as Tensor;
        const tensor = backend.alloc(desc);
        backend.write(tensor, host);
        host.data.fill(0 as never);
        const first = await backend.read(tensor);
        require(sameTensor(
          first,
          expected,
        ), 'the host array was changed after write(), and read() sees the change');
        first.data.fill(0 as never);
        const second = await backend.read(tensor);
        require(sameTensor(second, expected), 'what read() gave was changed, and the tensor with it');
        require(second.data !== first.data, 'read() gave the same array twice');
        tensor.dispose();
      }
      for (const item of context.cases) {
        const packable = packableOf(item);
        if (packable.length === 0) continue;
        const staged = stage(backend, item);
        staged.prepared.run(staged.io);
        const expected = await readAll(backend, staged);
        const weights = Object.fromEntries(
          packable.map((name) => {
            const weight = staged.operands[name]!;
            return [name, { ...weight, data: weight.data.slice() } as Tensor];
          }),
        );
        const prepared = backend.prepare(item.op, item.spec, weights);
        for (const name of packable) weights[name]!.data.fill(0 as never);
        prepared.run(without(staged.io, packable));
        const got = await readAll(backend, staged);
        for (const name of staged.outputs)
          require(sameTensor(
            got[name]!,
            expected[name]!,
          ), 'weights were changed after prepare(), and the results with them', item);
        prepared.dispose();
        staged.dispose();
      }
    }),
};

export const aliasing: Law = {
  name: 'aliasing',
  rule: 'tensors do not share memory: a run changes its results alone, and earlier results stay',
  check: (context) =>
    withBackend(context, async (backend) => {
      for (const desc of descs) {
        const gone = backend.alloc(desc);
        gone.dispose();
        gone.dispose();
        const [one, two] = [patterned(desc, 1), patterned(desc, 2)];
        const [first, second] = [backend.upload(one), backend.upload(two)];
        require(sameTensor(await backend.read(first), one) &&
          sameTensor(
            await backend.read(second),
            two,
          ), 'memory that was disposed twice was given to two tensors');
        first.dispose();
        second.dispose();
      }
      for (const item of context.cases) {
        const staged = stage(backend, item);
        staged.prepared.run(staged.io);
        const first = await readAll(backend, staged);
        // The same op on other operands, then into freed and reused memory.
        const other = stage(backend, another(item));
        staged.prepared.run(other.io);
        require(sameResults(
          await readAll(backend, staged),
          first,
        ), 'a run on other operands changed the results of an earlier one', item);
        other.dispose();
        const again = Object.fromEntries(
          staged.outputs.map((name) => [name, backend.alloc(staged.io[name]!)] as const),
        );
        staged.prepared.run({ ...staged.io, ...again });
        for (const name of staged.outputs) {
          require(sameTensor(
            await backend.read(staged.io[name]!),
            first[name]!,
          ), `a later run changed ${name} of an earlier one`, item);
          require(sameTensor(
            await backend.read(again[name]!),
            first[name]!,
          ), `a second run gave another ${name}`, item);
        }
        for (const name in staged.operands)
          require(sameTensor(
            await backend.read(staged.io[name]!),
            staged.operands[name]!,
          ), `the run changed its operand ${name}`, item);
        for (const name in again) again[name]!.dispose();
        staged.dispose();
      }
    }),
};

const GUARD = 64;
/** Elements of the largest results that are guarded. */
const GUARDED = 4096;

/** Cases of the ops at hand, one for each set of shapes: where memory ends decides what is written past it. */
function* shapesOf(backend: Backend, context: LawContext): Generator<Case> {
  for (const { op } of context.cases) {
    const seen = new Set<string>();
    for (const item of casesOf(op) as readonly Case[]) {
      const results = Object.values(resultsOf(item)).map(({ shape }) => shape);
      const shapes = [...results, ...Object.values(operandsOf(item)).map(({ shape }) => shape)];
      const key = JSON.stringify(shapes);
      const large = shapes.some((shape) => sizeOf(shape) > GUARDED);
      if (large || seen.has(key) || backend.supports(op, item.spec) !== true) continue;
      seen.add(key);
      yield item;
    }
  }
}

export const guards: Law = {
  name: 'guards',
  rule: 'a run writes inside its results alone: tensors allocated around its operands keep their elements',
  check: (context) =>
    withBackend(context, async (backend) => {
      for (const item of shapesOf(backend, context)) {
        const guard = patterned({ dtype: 'uint8', shape: [GUARD] }, 3);
        const around: ReturnType<typeof backend.upload>[] = [backend.upload(guard)];
        const staged = stage(backend, item, () => around.push(backend.upload(guard)));
        staged.prepared.run(staged.io);
        await readAll(backend, staged);
        for (const tensor of around) {
          require(sameTensor(
            await backend.read(tensor),
            guard,
          ), 'memory beside an operand was written', item);
          tensor.dispose();
        }
        staged.dispose();
      }
    }),
};
