import { HalftoneError } from '../errors.ts';
import { powerOfTwo } from './power-of-two.ts';
import { type Rounding, rounder } from './round.ts';

/** An integer type of `bits` bits whose codes count steps of 2^-fractionBits. */
export interface FixedPointFormat {
  /** Bits of a code, the sign included: 1 to 32. */
  readonly bits: number;
  /** Bits after the binary point, the n of Qm.n; negative for steps above 1. From -1023 to 1022. */
  readonly fractionBits: number;
  /** Two's complement, the top bit weighing -2^(bits - 1); default true. */
  readonly signed?: boolean | undefined;
}

/** A code and the real that it stands for. */
export interface CodeValue {
  readonly code: number;
  readonly value: number;
}

/** Tables are for reading; a wider format has too many rows. */
const MAX_TABLE_BITS = 16;

/** The real step of a format, 2^-fractionBits. Throws HT_INVALID_ARGUMENT for a bad format. */
function fixedPointStep(format: FixedPointFormat): number {
  const { fractionBits } = format;
  integerCodes(format);
  if (!Number.isInteger(fractionBits) || Math.abs(fractionBits + 0.5) > 1023) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `fractionBits ${fractionBits}: an integer from -1023 to 1022 is needed`,
      { fractionBits },
    );
  }
  return powerOfTwo(-fractionBits);
}

/** Smallest and largest code of an integer type. Throws HT_INVALID_ARGUMENT for bits that are no integer from 1 to 32. */
export function integerCodes(format: {
  readonly bits: number;
  readonly signed?: boolean | undefined;
}): readonly [min: number, max: number] {
  const { bits, signed = true } = format;
  if (!Number.isInteger(bits) || bits < 1 || bits > 32) {
    throw new HalftoneError('HT_INVALID_ARGUMENT', `bits ${bits}: an integer from 1 to 32 is needed`, {
      bits,
    });
  }
  return signed ? [-powerOfTwo(bits - 1), powerOfTwo(bits - 1) - 1] : [0, powerOfTwo(bits) - 1];
}

/**
 * The code of a real number: `saturate(round(x * 2^fractionBits))`, ties to even unless told. NaN becomes the lowest
 * code. Throws HT_INVALID_ARGUMENT for a bad format and an unknown rounding.
 */
export function quantize(
  x: number,
  format: FixedPointFormat & { readonly rounding?: Rounding | undefined },
): number {
  const [min, max] = integerCodes(format);
  // The inverse of a step is exact too, but may be subnormal; a quotient by a power of two is always rounded once.
  const t = x / fixedPointStep(format);
  const code = rounder(format.rounding ?? 'half-even')(t > min ? (t < max ? t : max) : min);
  return code === 0 ? 0 : code;
}

/** The real that a code stands for, `code * 2^-fractionBits`. Throws HT_INVALID_ARGUMENT for what is no code. */
export function dequantize(code: number, format: FixedPointFormat): number {
  requireCode(code, integerCodes(format));
  return code * fixedPointStep(format);
}

/** Every code in ascending order with its value. Throws HT_INVALID_ARGUMENT for more than 16 bits. */
export function table(format: FixedPointFormat): CodeValue[] {
  const step = fixedPointStep(format);
  return codeTable(format, (code) => code * step);
}

/** Every code of an integer type with the value that `value` gives it. Throws HT_INVALID_ARGUMENT for more than 16 bits. */
export function codeTable(
  format: { readonly bits: number; readonly signed?: boolean | undefined },
  value: (code: number) => number,
): CodeValue[] {
  const [min, max] = integerCodes(format);
  if (format.bits > MAX_TABLE_BITS) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `a table of ${format.bits} bits is too long; at most ${MAX_TABLE_BITS} are shown`,
      { bits: format.bits },
    );
  }
  return Array.from({ length: max - min + 1 }, (_, i) => ({ code: min + i, value: value(min + i) }));
}

/** Throws HT_INVALID_ARGUMENT where `code` is no integer of the range. */
export function requireCode(code: number, [min, max]: readonly [min: number, max: number]): void {
  if (Number.isInteger(code) && code >= min && code <= max) return;
  throw new HalftoneError('HT_INVALID_ARGUMENT', `code ${code}: an integer from ${min} to ${max} is needed`, {
    code,
  });
}
