// cast: to the nearest float32; floats truncated and saturated to integers, NaN to 0; integers wrapped; bool is x != 0
import type { HostOp } from '../backend/host-backend.ts';
import { type DType, dtypes } from '../dtype.ts';
import type { CastSpec } from '../ops/elementwise.ts';

const TWO_63 = 2n ** 63n;

/** Elements as another type. */
export const cast: HostOp<CastSpec> = (spec, io) => {
  const x = io['x']!.data;
  const y = io['y']!.data;
  const convert = converter(spec.from, spec.to);
  for (let i = 0; i < x.length; i++) y[i] = convert(x[i]!) as never;
};

// Typed arrays keep the low bits of the integers stored in them, so only floats, int64 and bool need care.
function converter(from: DType, to: DType): (value: number | bigint) => number | bigint {
  if (to === 'bool') return (value) => Number(Number(value) !== 0);
  if (from === 'int64') {
    if (to === 'int64') return (value) => value;
    return to === 'float32' ? Number : (value) => Number(BigInt.asIntN(32, value as bigint));
  }
  if (from !== 'float32') return to === 'int64' ? BigInt : (value) => value;
  if (to === 'float32') return (value) => value;
  if (to === 'int64') return (value) => saturated64(value as number);
  const [lo, hi] = dtypes[to].range!;
  return (value) => Math.min(Math.max(Math.trunc(value as number) || 0, lo), hi);
}

function saturated64(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= Number(TWO_63)) return TWO_63 - 1n;
  return value < -Number(TWO_63) ? -TWO_63 : BigInt(Math.trunc(value));
}
