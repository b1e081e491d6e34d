import { HalftoneError } from '../errors.ts';
import { type CodeValue, codeTable, integerCodes, requireCode } from './qmn.ts';
import { type Rounding, roundHalfEven, rounder } from './round.ts';

/** Integers read as `y = slope * code + bias`, both real: "slope and bias". */
export interface SlopeBiasFormat {
  /** Bits of a code, the sign included: 1 to 32. */
  readonly bits: number;
  /** Default true. */
  readonly signed?: boolean | undefined;
  /** The step; finite and > 0. */
  readonly slope: number;
  /** The real of code 0; finite. */
  readonly bias: number;
}

/**
 * Codes whose real zero lies anywhere: `y = slope * code + bias`, in f64. Unlike the zero point of ONNX, which is a
 * code, the bias is a real number; `zeroPoint` says whether a format can be written in both ways.
 */
export const slopeBias: {
  readonly quantize: typeof quantize;
  readonly dequantize: typeof dequantize;
  readonly table: typeof table;
  readonly zeroPoint: typeof zeroPoint;
} = Object.freeze({ quantize, dequantize, table, zeroPoint });

/**
 * `saturate(round((y - bias) / slope))`, ties to even unless told; NaN becomes the lowest code.
 * Throws HT_INVALID_ARGUMENT for a bad format and an unknown rounding.
 */
function quantize(y: number, format: SlopeBiasFormat & { readonly rounding?: Rounding | undefined }): number {
  const [min, max] = check(format);
  const t = (y - format.bias) / format.slope;
  const code = rounder(format.rounding ?? 'half-even')(t > min ? (t < max ? t : max) : min);
  return code === 0 ? 0 : code;
}

/** `slope * code + bias`. Throws HT_INVALID_ARGUMENT for a bad format and for what is no code of it. */
function dequantize(code: number, format: SlopeBiasFormat): number {
  requireCode(code, check(format));
  return format.slope * code + format.bias;
}

/** Every code in ascending order with its value. Throws HT_INVALID_ARGUMENT for more than 16 bits. */
function table(format: SlopeBiasFormat): CodeValue[] {
  check(format);
  return codeTable(format, (code) => format.slope * code + format.bias);
}

/**
 * The zero point of the same numbers as `slope * (code - zeroPoint)`: -bias / slope where that is one of the codes;
 * undefined where it is not, so that the format is no affine quantization of ONNX. The bias counts as a multiple of the
 * slope where the two are one float32, the type of ONNX scales: 0.3 is 3 * 0.1.
 * Throws HT_INVALID_ARGUMENT for a bad format.
 */
function zeroPoint(format: SlopeBiasFormat): number | undefined {
  const [min, max] = check(format);
  const zero = roundHalfEven(-format.bias / format.slope) + 0;
  const same = Math.fround(zero * format.slope) === Math.fround(-format.bias);
  return same && zero >= min && zero <= max ? zero : undefined;
}

function check(format: SlopeBiasFormat): readonly [min: number, max: number] {
  const { slope, bias } = format;
  if (!(slope > 0 && slope < Infinity && Number.isFinite(bias))) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `slope ${slope} and bias ${bias}: finite numbers are needed, the slope > 0`,
      { slope, bias },
    );
  }
  return integerCodes(format);
}
