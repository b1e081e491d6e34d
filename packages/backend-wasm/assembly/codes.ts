// How floats become codes: clamped as floats, rounded half to even, then their zero point is added. NaN is the lowest code.

/** 1.5 * 2^23: floats of this size are whole, so that adding it rounds, half to even, and leaves the integer in the low bits. */
@inline const ROUNDER: f32 = 12582912;

/** Four floats as integers within [lo, hi], which are below 2^22. */
@inline
export function wholeOf(t: v128, lo: v128, hi: v128): v128 {
  const rounded = f32x4.add(f32x4.pmin(hi, f32x4.pmax(lo, t)), f32x4.splat(ROUNDER));
  return i32x4.sub(rounded, i32x4.splat(reinterpret<i32>(ROUNDER)));
}

/** Sixteen integers that are codes of this signedness, as bytes. */
@inline
export function pack16(a: v128, b: v128, c: v128, d: v128, signed: bool): v128 {
  const low = i16x8.narrow_i32x4_s(a, b), high = i16x8.narrow_i32x4_s(c, d);
  return signed ? i8x16.narrow_i16x8_s(low, high) : i8x16.narrow_i16x8_u(low, high);
}

/** One float as a code. */
@inline
export function codeOf(t: f32, lo: f32, hi: f32, zero: i32): i32 {
  const clamped: f32 = t > lo ? (t < hi ? t : hi) : lo;
  return <i32>nearest<f32>(clamped) + zero;
}

/** The code at an address. */
@inline
export function load8(at: usize, signed: bool): i32 {
  return signed ? <i32>load<i8>(at) : <i32>load<u8>(at);
}

/** Four codes as integers. */
@inline
export function load4(at: usize, signed: bool): v128 {
  const bytes = v128.load32_zero(at);
  return signed
    ? i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(bytes))
    : i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
}

/** The sum of four integers. */
@inline
export function sumOf(v: v128): i32 {
  const pairs = i32x4.add(v, i64x2.shuffle(v, v, 1, 0));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}
