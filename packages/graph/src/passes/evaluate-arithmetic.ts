// Cast, and Add, Sub, Mul, Div on small constants: what computes shapes and scales.
import {
  broadcastShape,
  broadcastStrides,
  type DType,
  dtypes,
  sizeOf,
  type Tensor,
  tensor,
} from '@halftone/core';
import { intAttr } from '../attributes.ts';
import type { Evaluator } from './evaluate-shape.ts';

/** Larger results are left to kernels. */
const MOST_ELEMENTS = 65536;

/** TensorProto.DataType of the types that core holds. */
const castTypes: Readonly<Record<number, DType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
};

/** Fractions are cut off; a real that the integer type cannot hold has no defined result, so such a node stays. */
export const cast: Evaluator = (node, [x]) => {
  const to = castTypes[intAttr(node, 'to', 0)];
  if (x === undefined || to === undefined) return undefined;
  if (x.dtype === to) return x;
  if (x.dtype === 'int64') {
    const wide = x.data as BigInt64Array;
    if (to !== 'float32')
      return tensor(
        to as 'int32',
        Int32Array.from(wide, (v) => Number(BigInt.asIntN(32, v))) as never,
        x.shape,
      );
    return wide.every((v) => Number.isSafeInteger(Number(v)))
      ? tensor('float32', Float32Array.from(wide, Number), x.shape)
      : undefined;
  }
  const narrow = Array.from(x.data as Exclude<Tensor['data'], BigInt64Array>, (v) =>
    to === 'float32' ? v : Math.trunc(v),
  );
  if (to === 'float32') return tensor(to, narrow, x.shape);
  const { range } = dtypes[to];
  const [min, max] = range ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  if (x.dtype === 'float32' && !narrow.every((v) => v >= min && v <= max)) return undefined;
  return to === 'int64' ? tensor(to, narrow.map(BigInt), x.shape) : tensor(to, narrow, x.shape);
};

/** Add, Sub, Mul or Div of two tensors of one type. Integers wrap and quotients are cut off; division by 0 is left alone. */
export const arithmetic: Evaluator = (node, [a, b]) => {
  if (a === undefined || a.dtype !== b?.dtype) return undefined;
  const { dtype } = a;
  const shape = broadcastShape(node.op, a.shape, b.shape);
  if (sizeOf(shape) > MOST_ELEMENTS) return undefined;
  const [left, right] = [spread(a, shape), spread(b, shape)];
  const op = node.op as keyof typeof reals;
  if (dtype === 'float32')
    return tensor(dtype, left.map((v, i) => reals[op](v as number, right[i] as number)) as number[], shape);
  if (node.op === 'Div' && right.some((v) => BigInt(v) === 0n)) return undefined;
  const exact = left.map((v, i) => integers[op](BigInt(v), BigInt(right[i]!)));
  if (dtype === 'int64') return tensor(dtype, BigInt64Array.from(exact), shape);
  // Stores into typed arrays wrap, as the products of 32-bit integers need it.
  return tensor(
    dtype,
    exact.map((v) => Number(BigInt.asIntN(32, v))),
    shape,
  );
};

const reals = {
  Add: (a: number, b: number): number => a + b,
  Sub: (a: number, b: number): number => a - b,
  Mul: (a: number, b: number): number => a * b,
  Div: (a: number, b: number): number => a / b,
};

const integers = {
  Add: (a: bigint, b: bigint): bigint => a + b,
  Sub: (a: bigint, b: bigint): bigint => a - b,
  Mul: (a: bigint, b: bigint): bigint => a * b,
  Div: (a: bigint, b: bigint): bigint => a / b,
};

/** The elements repeated to a shape that they broadcast to. */
function spread(x: Tensor, shape: readonly number[]): (number | bigint)[] {
  const strides = broadcastStrides(x.shape, shape);
  return Array.from({ length: sizeOf(shape) }, (_, i) => {
    let from = 0;
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      from += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return x.data[from]!;
  });
}
