const f64 = new Float64Array(1);
const words = new Uint32Array(f64.buffer);
const HIGH_WORD = new Uint32Array(Float64Array.of(1).buffer)[1] === 0 ? 0 : 1;
const TWO_54 = 18014398509481984;

/** 2^k for an integer k, exactly; 0 and Infinity where f64 has no such power. */
export function powerOfTwo(k: number): number {
  if (k > 1023) return Infinity;
  if (k < -1022) return k < -1074 ? 0 : powerOfTwo(k + 54) / TWO_54;
  f64[0] = 0;
  words[HIGH_WORD] = (k + 1023) << 20;
  return f64[0];
}

/** The e of 2^e <= |x| < 2^(e + 1), for a finite x other than 0, subnormal ones included. */
export function exponentOf(x: number): number {
  f64[0] = x;
  const field = ((words[HIGH_WORD] as number) >>> 20) & 0x7ff;
  return field === 0 ? exponentOf(x * TWO_54) - 54 : field - 1023;
}
