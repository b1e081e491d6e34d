// Sums modulo 2^32 of products of centred codes. A product is below 2^16, so adding it to an int32 is exact in a number.

/**
 * acc[first + j] += x[at …] · w[row j], for `count` rows of `w` that begin at `wAt`, `wStep` apart.
 * Four rows at a time: each sum waits for its last addition, so one alone leaves the processor idle.
 */
export function addDots(
  x: Int16Array,
  at: number,
  w: Int16Array,
  wAt: number,
  wStep: number,
  length: number,
  acc: Int32Array,
  first: number,
  count: number,
): void {
  let j = 0;
  for (; j + 4 <= count; j += 4) {
    const w0 = wAt + j * wStep;
    const w1 = w0 + wStep;
    const w2 = w1 + wStep;
    const w3 = w2 + wStep;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = 0; k < length; k++) {
      const v = x[at + k]!;
      s0 = (s0 + v * w[w0 + k]!) | 0;
      s1 = (s1 + v * w[w1 + k]!) | 0;
      s2 = (s2 + v * w[w2 + k]!) | 0;
      s3 = (s3 + v * w[w3 + k]!) | 0;
    }
    acc[first + j]! += s0;
    acc[first + j + 1]! += s1;
    acc[first + j + 2]! += s2;
    acc[first + j + 3]! += s3;
  }
  for (; j < count; j++) {
    const row = wAt + j * wStep;
    let sum = 0;
    for (let k = 0; k < length; k++) sum = (sum + x[at + k]! * w[row + k]!) | 0;
    acc[first + j]! += sum;
  }
}

/** acc[c * repeat + r] += x[at + c] * w[wAt + c * repeat + r], for `channels` channels of `repeat` results each. */
export function addProducts(
  x: Int16Array,
  at: number,
  w: Int16Array,
  wAt: number,
  channels: number,
  repeat: number,
  acc: Int32Array,
): void {
  if (repeat === 1) {
    for (let c = 0; c < channels; c++) acc[c] = acc[c]! + x[at + c]! * w[wAt + c]!;
    return;
  }
  for (let c = 0, j = 0; c < channels; c++) {
    const v = x[at + c]!;
    for (const end = j + repeat; j < end; j++) acc[j] = acc[j]! + v * w[wAt + j]!;
  }
}
