// What the differences of a failed case say of their cause.
import { catalogue } from '@halftone/core';
import type { Case } from './case.ts';
import { type Mismatch, placeOf } from './compare.ts';

type Signature = (item: Case, mismatch: Mismatch) => string | undefined;

/** True where every wrong element is among the last `width` of an axis that has more. */
function onlyInTail({ indices, shape }: Mismatch, axis: number): boolean {
  const extent = shape[axis]!;
  const first = Math.min(...indices.map((index) => placeOf(index, shape)[axis]!));
  return extent > 4 && first >= extent - (extent % 4 || 4) && first > 0;
}

const share = ({ wrong, count }: Mismatch): number => wrong / count;

function steps({ differences }: Mismatch): number[] {
  return differences.map(([difference]) => difference);
}

const isFloatOp = (item: Case): boolean => catalogue[item.op].tier === 'float';

/** The fused activation of a spec, of the op itself or of its way out. */
function clampOf(item: Case): readonly [number, number] | undefined {
  const { clamp, output } = item.spec as {
    readonly clamp?: readonly [number, number];
    readonly output?: { readonly clamp?: readonly [number, number] };
  };
  return clamp ?? output?.clamp;
}

/** In order: the first that fits is said. */
const signatures: readonly Signature[] = [
  (item, { got }) => {
    const clamp = clampOf(item);
    return clamp && (got < clamp[0] || got > clamp[1])
      ? `the fused clamp [${clamp.join(', ')}] left out: results lie outside`
      : undefined;
  },
  (item, mismatch) =>
    item.op === 'lut256' && (item.spec as { from: string }).from === 'int8' && share(mismatch) > 0.9
      ? 'a table of int8 codes that is indexed by the byte: it begins with the code -128'
      : undefined,
  (_, mismatch) =>
    mismatch.wrong === mismatch.count && mismatch.count > 8 && Number.isNaN(mismatch.got)
      ? 'results that were never written, or NaN from an operand that was read past its end'
      : undefined,
  (_, mismatch) =>
    mismatch.count > 8 &&
    share(mismatch) < 0.5 &&
    mismatch.shape.some((_extent, axis) => onlyInTail(mismatch, axis))
      ? `a forgotten tail: only the last elements of an axis of [${mismatch.shape.join(', ')}] are wrong`
      : undefined,
  (item, mismatch) => {
    if (isFloatOp(item) || item.op === 'dequantize') return undefined;
    const differences = steps(mismatch);
    if (differences.every((d) => Math.abs(d) === 1) && share(mismatch) < 0.7) {
      if (differences.every((d) => d === 1))
        return 'halves rounded up, or away from zero, where ties go to even';
      if (differences.every((d) => d === -1))
        return 'truncation or floor where the nearest code is right, or a sum that lost bits in float32';
      return 'another rounding: ties to even after the f32 product, then the zero point';
    }
    return undefined;
  },
  (_, mismatch) => {
    const differences = steps(mismatch).map(Math.abs);
    return differences.length > 0 && differences.every((d) => d % 256 === 0)
      ? 'the wrong sign of 8-bit codes: the differences are multiples of 256'
      : undefined;
  },
  (item, mismatch) => {
    const k = 'k' in item.spec ? (item.spec as { k: number }).k : 0;
    return item.op === 'qgemm' && k > 1 && steps(mismatch).length === 1 && share(mismatch) === 1
      ? 'a zero point that is left out, added twice or taken with the wrong sign: every sum is off by one number'
      : undefined;
  },
  (item, mismatch) =>
    (item.op === 'qgemm' || item.op === 'qconv2d') &&
    steps(mismatch).every((d) => Math.abs(d) < 64) &&
    Math.abs(mismatch.expected) > 16777216
      ? 'sums in float32, which has 24 bits: they are exact int32 sums, modulo 2^32'
      : undefined,
  (item, mismatch) =>
    (item.op === 'qgemm' || item.op === 'qconv2d') && Math.abs(mismatch.got) < Math.abs(mismatch.expected)
      ? 'pair sums that saturate at 16 bits (vpmaddubsw), or a term that is left out'
      : undefined,
  (item, mismatch) => {
    if (!isFloatOp(item)) return undefined;
    const relative = Math.abs((mismatch.got - mismatch.expected) / mismatch.expected);
    if (mismatch.got === 0 && Math.abs(mismatch.expected) < 1.2e-38)
      return 'subnormals that are flushed to zero';
    return relative < 1e-5
      ? 'a contracted multiply-add, another order of the sums, or a function that is off by one ulp'
      : undefined;
  },
  (item, mismatch) =>
    'axis' in item.spec && share(mismatch) > 0.3 ? 'parameters taken along the wrong axis' : undefined,
];

/** The mistake whose traces a mismatch carries; undefined where it could be anything. */
export function looksLike(item: Case, mismatch: Mismatch | undefined): string | undefined {
  if (mismatch === undefined) return undefined;
  for (const signature of signatures) {
    const said = signature(item, mismatch);
    if (said !== undefined) return said;
  }
  return undefined;
}
