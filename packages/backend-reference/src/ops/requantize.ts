// y = the requantization mode of core's numerics, one multiplier a tensor or an index of `axis`
import { axisLayout, codeRange, forEachParamRun, type HostIO, type RequantizeSpec } from '@halftone/core';
import { codes, ints, scalar } from './shared/operands.ts';
import { requantizerOf } from './shared/requantizers.ts';

/** Int32 accumulators to 8-bit codes. */
export function requantize(spec: RequantizeSpec, io: HostIO): void {
  const x = ints(io, 'x');
  const y = codes(io, 'y');
  const [lo, hi] = spec.clamp ?? codeRange(spec.to);
  const apply = requantizerOf(spec.mode, io, scalar(io, 'zeroPoint'), lo, hi);
  forEachParamRun(axisLayout(spec.shape, spec), (begin, end, channel) => {
    for (let i = begin; i < end; i++) y[i] = apply(x[i]!, channel);
  });
}
