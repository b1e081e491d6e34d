import { codeRange, type RequantizeSpec } from '@halftone/core';
import {
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

type Code = (acc: number, m: number, zero: number, lo: number, hi: number) => number;

function requantizer(code: Code): Mutant['provider'] {
  return mutateOp('requantize', (spec, { x, multiplier, zeroPoint, y }, right) => {
    if (spec.mode !== 'ort-f32') return right();
    const [lo, hi] = spec.clamp ?? codeRange(spec.to);
    const inner =
      spec.axis === undefined ? x.length : spec.shape.slice(spec.axis + 1).reduce((a, b) => a * b, 1);
    for (let i = 0; i < x.length; i++)
      y[i] = code(x[i], multiplier[Math.floor(i / inner) % multiplier.length], zeroPoint[0], lo, hi);
  });
}

const swapped = { 'tflite-double': 'tflite-single', 'tflite-single': 'tflite-double' } as const;

function mode(change: (mode: RequantizeSpec['mode']) => RequantizeSpec['mode']): Mutant['provider'] {
  return respec('requantize', (spec) => ({ ...spec, mode: change(spec.mode) }));
}

export const requantizeMutants: readonly Mutant[] = [
  {
    name: 'requantize-half-up',
    bug: 'floor(x + 0.5)',
    breaks: ['requantize'],
    provider: requantizer((acc, m, zero, lo, hi) => clamp(halfUp(fround(fround(acc) * m)) + zero, lo, hi)),
  },
  {
    name: 'requantize-half-away',
    bug: "C's round()",
    breaks: ['requantize'],
    provider: requantizer((acc, m, zero, lo, hi) => clamp(halfAway(fround(fround(acc) * m)) + zero, lo, hi)),
  },
  {
    name: 'requantize-in-f64',
    bug: 'multiplies in double precision',
    breaks: ['requantize'],
    provider: requantizer((acc, m, zero, lo, hi) => clamp(halfEven(acc * m) + zero, lo, hi)),
  },
  {
    name: 'requantize-accumulator-not-rounded',
    bug: 'rounds the product once, and not the accumulator before it',
    breaks: ['requantize'],
    provider: requantizer((acc, m, zero, lo, hi) => clamp(halfEven(fround(acc * m)) + zero, lo, hi)),
  },
  {
    name: 'requantize-zero-point-before-rounding',
    bug: 'round(t + zeroPoint)',
    breaks: ['requantize'],
    provider: requantizer((acc, m, zero, lo, hi) =>
      clamp(halfEven(fround(fround(fround(acc) * m) + zero)), lo, hi),
    ),
  },
  {
    name: 'requantize-overflow',
    bug: 'converts to int32 before it saturates: 2^31 and more become INT_MIN',
    breaks: ['requantize'],
    provider: requantizer((acc, m, zero, lo, hi) => {
      const t = halfEven(fround(fround(acc) * m));
      return clamp((Math.abs(t) < 2147483648 ? t : -2147483648) + zero, lo, hi);
    }),
  },
  {
    name: 'requantize-wrong-zero-point-sign',
    bug: 'takes the zero point away',
    breaks: ['requantize'],
    provider: requantizer((acc, m, zero, lo, hi) => clamp(halfEven(fround(fround(acc) * m)) - zero, lo, hi)),
  },
  {
    name: 'requantize-clamp-forgotten',
    bug: 'saturates to the dtype and not to the fused activation',
    breaks: ['requantize'],
    provider: respec('requantize', ({ clamp: _clamp, ...spec }) => spec),
  },
  {
    name: 'requantize-clamp-before-zero-point',
    bug: 'applies the activation to the code without its zero point',
    breaks: ['requantize'],
    provider: requantizer((acc, m, zero, lo, hi) => clamp(halfEven(fround(fround(acc) * m)), lo, hi) + zero),
  },
  {
    name: 'requantize-one-multiplier',
    bug: 'reads per-channel multipliers as one',
    breaks: ['requantize'],
    provider: reoperand('requantize', ({ multiplier }) => void multiplier.fill(multiplier[0] ?? 1)),
  },
  {
    name: 'double-rounding-is-single',
    bug: 'one rounding for both shifts of gemmlowp',
    breaks: ['requantize'],
    provider: mode((m) => (m === 'tflite-double' ? swapped[m] : m)),
  },
  {
    name: 'single-rounding-is-double',
    bug: "gemmlowp's two roundings where one is asked for",
    breaks: ['requantize'],
    provider: mode((m) => (m === 'tflite-single' ? swapped[m] : m)),
  },
  {
    name: 'floor-is-rounded',
    bug: 'a rounding shift where the plain one is asked for',
    breaks: ['requantize'],
    provider: mode((m) => (m === 'shift-floor' ? 'tflite-single' : m)),
  },
  {
    name: 'onnx-ref-is-ort',
    bug: "ONNX Runtime's arithmetic where the reference evaluator's is asked for",
    breaks: ['requantize'],
    provider: mode((m) => (m === 'onnx-ref' ? 'ort-f32' : m)),
  },
];
