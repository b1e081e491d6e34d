// Does a result equal the one a test expects: integers exactly, floats within a tolerance.
import type { Tensor } from '@halftone/core';

/** Tolerances of ONNX's own test runner for floats. */
const tolerance = { relative: 1e-3, absolute: 1e-4 } as const;

/** What is wrong with a result, or undefined. `index` is the first wrong element. */
export interface Mismatch {
  readonly output: string;
  readonly reason: string;
  readonly index?: number;
}

/** Compares one output: dtype, shape, then elements; NaN equals NaN. */
export function mismatch(output: string, expected: Tensor, got: Tensor | undefined): Mismatch | undefined {
  if (got === undefined) return { output, reason: 'is missing' };
  if (got.dtype !== expected.dtype)
    return { output, reason: `is ${got.dtype}, ${expected.dtype} is expected` };
  if (got.shape.join() !== expected.shape.join())
    return { output, reason: `is [${got.shape.join(', ')}], [${expected.shape.join(', ')}] is expected` };
  const isFloat = expected.dtype === 'float32';
  for (let i = 0; i < expected.data.length; i++) {
    const [want, have] = [expected.data[i]!, got.data[i]!];
    if (want === have || (Number.isNaN(want) && Number.isNaN(have))) continue;
    const limit =
      isFloat && Number.isFinite(Number(want))
        ? tolerance.absolute + tolerance.relative * Math.abs(Number(want))
        : 0;
    // Written so that a NaN on one side fails.
    if (!(Math.abs(Number(want) - Number(have)) <= limit))
      return { output, reason: `element ${i} is ${have}, ${want} is expected`, index: i };
  }
  return undefined;
}
