// Add, Sub, Mul, Div on small constants: what computes shapes and scales.
import { broadcastShape, broadcastStrides, sizeOf, type Tensor, tensor } from '@halftone/core';
import type { Node } from '../ir.ts';

/** Larger results are left to kernels. */
const MOST_ELEMENTS = 65536;

/** Add, Sub, Mul or Div of two tensors of one type. Integers wrap and quotients are cut off; division by 0 is left alone. */
export function arithmetic(node: Node, [a, b]: readonly (Tensor | undefined)[]): Tensor | undefined {
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
}

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
