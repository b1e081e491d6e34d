// Each resized axis in turn: y[i] = fround(sum of weights[t] * x[indices[t]]), taps from core
import { type HostIO, type ResizeSpec, resizeTaps, sizeOf } from '@halftone/core';

/** Interpolation along axes. */
export function resize(spec: ResizeSpec, io: HostIO): void {
  const y = io['y']!.data as Float32Array;
  let x = io['x']!.data as Float32Array;
  const shape = [...spec.shape];
  const { extrapolation } = spec;
  // As the cast of ONNX Runtime: an integer takes the whole part.
  const outside = spec.dtype === 'int64' ? BigInt(Math.trunc(extrapolation)) : extrapolation;
  for (const resized of spec.axes) {
    const taps = resizeTaps(spec, resized);
    const outer = sizeOf(shape.slice(0, resized.axis));
    const extent = shape[resized.axis]!;
    const inner = sizeOf(shape.slice(resized.axis + 1));
    shape[resized.axis] = resized.extent;
    const next = new (y.constructor as Float32ArrayConstructor)(sizeOf(shape));
    for (let o = 0, to = 0; o < outer; o++) {
      for (const { indices, weights } of taps) {
        for (let i = 0; i < inner; i++, to++) {
          const from = o * extent * inner + i;
          if (spec.mode === 'nearest' && indices.length > 0) next[to] = x[from + indices[0]! * inner]!;
          else if (indices.length === 0) next[to] = outside as number;
          else next[to] = weighted(x, from, inner, indices, weights);
        }
      }
    }
    x = next;
  }
  y.set(x);
}

function weighted(
  x: Float32Array,
  from: number,
  inner: number,
  indices: readonly number[],
  weights: readonly number[],
): number {
  let sum = 0;
  for (let t = 0; t < indices.length; t++) sum += weights[t]! * x[from + indices[t]! * inner]!;
  return sum;
}
