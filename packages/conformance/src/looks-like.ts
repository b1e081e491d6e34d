// What the differences of a failed case say of their cause.
import { codeRange, type DType, isExactOp, type WindowSpec } from '@halftone/core';
import type { Case } from './case.ts';
import { type Mismatch, placeOf } from './compare.ts';
import { resultsOf } from './operands.ts';

type Signature = (item: Case, mismatch: Mismatch) => string | undefined;

/** True where the wrong elements are the last of an axis, and nearly all of these are wrong. */
function onlyInTail({ indices, shape, wrong, count }: Mismatch, axis: number): boolean {
  const extent = shape[axis]!;
  const first = Math.min(...indices.map((index) => placeOf(index, shape)[axis]!));
  return first > 0 && extent > 4 && wrong >= 0.8 * count * ((extent - first) / extent);
}

const share = ({ wrong, count }: Mismatch): number => wrong / count;

function steps({ differences }: Mismatch): number[] {
  return differences.map(([difference]) => difference);
}

/** The dtype of the result that is wrong. */
function dtypeOf(item: Case, { output }: Mismatch): DType {
  return resultsOf(item)[output]!.dtype;
}

const isCode = (dtype: DType): boolean => ['int8', 'uint8', 'int16', 'uint16'].includes(dtype);
const isProduct = ({ op }: Case): boolean => op === 'qgemm' || op === 'qconv2d';
const isMove = ({ op }: Case): boolean =>
  ['transpose', 'slice', 'concat', 'gather', 'pad', 'expand', 'where'].includes(op);
/** True where a case is there for its ties. */
const hasTies = ({ id }: Case): boolean => /\/(?:\w+-)*(?:ties|telling)/.test(id);

/** True where every wrong pixel is made of padding too, and others are not. */
function onlyAtPadding(item: Case, { indices, shape }: Mismatch): boolean {
  if (!('pads' in item.spec) || shape.length !== 4 || item.op === 'convTranspose2d') return false;
  const { pads, strides, dilations, kernel, h, w } = item.spec as WindowSpec;
  const leaves = (at: number, axis: 0 | 1): boolean => {
    const first = at * strides[axis] - pads[axis]!;
    return first < 0 || first + (kernel[axis] - 1) * dilations[axis] >= (axis === 0 ? h : w);
  };
  const touches = (row: number, column: number): boolean => leaves(row, 0) || leaves(column, 1);
  const [, rows = 0, columns = 0] = shape;
  const inner = touches(Math.floor(rows / 2), Math.floor(columns / 2));
  return !inner && indices.every((index) => touches(placeOf(index, shape)[1]!, placeOf(index, shape)[2]!));
}

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
  (_, mismatch) =>
    steps(mismatch).every((d) => d === 0) && mismatch.expected === 0
      ? 'the sign of a zero that is lost'
      : undefined,
  (_, mismatch) =>
    mismatch.got === 0 && mismatch.expected !== 0 && Math.abs(mismatch.expected) < 1.2e-38
      ? 'subnormals that are flushed to zero'
      : undefined,
  (_, mismatch) => {
    const [is, shouldBe] = [Number.isNaN(mismatch.got), Number.isNaN(mismatch.expected)];
    if (is && !shouldBe)
      return 'NaN from memory that was not written, or from a term that should be left out';
    return shouldBe && !is
      ? 'NaN that is lost in a comparison, a clamp or a term that is left out'
      : undefined;
  },
  (item) => (isMove(item) ? 'elements that are moved through another type, or to another place' : undefined),
  (item, mismatch) =>
    onlyAtPadding(item, mismatch)
      ? 'padding: its value, the side it is on, or whether a mean counts it'
      : undefined,
  (item, mismatch) => {
    const dtype = dtypeOf(item, mismatch);
    const differences = steps(mismatch);
    if (!isCode(dtype) || !differences.every((d) => Math.abs(d) === 1)) return undefined;
    if (
      !hasTies(item) &&
      differences.every((d) => d === 1) &&
      mismatch.expected === codeRange(dtype as 'int8')[0]
    )
      return 'a range of codes without the lowest one';
    if (hasTies(item))
      return 'another rounding of ties or of the product, or the zero point added before rounding';
    return 'truncation or floor where the nearest code is right, or one rounding more or less';
  },
  ({ op }, mismatch) => {
    if (op === 'topK')
      return 'equal elements in another order, NaN below numbers, or elements read as the other sign';
    if (op !== 'bgemm') return undefined;
    return steps(mismatch).every((d) => d % 512 === 0)
      ? 'counts of bits that wrap at 8 or 16 bits'
      : 'the tail of K: words that are left out, or bits behind the last sign of a row that are counted';
  },
  (item, mismatch) => {
    const differences = steps(mismatch);
    if (isExactOp(item.op) && dtypeOf(item, mismatch) === 'int32') {
      if (differences.every((d) => d % 65536 === 0)) return 'products or pair sums that wrap at 16 bits';
      if (differences.every((d) => d % 256 === 0))
        return 'the wrong sign of 8-bit codes, or their differences in 8 bits: what is off are multiples of 256';
    }
    return undefined;
  },
  (item, mismatch) => {
    if (!isProduct(item) || dtypeOf(item, mismatch) !== 'int32') return undefined;
    const differences = steps(mismatch);
    if (differences.length === 1 && share(mismatch) === 1 && mismatch.count > 1)
      return 'a zero point that is left out, added twice or taken with the wrong sign: every sum is off by one number';
    if (differences.every((d) => Math.abs(d) < 64))
      return Math.abs(mismatch.expected) > 16777216
        ? 'sums in float32, which has 24 bits: they are exact int32 sums, modulo 2^32'
        : 'pair sums that saturate at 16 bits (vpmaddubsw), or zero points that are taken out in float32';
    if ([2147483647, -2147483648].includes(mismatch.got))
      return 'sums that saturate at 32 bits: they are exact modulo 2^32; or results that were never written';
    return 'products or zero points of some terms: a tail of K, pair sums that saturate at 16 bits (vpmaddubsw), another row';
  },
  (item, mismatch) =>
    isProduct(item) && isCode(dtypeOf(item, mismatch))
      ? 'the way from sums to codes: bias, multiplier of the channel, clamp in float, zero point, in this order'
      : undefined,
  (item, mismatch) => {
    if (isExactOp(item.op)) return undefined;
    const relative = Math.abs((mismatch.got - mismatch.expected) / mismatch.expected);
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
