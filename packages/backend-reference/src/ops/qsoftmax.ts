// d = max(x) - x; p = floor(table[d] * 2^22 / sum of table[d]); y = requantize(p)
import { codeRange, type HostIO, type QSoftmaxSpec, SHARE_BITS } from '@halftone/core';
import { codes, ints, scalar } from './shared/operands.ts';
import { requantizerOf } from './shared/requantizers.ts';

const WHOLE = 1 << SHARE_BITS;

/** Shares of a whole along the middle of [outer, extent, inner], on codes. */
export function qsoftmax(spec: QSoftmaxSpec, io: HostIO): void {
  const { outer, extent, inner } = spec;
  const x = codes(io, 'x');
  const y = codes(io, 'y');
  const table = ints(io, 'table');
  const requantize = requantizerOf(spec.mode, io, scalar(io, 'zeroPoint'), ...codeRange(spec.to));
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = o * extent * inner + i;
      const end = at + extent * inner;
      let max = -128;
      for (let e = at; e < end; e += inner) max = Math.max(max, x[e]!);
      let sum = 0;
      for (let e = at; e < end; e += inner) sum += table[max - x[e]!]!;
      // Both are integers below 2^53, and so is their quotient's floor exact.
      for (let e = at; e < end; e += inner)
        y[e] = requantize(Math.floor((table[max - x[e]!]! * WHOLE) / sum), 0);
    }
  }
}
