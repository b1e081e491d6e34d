// qmaxpool, maxpool: the largest element of each window
// qavgpool: requantize(sum of (x - xZeroPoint), multiplier[count - 1]); fixed modes: requantize(mean - xZeroPoint)
// avgpool: fround(sum / count), the f32 sum in order of rows, then columns
// Padding is no element; a window of nothing else gives the lowest value, or the zero point and 0 for a mean.
import {
  type AvgPoolSpec,
  codeRange,
  type HostIO,
  isFixedMode,
  type QAvgPoolSpec,
  type QMaxPoolSpec,
  type RequantizeMode,
  type WindowSpec,
} from '@halftone/core';
import { type Codes, codes, floats, scalar } from './shared/operands.ts';
import { requantizerOf } from './shared/requantizers.ts';
import { forEachWindow } from './shared/window.ts';

/** Largest code of each window. */
export function qmaxpool(spec: QMaxPoolSpec, io: HostIO): void {
  largest(spec, codes(io, 'x'), codes(io, 'y'), codeRange(spec.dtype)[0]);
}

/** Largest float of each window; NaN is larger than all. */
export function maxpool(spec: WindowSpec, io: HostIO): void {
  largest(spec, floats(io, 'x'), floats(io, 'y'), -Infinity);
}

function largest(spec: WindowSpec, x: Codes | Float32Array, y: Codes | Float32Array, lowest: number): void {
  const { c } = spec;
  y.fill(lowest);
  forEachWindow(spec, (pixel, taps) => {
    const to = pixel * c;
    for (let t = 0; t < taps.count; t++) {
      const from = taps.at[t]!;
      for (let i = 0; i < c; i++) y[to + i] = Math.max(y[to + i]!, x[from + i]!);
    }
  });
}

/** Mean of each window of codes. */
export function qavgpool(spec: QAvgPoolSpec, io: HostIO): void {
  const { c, kernel } = spec;
  const x = codes(io, 'x');
  const y = codes(io, 'y');
  const xZeroPoint = scalar(io, 'xZeroPoint');
  const zeroPoint = scalar(io, 'zeroPoint');
  const requantize = requantizerOf(spec.mode, io, zeroPoint, ...codeRange(spec.to));
  const mean = meanOf(spec.mode, xZeroPoint);
  const sums = new Int32Array(c);
  forEachWindow(spec, (pixel, taps) => {
    sums.fill(0);
    for (let t = 0; t < taps.count; t++) {
      const from = taps.at[t]!;
      for (let i = 0; i < c; i++) sums[i]! += x[from + i]! - xZeroPoint;
    }
    const count = spec.countIncludePad ? kernel[0] * kernel[1] : taps.count;
    for (let i = 0; i < c; i++)
      y[pixel * c + i] = count > 0 ? requantize(mean(sums[i]!, count), count - 1) : zeroPoint;
  });
}

/** What is requantized of the sum of `count` distances from the zero point `zero`. */
function meanOf(mode: RequantizeMode, zero: number): (sum: number, count: number) => number {
  if (!isFixedMode(mode)) return (sum) => sum;
  if (mode === 'shift-floor') return (sum, count) => Math.floor(sum / count);
  return (sum, count) => {
    const total = sum + count * zero;
    const half = Math.floor(count / 2);
    return Math.trunc((total < 0 ? total - half : total + half) / count) - zero;
  };
}

/** Mean of each window of floats. */
export function avgpool(spec: AvgPoolSpec, io: HostIO): void {
  const { c, kernel } = spec;
  const x = floats(io, 'x');
  const y = floats(io, 'y');
  const sums = new Float32Array(c);
  forEachWindow(spec, (pixel, taps) => {
    sums.fill(0);
    for (let t = 0; t < taps.count; t++) {
      const from = taps.at[t]!;
      for (let i = 0; i < c; i++) sums[i]! += x[from + i]!;
    }
    const count = spec.countIncludePad ? kernel[0] * kernel[1] : taps.count;
    for (let i = 0; i < c; i++) y[pixel * c + i] = count > 0 ? sums[i]! / count : 0;
  });
}
