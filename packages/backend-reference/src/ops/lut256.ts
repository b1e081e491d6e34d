// y = table[x] (uint8 codes), table[x + 128] (int8 codes)
import { codeRange, type HostIO, type Lut256Spec } from '@halftone/core';
import { codes } from './shared/operands.ts';

/** A function of one 8-bit code, as a table. */
export function lut256(spec: Lut256Spec, io: HostIO): void {
  const x = codes(io, 'x');
  const y = codes(io, 'y');
  const table = codes(io, 'table');
  const [lowest] = codeRange(spec.from);
  for (let i = 0; i < x.length; i++) y[i] = table[x[i]! - lowest]!;
}
