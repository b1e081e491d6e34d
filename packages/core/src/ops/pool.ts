import type { CodeType } from '../dtype.ts';
import {
  fixedFactors,
  isFixedMode,
  type RequantizeFactors,
  type RequantizeMode,
} from '../numerics/requantize.ts';
import type { OpDefinition } from './definition.ts';
import { checkMode, factorInputs } from './requantize.ts';
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
 * Mean of each window of codes; the sum is exact, a window of padding alone gives the zero point. NHWC. Numerics 4.13.
 * Float modes: y = requantize(sum of (x - xZeroPoint), multiplier[count - 1]), one multiplier for each count of elements.
 * Fixed modes: the mean is a code of x first, sum of x / count, ties away from zero (shift-floor: rounded down), and
 * y = requantize(mean - xZeroPoint) with one pair for sx / sy; TensorFlow Lite's AVERAGE_POOL_2D where x and y have one scale.
 */
export const qavgpool: OpDefinition<QAvgPoolSpec> = {
  name: 'qavgpool',
  tier: 'integer',
  check(spec) {
    checkWindow('qavgpool', spec);
    checkMode('qavgpool', spec.mode, spec);
  },
  inputs: (spec) => ({
    x: { dtype: spec.dtype, shape: [spec.n, spec.h, spec.w, spec.c] },
    xZeroPoint: { dtype: spec.dtype, shape: [1] },
    ...factorInputs(spec.mode, isFixedMode(spec.mode) ? 1 : spec.kernel[0] * spec.kernel[1]),
    zeroPoint: { dtype: spec.to, shape: [1] },
  }),
  outputs: (spec) => ({ y: { dtype: spec.to, shape: [spec.n, ...windowOutput(spec), spec.c] } }),
};

/** Factors of `qavgpool` for windows of 1 to `count` elements. */
export function averageFactors(
  mode: RequantizeMode,
  xScale: number,
  yScale: number,
  count: number,
): RequantizeFactors {
  if (isFixedMode(mode)) return fixedFactors([xScale / yScale]);
  const counts = Array.from({ length: count }, (_, i) => i + 1);
  return {
    multiplier: Float32Array.from(counts, (n) => Math.fround(xScale) / Math.fround(yScale * n)),
  };
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
