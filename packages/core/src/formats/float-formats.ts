// IEEE 754-2019 3.6 (float16); bfloat16; OCP OFP8 (e4m3fn, e5m2), OCP MX (e2m1); Graphcore and AMD (fnuz). Numerics 4.10.
import type { MiniFloat } from './minifloat.ts';

/** Names of the formats that have sign, exponent and fraction. */
export type MiniFloatName =
  | 'float16'
  | 'bfloat16'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float4e2m1';

/** Their parameters. */
export const miniFloats: { readonly [F in MiniFloatName]: MiniFloat } = {
  float16: {
    bits: 16,
    exponentBits: 5,
    fractionBits: 10,
    bias: 15,
    maxCode: 0x7bff,
    infinity: 0x7c00,
    nan: 0x7e00,
  },
  bfloat16: {
    bits: 16,
    exponentBits: 8,
    fractionBits: 7,
    bias: 127,
    maxCode: 0x7f7f,
    infinity: 0x7f80,
    nan: 0x7fc0,
  },
  float8e4m3fn: { bits: 8, exponentBits: 4, fractionBits: 3, bias: 7, maxCode: 0x7e, nan: 0x7f },
  float8e4m3fnuz: {
    bits: 8,
    exponentBits: 4,
    fractionBits: 3,
    bias: 8,
    maxCode: 0x7f,
    nan: 0x80,
    unsignedZero: true,
  },
  float8e5m2: {
    bits: 8,
    exponentBits: 5,
    fractionBits: 2,
    bias: 15,
    maxCode: 0x7b,
    infinity: 0x7c,
    nan: 0x7e,
  },
  float8e5m2fnuz: {
    bits: 8,
    exponentBits: 5,
    fractionBits: 2,
    bias: 16,
    maxCode: 0x7f,
    nan: 0x80,
    unsignedZero: true,
  },
  float4e2m1: { bits: 4, exponentBits: 2, fractionBits: 1, bias: 1, maxCode: 0x7 },
};
