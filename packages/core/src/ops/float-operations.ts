import { isFixedMode, type RequantizeMode } from '../numerics/requantize.ts';
import { sizeOf } from '../tensor.ts';
import type { AccumulatorSpec } from './accumulator.ts';
import { broadcastShape } from './broadcast.ts';
import { catalogue, type OpName, type OpSpecs } from './catalogue.ts';
import { transposedOutput } from './conv-transpose2d.ts';
import { resizedShape } from './resize.ts';
import type { QBinaryMode } from './qbinary.ts';
import { type WindowSpec, windowOutput } from './window.ts';

const none = (): number => 0;

/** Elements of a window op's result, for `channels` channels. */
function pixels(spec: WindowSpec, channels: number): number {
  return spec.n * sizeOf(windowOutput(spec)) * channels;
}

function requantizations(mode: RequantizeMode, count: number): number {
  if (isFixedMode(mode)) return 0;
  return mode === 'onnx-ref' ? 2 * count : count;
}

function accumulated({ output, bias }: AccumulatorSpec, count: number): number {
  if (output.type === 'int32') return 0;
  if (output.type === 'codes') return requantizations(output.mode, count);
  return bias === 'float32' ? 2 * count : count;
}

/** Of one pair of codes: ort-x86 scales, adds and shifts, decomposed scales both, computes and divides. */
function ofPair(mode: QBinaryMode, folded: number): number {
  if (mode === 'ort-x86') return folded;
  return mode === 'decomposed' ? 4 : 0;
}

function pairs(spec: { readonly aShape: readonly number[]; readonly bShape: readonly number[] }): number {
  return sizeOf(broadcastShape('pairs', spec.aShape, spec.bShape));
}

const operations: { readonly [O in OpName]: (spec: OpSpecs[O]) => number } = {
  quantize: (spec) => sizeOf(spec.shape),
  dequantize: (spec) => sizeOf(spec.shape),
  requantize: (spec) => requantizations(spec.mode, sizeOf(spec.shape)),
  qgemm: (spec) => accumulated(spec, spec.batch * spec.m * spec.n),
  // Of int8-block, the way of A to codes, and for each block the scale, its product and the sum.
  blockGemm: ({ m, n, k, block, bias, computation }) => {
    const added = bias ? m * n : 0;
    if (computation !== 'int8-block') return k * n + 2 * m * n * k + added;
    return 2 * m * k + 3 * m * n * Math.ceil(k / block) + added;
  },
  im2col: none,
  qconv2d: (spec) => accumulated(spec, pixels(spec, spec.o)),
  qmaxpool: none,
  qavgpool: (spec) => requantizations(spec.mode, pixels(spec, spec.c)),
  qadd: (spec) => ofPair(spec.mode, 4) * pairs(spec),
  qmul: (spec) => ofPair(spec.mode, 2) * pairs(spec),
  qsoftmax: none,
  bgemm: none,
  // Each element against the least of those that are kept.
  topK: (spec) => (spec.dtype === 'float32' ? spec.outer * spec.extent * spec.inner : 0),
  lut256: none,
  // Two comparisons for the range and one division an element.
  dynamicQuantize: (spec) => 3 * sizeOf(spec.shape),
  conv2d: (spec) => {
    const taps = (spec.kernel[0] * spec.kernel[1] * spec.c) / spec.groups;
    return (2 * taps + (spec.bias ? 1 : 0)) * pixels(spec, spec.o);
  },
  gemm: (spec) => (2 * spec.k + (spec.bias ? 1 : 0)) * spec.batch * spec.m * spec.n,
  fakeQuantize: (spec) => 2 * sizeOf(spec.shape),
  binary: (spec) => (spec.dtype === undefined || spec.dtype === 'float32' ? pairs(spec) : 0),
  unary: (spec) => sizeOf(spec.shape),
  // The largest, the difference, the power, the sum and the quotient.
  softmax: (spec) => 5 * spec.outer * spec.extent * spec.inner,
  maxpool: (spec) => spec.kernel[0] * spec.kernel[1] * pixels(spec, spec.c),
  avgpool: (spec) => (spec.kernel[0] * spec.kernel[1] + 1) * pixels(spec, spec.c),
  cast: (spec) => (spec.from === 'float32' || spec.to === 'float32' ? sizeOf(spec.shape) : 0),
  transpose: none,
  concat: none,
  slice: none,
  pad: none,
  expand: none,
  gather: none,
  compare: (spec) => (spec.dtype === 'float32' ? pairs(spec) : 0),
  logical: none,
  where: none,
  reduce: (spec) => sizeOf(spec.shape),
  argExtreme: (spec) => (spec.dtype === 'float32' ? spec.outer * spec.extent * spec.inner : 0),
  // The mean, the differences, their squares and sum, the quotients.
  normalize: (spec) => 5 * spec.outer * spec.extent,
  convTranspose2d: (spec) => {
    const taps = (spec.kernel[0] * spec.kernel[1] * spec.o) / spec.groups;
    const added = spec.bias ? spec.n * sizeOf(transposedOutput(spec)) * spec.o : 0;
    return 2 * taps * spec.n * spec.h * spec.w * spec.c + added;
  },
  // Four gates: products and sums, a function each; then the cell and its output.
  lstm: ({ steps, batch, input, hidden }) => steps * batch * hidden * (4 * (2 * (input + hidden) + 4) + 5),
  // Two for each tap of each point, axis after axis.
  resize: (spec) =>
    spec.mode === 'nearest'
      ? 0
      : (spec.mode === 'linear' ? 4 : 8) * spec.axes.length * sizeOf(resizedShape(spec)),
};

/**
 * Float operations of one run of an op by its formula: additions, products, quotients, comparisons, conversions of values
 * and calls of elementary functions count one each; moving floats counts none. Windows at the edge are counted whole.
 * Throws as the op's check for a spec that describes no computation.
 */
export function floatOperations<O extends OpName>(op: O, spec: OpSpecs[O]): number {
  (catalogue[op] as { check(s: OpSpecs[O]): void }).check(spec);
  return (operations[op] as (s: OpSpecs[O]) => number)(spec);
}
