import {
  type Backend,
  type CodeType,
  catalogue,
  codeRange,
  dtypes,
  openBackend,
  type OpDefinition,
  type OpName,
  type OpSpecs,
  sizeOf,
  type Tensor,
} from '@halftone/core';
import { expect } from 'vitest';
import reference from '../src/index.ts';

export type Numbers = ArrayLike<number>;
export const backend: Backend = await openBackend(reference);
export const signs: readonly CodeType[] = ['int8', 'uint8'];

/** Numbers in [0, 1), the same for a seed on every machine. */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function integer(next: () => number, lo: number, hi: number): number {
  return lo + Math.floor(next() * (hi - lo + 1));
}

/** Codes of the whole range, a fifth of them at its ends. */
export function randomCodes(next: () => number, dtype: CodeType, count: number): Int8Array | Uint8Array {
  const [lo, hi] = codeRange(dtype);
  return new dtypes[dtype].Array(count).map(() =>
    next() < 0.2 ? (next() < 0.5 ? lo : hi) : integer(next, lo, hi),
  );
}

/** Floats whose sums depend on their order: magnitudes over several powers of two. */
export function randomFloats(next: () => number, count: number, size = 1): Float32Array {
  return new Float32Array(count).map(() => (next() * 2 - 1) * size * [1, 0.01, 100][integer(next, 0, 2)]!);
}

/** Tensors with the dtypes and shapes that the catalogue asks for. */
export function operands<O extends OpName>(
  op: O,
  spec: OpSpecs[O],
  data: Readonly<Record<string, Numbers>>,
): Record<string, Tensor> {
  const descs = (catalogue[op] as OpDefinition<OpSpecs[O]>).inputs(spec);
  return Object.fromEntries(
    Object.entries(descs).map(([name, desc]) => {
      const values = data[name];
      if (values?.length !== sizeOf(desc.shape))
        throw new Error(`${op}: ${name} has ${values?.length} elements, ${sizeOf(desc.shape)} needed`);
      const elements = new dtypes[desc.dtype].Array(values.length) as Float32Array;
      elements.set(values);
      return [name, { ...desc, data: elements } as Tensor];
    }),
  );
}

/** Runs an op once and gives the elements of its results; what went in must come out unchanged. */
export async function run<O extends OpName>(
  op: O,
  spec: OpSpecs[O],
  data: Readonly<Record<string, Numbers>>,
): Promise<Record<string, Numbers>> {
  const inputs = operands(op, spec, data);
  const device = Object.entries(inputs).map(([name, tensor]) => [name, backend.upload(tensor)] as const);
  const outputs = Object.entries((catalogue[op] as OpDefinition<OpSpecs[O]>).outputs(spec)).map(
    ([name, desc]) => {
      const noise = new dtypes[desc.dtype as 'float32'].Array(sizeOf(desc.shape)).fill(77);
      return [name, backend.upload({ ...desc, data: noise } as Tensor)] as const;
    },
  );
  const prepared = backend.prepare(op, spec);
  prepared.run(Object.fromEntries([...device, ...outputs]));
  for (const [name, tensor] of device)
    expect(
      sameBytes((await backend.read(tensor)).data, inputs[name]!.data),
      `${op} left ${name} as it was`,
    ).toBe(true);
  const results: Record<string, Numbers> = {};
  for (const [name, tensor] of outputs) results[name] = (await backend.read(tensor)).data as Float32Array;
  for (const [, tensor] of [...device, ...outputs]) tensor.dispose();
  prepared.dispose();
  return results;
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return (
    Buffer.compare(
      Buffer.from(a.buffer, a.byteOffset, a.byteLength),
      Buffer.from(b.buffer, b.byteOffset, b.byteLength),
    ) === 0
  );
}

/** The nearest integer, ties to even, by comparing with the integers on both sides. */
export function nearestEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** One requantized accumulator, numerics 4.13, the product rounded by a float32 array. */
export function requantized(
  acc: number,
  multiplier: number,
  zeroPoint: number,
  [lo, hi]: readonly [number, number],
): number {
  const t = Float32Array.of(acc);
  t[0] = t[0]! * Float32Array.of(multiplier)[0]!;
  return Math.min(Math.max(nearestEven(t[0]), lo - zeroPoint), hi - zeroPoint) + zeroPoint;
}

export function int32(sum: bigint): number {
  return Number(BigInt.asIntN(32, sum));
}
