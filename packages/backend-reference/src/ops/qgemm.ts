// acc[i, j] = sum over k of (a[i, k] - aZeroPoint) * (b[k, j] - bZeroPoint[j])   modulo 2^32
import type { HostIO, QGemmSpec } from '@halftone/core';
import { centre, centreRows } from './shared/centre.ts';
import { epilogue } from './shared/epilogue.ts';
import { addDots } from './shared/int-sums.ts';
import { codes, scalar } from './shared/operands.ts';
import { transposed } from './shared/transposed.ts';

/** Integer matrix product. */
export function qgemm(spec: QGemmSpec, io: HostIO): void {
  const { batch, m, n, k } = spec;
  const a = centre(codes(io, 'a'), scalar(io, 'aZeroPoint'));
  const b = codes(io, 'b');
  const emit = epilogue(spec, io);
  const acc = new Int32Array(n);
  for (let p = 0; p < batch; p++) {
    const product = b.subarray(p * n * k, (p + 1) * n * k);
    const columns = centreRows(
      spec.transposeB ? product : transposed(product, k, n),
      n,
      codes(io, 'bZeroPoint'),
    );
    for (let i = 0; i < m; i++) {
      acc.fill(0);
      addDots(a, (p * m + i) * k, columns, 0, k, k, acc, 0, n);
      emit(acc, (p * m + i) * n);
    }
  }
}
