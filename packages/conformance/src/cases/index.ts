// The catalogue of cases mirrors core's catalogue of ops, one to one.
import { HalftoneError, type OpName, opNames } from '@halftone/core';
import type { Case } from '../case.ts';
import { blockGemmCases } from './block-gemm.ts';
import { conv2dCases, convTranspose2dCases } from './conv2d.ts';
import { dequantizeCases } from './dequantize.ts';
import { binaryCases, castCases, softmaxCases, unaryCases } from './elementwise.ts';
import { fakeQuantizeCases } from './fake-quantize.ts';
import { gemmCases } from './gemm.ts';
import { goldenCases } from './golden.ts';
import { im2colCases } from './im2col.ts';
import { compareCases, logicalCases, whereCases } from './logic.ts';
import { concatCases, expandCases, gatherCases, padCases, sliceCases, transposeCases } from './move.ts';
import { lstmCases, normalizeCases, resizeCases } from './networks.ts';
import { avgpoolCases, maxpoolCases, qavgpoolCases, qmaxpoolCases } from './pool.ts';
import { qaddCases, qmulCases } from './qbinary.ts';
import { qconv2dCases } from './qconv2d.ts';
import { qgemmCases } from './qgemm.ts';
import { quantizeCases } from './quantize.ts';
import { argExtremeCases, reduceCases } from './reduce.ts';
import { requantizeCases } from './requantize.ts';
import { bgemmCases, topKCases } from './search.ts';
import { workedCases } from './worked.ts';
import { dynamicQuantizeCases, lut256Cases, qsoftmaxCases } from './tables.ts';

const sources: { readonly [O in OpName]: () => readonly Case<O>[] } = {
  quantize: quantizeCases,
  dequantize: dequantizeCases,
  requantize: requantizeCases,
  qgemm: qgemmCases,
  blockGemm: blockGemmCases,
  im2col: im2colCases,
  qconv2d: qconv2dCases,
  qmaxpool: qmaxpoolCases,
  qavgpool: qavgpoolCases,
  qadd: qaddCases,
  qmul: qmulCases,
  qsoftmax: qsoftmaxCases,
  bgemm: bgemmCases,
  topK: topKCases,
  lut256: lut256Cases,
  dynamicQuantize: dynamicQuantizeCases,
  conv2d: conv2dCases,
  gemm: gemmCases,
  fakeQuantize: fakeQuantizeCases,
  binary: binaryCases,
  unary: unaryCases,
  softmax: softmaxCases,
  maxpool: maxpoolCases,
  avgpool: avgpoolCases,
  cast: castCases,
  transpose: transposeCases,
  concat: concatCases,
  slice: sliceCases,
  pad: padCases,
  expand: expandCases,
  gather: gatherCases,
  compare: compareCases,
  logical: logicalCases,
  where: whereCases,
  reduce: reduceCases,
  argExtreme: argExtremeCases,
  normalize: normalizeCases,
  convTranspose2d: convTranspose2dCases,
  resize: resizeCases,
  lstm: lstmCases,
};

/** Cases by op, made once: a suite asks for them many times. */
const made = new Map<OpName, readonly Case[]>();

/** The cases of an op. */
export function casesOf<O extends OpName>(op: O): readonly Case<O>[] {
  if (!Object.hasOwn(sources, op))
    throw new HalftoneError('HT_INVALID_ARGUMENT', `no op is called ${String(op)}`, { op });
  const found = made.get(op) ?? [...sources[op](), ...workedCases(op), ...goldenCases(op)];
  made.set(op, found);
  return found as readonly Case<O>[];
}

/** Every case, op after op. */
export function* allCases(): Generator<Case> {
  for (const op of opNames) yield* casesOf(op) as readonly Case[];
}
