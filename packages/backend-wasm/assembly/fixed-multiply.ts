// An integer times a multiplier of fixed point, multiplier * 2^(shift - 31), in the formulas of core's modes. Numerics 4.4.

@inline
const DOUBLE = 0;
@inline
const SINGLE = 1;

@inline
function saturate(x: i64): i64 {
  return min<i64>(max<i64>(x, i32.MIN_VALUE), i32.MAX_VALUE);
}

/** `mode` is 0 tflite-double, 1 tflite-single or 2 shift-floor; multipliers are not negative. */
@inline
export function fixedMultiply(x: i32, multiplier: i32, shift: i32, mode: i32): i32 {
  if (mode == DOUBLE) {
    const product = saturate(<i64>x << max(shift, 0)) * <i64>multiplier;
    const nudged = product + (x < 0 ? 1 - (<i64>1 << 30) : <i64>1 << 30);
    // A division by 2^31, which cuts toward zero.
    const high = (nudged + ((nudged >> 63) & i32.MAX_VALUE)) >> 31;
    if (shift >= 0) return <i32>high;
    const mask = (<i64>1 << -shift) - 1;
    return <i32>((high >> -shift) + i64((high & mask) > (mask >> 1) + i64(high < 0)));
  }
  const places = 31 - shift;
  const half = mode == SINGLE && places > 0 ? <i64>1 << (places - 1) : 0;
  return <i32>saturate((<i64>x * <i64>multiplier + half) >> places);
}
