// A complete backend: the four ops of the required tier, in plain JavaScript.
import { codeRange, hostBackend, sizeOf } from '@halftone/core';

const { fround } = Math;

/** The nearest integer; of two that are as near the even one. */
function nearest(x) {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** A code: saturated before it is rounded, which makes NaN the lowest, and only then moved by the zero point. */
function code(t, zero, lo, hi) {
  const [low, high] = [lo - zero, hi - zero];
  return nearest(t > low ? (t < high ? t : high) : low) + zero;
}

/** Which parameter each element has: one of all, or one for each index of an axis. */
function parameterOf({ shape, axis }) {
  if (axis === undefined) return () => 0;
  const inner = sizeOf(shape.slice(axis + 1));
  return (i) => Math.floor(i / inner) % shape[axis];
}

/** y = saturate(nearest(fround(x / scale)) + zeroPoint) */
function quantize(spec, { x, scale, zeroPoint, y }) {
  const [lo, hi] = codeRange(spec.to);
  const of = parameterOf(spec);
  for (let i = 0; i < x.data.length; i++) {
    const p = of(i);
    y.data[i] = code(fround(x.data[i] / scale.data[p]), zeroPoint.data[p], lo, hi);
  }
}

/** y = fround(fround(x - zeroPoint) * scale); int32 codes have no zero point */
function dequantize(spec, { x, scale, zeroPoint, y }) {
  const of = parameterOf(spec);
  for (let i = 0; i < x.data.length; i++) {
    const p = of(i);
    y.data[i] = fround(x.data[i] - (zeroPoint?.data[p] ?? 0)) * scale.data[p];
  }
}

/** y = saturate(nearest(fround(fround(x) * multiplier)) + zeroPoint) */
function requantize(spec, { x, multiplier, zeroPoint, y }) {
  const [lo, hi] = spec.clamp ?? codeRange(spec.to);
  const of = parameterOf(spec);
  for (let i = 0; i < x.data.length; i++)
    y.data[i] = code(fround(fround(x.data[i]) * multiplier.data[of(i)]), zeroPoint.data[0], lo, hi);
}

/** The int32 sums of a product, modulo 2^32: Math.imul and | 0 wrap as integers do. */
function sums(spec, { a, b, aZeroPoint, bZeroPoint }) {
  const { batch, m, n, k, transposeB } = spec;
  const acc = new Int32Array(batch * m * n);
  const zb = (j) => bZeroPoint.data[spec.bZeroPoint === 'per-channel' ? j : 0];
  for (let g = 0, to = 0; g < batch; g++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++, to++) {
        let sum = 0;
        for (let p = 0; p < k; p++) {
          const left = a.data[(g * m + i) * k + p] - aZeroPoint.data[0];
          const right = b.data[g * k * n + (transposeB ? j * k + p : p * n + j)] - zb(j);
          sum = (sum + Math.imul(left, right)) | 0;
        }
        acc[to] = sum;
      }
    }
  }
  return acc;
}

/** Sums, plus a bias, then left as they are, requantized to codes, or scaled to float32. */
function qgemm(spec, io) {
  const { multiplier, zeroPoint, bias, y } = io;
  const { output } = spec;
  const acc = sums(spec, io);
  const [lo, hi] = output.type === 'codes' ? (output.clamp ?? codeRange(output.dtype)) : [0, 0];
  for (let i = 0; i < acc.length; i++) {
    const j = i % spec.n;
    const total = spec.bias === 'int32' ? (acc[i] + bias.data[j]) | 0 : acc[i];
    if (output.type === 'int32') {
      y.data[i] = total;
      continue;
    }
    const scaled = fround(fround(total) * multiplier.data[output.multiplier === 'per-channel' ? j : 0]);
    if (output.type === 'codes') y.data[i] = code(scaled, zeroPoint.data[0], lo, hi);
    else y.data[i] = spec.bias === 'float32' ? fround(scaled + bias.data[j]) : scaled;
  }
}

const bytes = ['int8', 'uint8', 'int32'];

/** Other widths and scales of blocks are optional forms: refused with a reason, they go to the next backend. */
function simple(spec) {
  if (spec.block !== undefined) return { reason: 'one scale for each block is not covered' };
  const type = spec.to ?? spec.from;
  return bytes.includes(type) || { reason: `codes of type ${type} are not covered` };
}

/** The other requantization modes are optional forms too. */
function ortF32(mode) {
  return mode === undefined || mode === 'ort-f32' || { reason: `mode ${mode} is not covered` };
}

export default hostBackend({
  name: 'tiny',
  device: 'JavaScript',
  numericClass: () => 'exact',
  ops: {
    quantize: { run: quantize, supports: simple },
    dequantize: { run: dequantize, supports: simple },
    requantize: { run: requantize, supports: (spec) => ortF32(spec.mode) },
    qgemm: { run: qgemm, supports: (spec) => ortF32(spec.output.mode) },
  },
});
