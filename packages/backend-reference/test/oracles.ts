// Accumulators of the integer products, by definitions that share nothing with the backend's loops.
import {
  type AccumulatorSpec,
  type CodeType,
  codeRange,
  type QConv2dSpec,
  type QGemmSpec,
  windowOutput,
} from '@halftone/core';
import { int32, type Numbers, random, randomCodes } from './support.ts';

export const plain: AccumulatorSpec = { bias: 'none', output: { type: 'int32' } };

/** All accumulators, by the expanded identity: products, column sums, row sums and zero points apart. */
export function gemmAccumulators(spec: QGemmSpec, d: Readonly<Record<string, Numbers>>): number[] {
  const { batch, m, n, k } = spec;
  const a = (p: number, i: number, l: number): bigint => BigInt(d['a']![(p * m + i) * k + l]!);
  const b = (p: number, l: number, j: number): bigint =>
    BigInt(d['b']![spec.transposeB ? (p * n + j) * k + l : (p * k + l) * n + j]!);
  const za = BigInt(d['aZeroPoint']![0]!);
  return Array.from({ length: batch * m * n }, (_, at) => {
    const [p, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
    const zb = BigInt(d['bZeroPoint']![spec.bZeroPoint === 'per-channel' ? j : 0]!);
    let [products, rows, columns] = [0n, 0n, 0n];
    for (let l = k - 1; l >= 0; l--) {
      products += a(p, i, l) * b(p, l, j);
      rows += a(p, i, l);
      columns += b(p, l, j);
    }
    return int32(products - zb * rows - za * columns + BigInt(k) * za * zb);
  });
}

export function gemmCodes(
  spec: QGemmSpec,
  seed: number,
  zeroPoints?: 'low' | 'high',
): Record<string, Numbers> {
  const next = random(seed);
  const zero = (dtype: CodeType, count: number): Numbers =>
    zeroPoints
      ? new Array<number>(count).fill(codeRange(dtype)[zeroPoints === 'low' ? 0 : 1])
      : randomCodes(next, dtype, count);
  return {
    a: randomCodes(next, spec.a, spec.batch * spec.m * spec.k),
    b: randomCodes(next, spec.b, spec.batch * spec.k * spec.n),
    aZeroPoint: zero(spec.a, 1),
    bZeroPoint: zero(spec.b, spec.bZeroPoint === 'per-channel' ? spec.n : 1),
  };
}

function zeroAt(spec: QConv2dSpec, o: number): number {
  return spec.wZeroPoint === 'per-channel' ? o : 0;
}

/** The accumulator of every output, from the coordinates of each term; the padded image is written out. */
export function convolutionAccumulators(spec: QConv2dSpec, d: Readonly<Record<string, Numbers>>): number[] {
  const [top, left] = spec.pads;
  const [oh, ow] = windowOutput(spec);
  const [kh, kw] = spec.kernel;
  const inside = spec.c / spec.groups;
  const pixel = (n: number, y: number, x: number, c: number): number => {
    const [row, column] = [y - top, x - left];
    const outside = row < 0 || column < 0 || row >= spec.h || column >= spec.w;
    return outside ? d['xZeroPoint']![0]! : d['x']![((n * spec.h + row) * spec.w + column) * spec.c + c]!;
  };
  const result: number[] = [];
  for (let at = 0; at < spec.n * oh * ow * spec.o; at++) {
    const o = at % spec.o;
    const [n, y, x] = [
      Math.floor(at / (spec.o * ow * oh)),
      Math.floor(at / (spec.o * ow)) % oh,
      Math.floor(at / spec.o) % ow,
    ];
    const first = Math.floor(o / (spec.o / spec.groups)) * inside;
    let sum = 0n;
    for (let i = 0; i < inside; i++) {
      for (let b = 0; b < kw; b++) {
        for (let a = 0; a < kh; a++) {
          const v = pixel(
            n,
            y * spec.strides[0] + a * spec.dilations[0],
            x * spec.strides[1] + b * spec.dilations[1],
            first + i,
          );
          const weight = d['w']![((o * kh + a) * kw + b) * inside + i]! - d['wZeroPoint']![zeroAt(spec, o)]!;
          sum += BigInt(v - d['xZeroPoint']![0]!) * BigInt(weight);
        }
      }
    }
    result.push(int32(sum));
  }
  return result;
}

export function convolutionCodes(spec: QConv2dSpec, seed: number): Record<string, Numbers> {
  const next = random(seed);
  return {
    x: randomCodes(next, spec.x, spec.n * spec.h * spec.w * spec.c),
    w: randomCodes(next, spec.weights, (spec.o * spec.kernel[0] * spec.kernel[1] * spec.c) / spec.groups),
    xZeroPoint: randomCodes(next, spec.x, 1),
    wZeroPoint: randomCodes(next, spec.weights, spec.wZeroPoint === 'per-channel' ? spec.o : 1),
  };
}
