import type { CodeType } from '../dtype.ts';
import type { RequantizeMode } from '../numerics/requantize.ts';
import type { OpDefinition } from './definition.ts';
import { checkWindow, type WindowSpec, windowOutput } from './window.ts';

export interface QMaxPoolSpec extends WindowSpec {
  readonly dtype: CodeType;
}

/** Largest code of each window; padding never wins, a window of padding alone gives the lowest code. NHWC. */
export const qmaxpool: OpDefinition<QMaxPoolSpec> = {
  name: 'qmaxpool',
  tier: 'integer',
  check: (spec) => checkWindow('qmaxpool', spec),
  inputs: (spec) => ({ x: { dtype: spec.dtype, shape: [spec.n, spec.h, spec.w, spec.c] } }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: [spec.n, ...windowOutput(spec), spec.c] } }),
};

export interface QAvgPoolSpec extends WindowSpec {
  readonly dtype: CodeType;
  readonly to: CodeType;
  readonly mode: RequantizeMode;
  /** Padding counts as zeros of the average, else it is left out of it. */
  readonly countIncludePad: boolean;
}

/**
 * Mean of each window: y = requantize(sum of (x - xZeroPoint), multiplier[count - 1]), the sum exact in int32.
 * `multiplier` [kernel h * kernel w] holds fround(sx / fround(sy * count)) for each count of elements;
 * a window of padding alone gives the zero point. NHWC. Numerics 4.13.
 */
export const qavgpool: OpDefinition<QAvgPoolSpec> = {
  name: 'qavgpool',
  tier: 'integer',
  check: (spec) => checkWindow('qavgpool', spec),
  inputs: (spec) => ({
    x: { dtype: spec.dtype, shape: [spec.n, spec.h, spec.w, spec.c] },
    xZeroPoint: { dtype: spec.dtype, shape: [1] },
    multiplier: { dtype: 'float32', shape: [spec.kernel[0] * spec.kernel[1]] },
    zeroPoint: { dtype: spec.to, shape: [1] },
  }),
  outputs: (spec) => ({ y: { dtype: spec.to, shape: [spec.n, ...windowOutput(spec), spec.c] } }),
};

/** Multipliers of `qavgpool` for windows of 1 to `count` elements. */
export function averageMultipliers(xScale: number, yScale: number, count: number): Float32Array {
  const multipliers = new Float32Array(count);
  for (let i = 0; i < count; i++) multipliers[i] = Math.fround(xScale) / Math.fround(yScale * (i + 1));
  return multipliers;
}

/** Largest float of each window; padding never wins; a NaN of the window wins; padding alone gives -Infinity. NHWC. */
export const maxpool: OpDefinition<WindowSpec> = {
  name: 'maxpool',
  tier: 'float',
  check: (spec) => checkWindow('maxpool', spec),
  inputs: (spec) => ({ x: { dtype: 'float32', shape: [spec.n, spec.h, spec.w, spec.c] } }),
  outputs: (spec) => ({ y: { dtype: 'float32', shape: [spec.n, ...windowOutput(spec), spec.c] } }),
};

export interface AvgPoolSpec extends WindowSpec {
  readonly countIncludePad: boolean;
}

/** Mean of each window: the f32 sum in order of rows, then columns, divided by the count; padding alone gives 0. NHWC. */
export const avgpool: OpDefinition<AvgPoolSpec> = {
  name: 'avgpool',
  tier: 'float',
  check: (spec) => checkWindow('avgpool', spec),
  inputs: (spec) => ({ x: { dtype: 'float32', shape: [spec.n, spec.h, spec.w, spec.c] } }),
  outputs: (spec) => ({ y: { dtype: 'float32', shape: [spec.n, ...windowOutput(spec), spec.c] } }),
};
