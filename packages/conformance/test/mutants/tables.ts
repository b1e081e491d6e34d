import { codeRange } from '@halftone/core';
import { clamp, fround, halfEven, type Mutant, mutateOp, reoperand, respec, spoil } from './mutate.ts';

type Sum = (
  a: number,
  b: number,
  factors: readonly [ra: number, rb: number, c0: number],
  zero: number,
) => number;

/** Adds by another formula in mode ort-x86, over every pair where the shapes are a column and a row. */
function everySum(sum: Sum): Mutant['provider'] {
  return mutateOp('qadd', (spec, { a, b, factors, y }, right) => {
    const column = spec.aShape.length === 2 && spec.aShape[1] === 1 && spec.bShape.length === 1;
    if (spec.mode !== 'ort-x86' || (!column && a.length !== b.length)) return right();
    const [lo, hi] = spec.clamp ?? codeRange(spec.dtype);
    // The zero point of the cases of all pairs: two above the middle, where it is not an end.
    const zero = spec.dtype === 'int8' ? 2 : 130;
    for (let i = 0; i < y.length; i++) {
      const [p, q] = column ? [Math.floor(i / b.length), i % b.length] : [i, i];
      y[i] = clamp(sum(a[p], b[q], factors, zero), lo, hi);
    }
  });
}

export const tableMutants: readonly Mutant[] = [
  {
    name: 'table-of-int8-from-0',
    bug: 'indexes a table of int8 by the byte',
    breaks: ['lut256'],
    provider: mutateOp('lut256', (_spec, { x, table, y }) => {
      for (let i = 0; i < x.length; i++) y[i] = table[x[i] & 255];
    }),
  },
  {
    name: 'table-tail-of-32',
    bug: 'codes by thirty-twos, the rest forgotten past the first',
    breaks: ['lut256'],
    provider: spoil('lut256', ({ y }) => {
      if (y.length > 32) y.fill(0, y.length - (y.length % 32));
    }),
  },
  {
    name: 'add-wraps',
    bug: 'sums that wrap at 8 bits',
    breaks: ['qadd'],
    provider: spoil('qadd', ({ y }, { dtype, clamp: range }) => {
      if (range) return;
      const [lo, hi] = codeRange(dtype);
      for (let i = 0; i < y.length; i++) if (y[i] === hi) y[i] = lo;
    }),
  },
  {
    name: 'mul-without-zero-points',
    bug: 'multiplies the codes as they are',
    breaks: ['qmul'],
    provider: reoperand('qmul', ({ factors }, { mode }) => {
      if (mode === 'ort-x86') {
        factors[0] = 0;
        factors[1] = 0;
      }
    }),
  },
  {
    name: 'softmax-table-off',
    bug: 'a table whose entries are one too small',
    breaks: ['qsoftmax'],
    provider: reoperand('qsoftmax', ({ table }) => {
      for (let i = 1; i < 256; i++) table[i] = Math.max(0, table[i] - 4096);
    }),
  },
  {
    name: 'softmax-along-the-wrong-axis',
    bug: 'takes [outer, extent, inner] as [outer, inner, extent]',
    breaks: ['qsoftmax'],
    provider: respec('qsoftmax', (spec) => ({ ...spec, extent: spec.inner, inner: spec.extent })),
  },
  {
    name: 'add-decomposed-in-one-rounding',
    bug: 'adds the two reals without rounding each',
    breaks: ['qadd'],
    provider: mutateOp('qadd', (spec, { a, b, factors, y }, right) => {
      if (spec.mode !== 'decomposed' || a.length !== b.length) return right();
      const [sa, za, sb, zb, sy, zy] = factors;
      const [lo, hi] = spec.clamp ?? codeRange(spec.dtype);
      for (let i = 0; i < a.length; i++)
        y[i] = clamp(halfEven(((a[i] - za) * sa + (b[i] - zb) * sb) / sy) + zy, lo, hi);
    }),
  },
  {
    name: 'add-zero-point-after-rounding',
    bug: 'rounds the sum, then adds the zero point',
    breaks: ['qadd'],
    provider: everySum(
      (a, b, [ra, rb, c0], zero) =>
        halfEven(fround(fround(fround(c0 - zero) + fround(a * ra)) + fround(b * rb))) + zero,
    ),
  },
  {
    name: 'add-fused',
    bug: 'a contracted multiply-add in the sum of two quantized tensors',
    breaks: ['qadd'],
    provider: everySum((a, b, [ra, rb, c0]) => halfEven(fround(a * ra + fround(b * rb + c0)))),
  },
];
