import type { HostIO } from '../backend/contract.ts';

/** The elements of an operand that is only moved; floats as their bits, for a NaN to keep its own. */
export function movable(io: HostIO, name: string): Int32Array {
  const { dtype, data } = io[name]!;
  return dtype === 'float32'
    ? new Int32Array(data.buffer, data.byteOffset, data.length)
    : (data as Int32Array);
}
