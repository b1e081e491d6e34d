// Float32 sums: each product is rounded once, each sum is rounded once, terms in ascending order.

const { fround } = Math;

/**
 * acc[first + j] += x[at …] · w[row j], term by term, for `count` rows of `w` that begin at `wAt`, `wStep` apart.
 * Four rows at a time: each sum waits for its last addition, so one alone leaves the processor idle.
 */
export function addDots(
  x: Float32Array,
  at: number,
  w: Float32Array,
  wAt: number,
  wStep: number,
  length: number,
  acc: Float32Array,
  first: number,
  count: number,
): void {
  let j = 0;
  for (; j + 4 <= count; j += 4) {
    const w0 = wAt + j * wStep;
    const w1 = w0 + wStep;
    const w2 = w1 + wStep;
    const w3 = w2 + wStep;
    let s0 = acc[first + j]!;
    let s1 = acc[first + j + 1]!;
    let s2 = acc[first + j + 2]!;
    let s3 = acc[first + j + 3]!;
    for (let k = 0; k < length; k++) {
      const v = x[at + k]!;
      s0 = fround(s0 + fround(v * w[w0 + k]!));
      s1 = fround(s1 + fround(v * w[w1 + k]!));
      s2 = fround(s2 + fround(v * w[w2 + k]!));
      s3 = fround(s3 + fround(v * w[w3 + k]!));
    }
    acc[first + j] = s0;
    acc[first + j + 1] = s1;
    acc[first + j + 2] = s2;
    acc[first + j + 3] = s3;
  }
  for (; j < count; j++) {
    const row = wAt + j * wStep;
    let sum = acc[first + j]!;
    for (let k = 0; k < length; k++) sum = fround(sum + fround(x[at + k]! * w[row + k]!));
    acc[first + j] = sum;
  }
}

/** acc[c * repeat + r] += x[at + c] * w[wAt + c * repeat + r], for `channels` channels of `repeat` results each. */
export function addProducts(
  x: Float32Array,
  at: number,
  w: Float32Array,
  wAt: number,
  channels: number,
  repeat: number,
  acc: Float32Array,
): void {
  if (repeat === 1) {
    for (let c = 0; c < channels; c++) acc[c] = fround(acc[c]! + fround(x[at + c]! * w[wAt + c]!));
    return;
  }
  for (let c = 0, j = 0; c < channels; c++) {
    const v = x[at + c]!;
    for (const end = j + repeat; j < end; j++) acc[j] = fround(acc[j]! + fround(v * w[wAt + j]!));
  }
}
