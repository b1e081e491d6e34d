import { codeRange } from '@halftone/core';
import {
  type Arrays,
  clamp,
  fround,
  halfAway,
  halfEven,
  halfUp,
  type Mutant,
  mutateOp,
  reoperand,
  respec,
} from './mutate.ts';

type Code = (x: number, scale: number, zeroPoint: number, lo: number, hi: number) => number;

/** Quantizes by another formula, with the parameters in their right places. */
function quantizer(code: Code): Mutant['provider'] {
  return mutateOp('quantize', (spec, arrays, right) => {
    const { x, scale, zeroPoint, y } = arrays;
    if (spec.block !== undefined) return right();
    const [lo, hi] = codeRange(spec.to);
    const inner =
      spec.axis === undefined ? x.length : spec.shape.slice(spec.axis + 1).reduce((a, b) => a * b, 1);
    for (let i = 0; i < x.length; i++) {
      const p = Math.floor(i / inner) % scale.length;
      y[i] = code(x[i], scale[p], zeroPoint[p], lo, hi);
    }
  });
}

const rounded =
  (round: (x: number) => number): Code =>
  (x, scale, zero, lo, hi) =>
    clamp(round(fround(x / scale)) + zero, lo, hi);

/** Another axis of the same extent, or the next one. */
function otherAxis<S extends { readonly shape: readonly number[]; readonly axis?: number }>(spec: S): S {
  if (spec.axis === undefined) return spec;
  const other = spec.shape.findIndex(
    (extent, axis) => axis !== spec.axis && extent === spec.shape[spec.axis!],
  );
  return other < 0 ? spec : { ...spec, axis: other };
}

function shiftParameters({ scale, zeroPoint }: Arrays): void {
  for (const list of [scale, zeroPoint])
    if (list) for (let i = list.length - 1; i > 0; i--) [list[i], list[i - 1]] = [list[i - 1], list[i]];
}

function firstAlone({ scale }: Arrays): void {
  scale.fill(scale[0] ?? 1);
}

export const quantizeMutants: readonly Mutant[] = [
  {
    name: 'round-half-up',
    bug: 'floor(x + 0.5)',
    breaks: ['quantize'],
    provider: quantizer(rounded(halfUp)),
  },
  {
    name: 'round-half-away',
    bug: "C's round()",
    breaks: ['quantize'],
    provider: quantizer(rounded(halfAway)),
  },
  {
    name: 'truncation',
    bug: 'a cast to int',
    breaks: ['quantize'],
    provider: quantizer(rounded(Math.trunc)),
  },
  {
    name: 'floor',
    bug: 'an arithmetic shift instead of a rounding one',
    breaks: ['quantize'],
    provider: quantizer(rounded(Math.floor)),
  },
  {
    name: 'reciprocal',
    bug: 'multiplies by 1 / scale, since a division is slow',
    breaks: ['quantize'],
    provider: quantizer((x, scale, zero, lo, hi) =>
      clamp(halfEven(fround(x * fround(1 / scale))) + zero, lo, hi),
    ),
  },
  {
    name: 'division-in-f64',
    bug: 'divides in double precision and rounds once',
    breaks: ['quantize'],
    provider: quantizer((x, scale, zero, lo, hi) => clamp(halfEven(x / scale) + zero, lo, hi)),
  },
  {
    name: 'zero-point-before-rounding',
    bug: 'round(x / scale + zeroPoint)',
    breaks: ['quantize'],
    provider: quantizer((x, scale, zero, lo, hi) =>
      clamp(halfEven(fround(fround(x / scale) + zero)), lo, hi),
    ),
  },
  {
    name: 'zero-point-after-clamp',
    bug: 'saturates to the codes before the zero point is added, which then wraps',
    breaks: ['quantize'],
    provider: quantizer((x, scale, zero, lo, hi) => clamp(halfEven(fround(x / scale)), lo, hi) + zero),
  },
  {
    name: 'nan-to-zero',
    bug: 'NaN becomes the zero point, as an integer conversion of some processors has it',
    breaks: ['quantize'],
    provider: quantizer((x, scale, zero, lo, hi) =>
      Number.isNaN(x) ? zero : rounded(halfEven)(x, scale, zero, lo, hi),
    ),
  },
  {
    name: 'int32-overflow',
    bug: 'converts to int32 before it saturates: 2^31 and more become INT_MIN, as on x86',
    breaks: ['quantize'],
    provider: quantizer((x, scale, zero, lo, hi) => {
      const t = halfEven(fround(x / scale));
      const int = Math.abs(t) < 2147483648 ? t : -2147483648;
      return clamp(int + zero, lo, hi);
    }),
  },
  {
    name: 'quantize-wrong-axis',
    bug: 'takes the parameters along another axis of the same length',
    breaks: ['quantize'],
    provider: respec('quantize', otherAxis),
  },
  {
    name: 'quantize-off-by-one-channel',
    bug: 'the parameters of the next channel',
    breaks: ['quantize'],
    provider: reoperand('quantize', shiftParameters),
  },
  {
    name: 'dequantize-first-scale-alone',
    bug: 'per-channel parameters read as per-tensor',
    breaks: ['dequantize'],
    provider: reoperand('dequantize', firstAlone),
  },
  {
    name: 'dequantize-wrong-axis',
    bug: 'takes the parameters along another axis of the same length',
    breaks: ['dequantize'],
    provider: respec('dequantize', otherAxis),
  },
  {
    name: 'dequantize-zero-point-added',
    bug: 'scale * (code + zeroPoint)',
    breaks: ['dequantize'],
    provider: mutateOp('dequantize', ({ axis, block, from }, { x, scale, zeroPoint, y }, right) => {
      if (axis !== undefined || block !== undefined || from === 'int32') return right();
      for (let i = 0; i < x.length; i++) y[i] = fround(x[i] + zeroPoint[0]) * scale[0];
    }),
  },
  {
    name: 'dequantize-distributed',
    bug: 'scale * code - scale * zeroPoint, each rounded',
    breaks: ['dequantize'],
    provider: mutateOp('dequantize', ({ axis, block, from }, { x, scale, zeroPoint, y }, right) => {
      if (axis !== undefined || block !== undefined || from === 'int32') return right();
      for (let i = 0; i < x.length; i++) y[i] = fround(x[i] * scale[0]) - fround(zeroPoint[0] * scale[0]);
    }),
  },
  {
    name: 'dequantize-int32-rounds-once',
    bug: 'multiplies an int32 code in double precision and rounds once',
    breaks: ['dequantize'],
    provider: mutateOp('dequantize', ({ axis, block, from }, { x, scale, y }, right) => {
      if (axis !== undefined || block !== undefined || from !== 'int32') return right();
      for (let i = 0; i < x.length; i++) y[i] = x[i] * scale[0];
    }),
  },
  {
    name: 'dynamic-in-f64',
    bug: 'derives the scale and the zero point in double precision',
    breaks: ['dynamicQuantize'],
    provider: mutateOp('dynamicQuantize', (_spec, { x, y, scale, zeroPoint }, right) => {
      right();
      let [min, max] = [0, 0];
      for (const v of x) [min, max] = [Math.min(min, v), Math.max(max, v)];
      if (max === min || x.length === 0) return;
      const step = (max - min) / 255;
      const zero = clamp(halfEven(-min / step), 0, 255);
      scale[0] = step;
      zeroPoint[0] = zero;
      for (let i = 0; i < x.length; i++) y[i] = clamp(halfEven(fround(x[i] / fround(step))) + zero, 0, 255);
    }),
  },
  {
    name: 'dynamic-without-zero',
    bug: 'takes the range of the data as it is, without the real 0',
    breaks: ['dynamicQuantize'],
    provider: mutateOp('dynamicQuantize', (_spec, { x, y, scale, zeroPoint }, right) => {
      right();
      let [min, max] = [Infinity, -Infinity];
      for (const v of x) [min, max] = [Math.min(min, v), Math.max(max, v)];
      if (!(max > min)) return;
      const step = fround(fround(max - min) / 255);
      const zero = clamp(halfEven(fround(-min / step)), 0, 255);
      scale[0] = step;
      zeroPoint[0] = zero;
      for (let i = 0; i < x.length; i++) y[i] = clamp(halfEven(fround(x[i] / step)) + zero, 0, 255);
    }),
  },
];
