// y[i, j] = k - 2 * popcount(a[i] xor b[j]): the dot product of two rows of signs, a bit each, 1 for -1
import type { BgemmSpec, HostIO } from '@halftone/core';

const bitsOfByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});

/** Binary matrix product. */
export function bgemm({ m, n, k }: BgemmSpec, io: HostIO): void {
  const a = io['a']!.data as Uint8Array;
  const b = io['b']!.data as Uint8Array;
  const y = io['y']!.data as Int32Array;
  const bytes = Math.ceil(k / 8);
  // Of the last byte only the signs count.
  const last = 0xff >> (bytes * 8 - k);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let different = 0;
      for (let at = 0; at < bytes; at++) {
        const byte = a[i * bytes + at]! ^ b[j * bytes + at]!;
        different += bitsOfByte[at === bytes - 1 ? byte & last : byte]!;
      }
      y[i * n + j] = k - 2 * different;
    }
  }
}
