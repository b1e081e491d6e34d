// y[i, j] = sum over k of a[i, k] * w[k, j] + bias[j]; int8-block step by step as core states it, the others in f64
import { type BlockGemmSpec, blockWeights, type HostIO, roundHalfEven } from '@halftone/core';
import { floats } from './shared/operands.ts';

const { abs, ceil, floor, fround, min } = Math;

/** Float matrix by weights in blocks. */
export function blockGemm(spec: BlockGemmSpec, io: HostIO): void {
  if (spec.computation === 'int8-block') byBlocks(spec, io);
  else inDouble(spec, io);
}

function byBlocks(spec: BlockGemmSpec, io: HostIO): void {
  const { m, n, k, block } = spec;
  const count = ceil(k / block);
  const { centred, scale } = blockWeights(spec, io);
  const a = floats(io, 'a');
  const y = floats(io, 'y');
  const q = new Int8Array(k);
  const rowScale = new Float32Array(count);
  for (let i = 0; i < m; i++) {
    for (let t = 0; t < count; t++)
      rowScale[t] = quantizeBlock(a, i * k + t * block, q, t * block, min(k, (t + 1) * block));
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let t = 0; t < count; t++) {
        let dot = 0;
        for (let e = t * block; e < min(k, (t + 1) * block); e++) dot += q[e]! * centred[j * k + e]!;
        sum = fround(sum + fround(dot * fround(rowScale[t]! * scale[j * count + t]!)));
      }
      y[i * n + j] = withBias(sum, io, j);
    }
  }
}

/** Codes of a block of A, put into q[first, end); gives its scale. */
function quantizeBlock(a: Float32Array, from: number, q: Int8Array, first: number, end: number): number {
  let absmax = 0;
  for (let e = first; e < end; e++) {
    const size = abs(a[from + e - first]!);
    // A NaN stays: no comparison with it is true.
    if (!(size <= absmax)) absmax = Number.isNaN(absmax) ? absmax : size;
  }
  const reciprocal = fround(127 / absmax);
  const factor = Number.isFinite(reciprocal) ? reciprocal : 0;
  for (let e = first; e < end; e++) q[e] = roundHalfEven(fround(a[from + e - first]! * factor));
  return absmax < Infinity ? fround(absmax / 127) : NaN;
}

function inDouble(spec: BlockGemmSpec, io: HostIO): void {
  const { m, n, k, block } = spec;
  const count = ceil(k / block);
  const { centred, scale } = blockWeights(spec, io);
  const weights = Float32Array.from(
    centred,
    (code, at) => code * scale[floor(at / k) * count + floor((at % k) / block)]!,
  );
  const a = floats(io, 'a');
  const y = floats(io, 'y');
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let e = 0; e < k; e++) sum += a[i * k + e]! * weights[j * k + e]!;
      y[i * n + j] = spec.bias ? sum + floats(io, 'bias')[j]! : sum;
    }
  }
}

function withBias(sum: number, io: HostIO, column: number): number {
  const bias = io['bias']?.data as Float32Array | undefined;
  return bias ? fround(sum + bias[column]!) : sum;
}
