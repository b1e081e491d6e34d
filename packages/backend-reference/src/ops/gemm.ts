// y[i, j] = clamp(fround(sum over k of fround(a[i, k] * b[k, j]) + bias[j])), k ascending, each sum rounded once
import type { GemmSpec, HostIO } from '@halftone/core';
import { floatEpilogue } from './shared/float-epilogue.ts';
import { addDots } from './shared/float-sums.ts';
import { floats } from './shared/operands.ts';
import { transposed } from './shared/transposed.ts';

/** Float matrix product. */
export function gemm(spec: GemmSpec, io: HostIO): void {
  const { batch, m, n, k } = spec;
  const emit = floatEpilogue(spec, io);
  const sums = new Float32Array(n);
  for (let p = 0; p < batch; p++) {
    const a = floats(io, 'a').subarray(p * m * k, (p + 1) * m * k);
    const b = floats(io, 'b').subarray(p * n * k, (p + 1) * n * k);
    const rows = spec.transposeA ? transposed(a, k, m) : a;
    const columns = spec.transposeB ? b : transposed(b, k, n);
    for (let i = 0; i < m; i++) {
      sums.fill(0);
      addDots(rows, i * k, columns, 0, k, k, sums, 0, n);
      emit(sums, (p * m + i) * n);
    }
  }
}
