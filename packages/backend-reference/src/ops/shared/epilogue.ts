// int32: acc + bias; codes: requantize(acc + bias); float32: fround(fround(acc + bias) * multiplier), then + float bias
import { type AccumulatorSpec, codeRange, type HostIO } from '@halftone/core';
import { codes, each, floats, ints, scalar } from './operands.ts';
import { requantizerOf } from './requantizers.ts';

/** Writes the results of one row of accumulators, one for each output channel, from `at` on. */
export type Epilogue = (acc: Int32Array, at: number) => void;

/** Makes the way from accumulators to the result `y` of an op. */
export function epilogue(spec: AccumulatorSpec, io: HostIO): Epilogue {
  const { output } = spec;
  const finish =
    output.type === 'int32' ? toInts(io) : output.type === 'codes' ? toCodes(output, io) : toFloats(spec, io);
  if (spec.bias !== 'int32') return finish;
  const bias = ints(io, 'bias');
  return (acc, at) => {
    // The store wraps modulo 2^32.
    for (let j = 0; j < bias.length; j++) acc[j]! += bias[j]!;
    finish(acc, at);
  };
}

function toInts(io: HostIO): Epilogue {
  const y = ints(io, 'y');
  return (acc, at) => y.set(acc, at);
}

function toCodes(output: AccumulatorSpec['output'] & { type: 'codes' }, io: HostIO): Epilogue {
  const y = codes(io, 'y');
  const [lo, hi] = output.clamp ?? codeRange(output.dtype);
  const requantize = requantizerOf(output.mode, io, scalar(io, 'zeroPoint'), lo, hi);
  return (acc, at) => {
    for (let j = 0; j < acc.length; j++) y[at + j] = requantize(acc[j]!, j);
  };
}

function toFloats(spec: AccumulatorSpec, io: HostIO): Epilogue {
  const y = floats(io, 'y');
  const multiplier = floats(io, 'multiplier');
  const bias = spec.bias === 'float32' ? floats(io, 'bias') : undefined;
  return (acc, at) => {
    for (let j = 0; j < acc.length; j++) y[at + j] = Math.fround(acc[j]!) * each(multiplier, j);
    if (bias) for (let j = 0; j < acc.length; j++) y[at + j]! += bias[j]!;
  };
}
