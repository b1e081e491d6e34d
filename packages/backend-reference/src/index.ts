import { type BackendProvider, elementOps, hostBackend, isExactOp } from '@halftone/core';
import { bgemm } from './ops/bgemm.ts';
import { blockGemm } from './ops/block-gemm.ts';
import { conv2d } from './ops/conv2d.ts';
import { convTranspose2d } from './ops/conv-transpose2d.ts';
import { resize } from './ops/resize.ts';
import { dequantize } from './ops/dequantize.ts';
import { dynamicQuantize } from './ops/dynamic-quantize.ts';
import { softmax, unary } from './ops/elementwise.ts';
import { fakeQuantize } from './ops/fake-quantize.ts';
import { gemm } from './ops/gemm.ts';
import { im2col } from './ops/im2col.ts';
import { lut256 } from './ops/lut256.ts';
import { avgpool, maxpool, qavgpool, qmaxpool } from './ops/pool.ts';
import { qadd } from './ops/qadd.ts';
import { qmul } from './ops/qmul.ts';
import { qsoftmax } from './ops/qsoftmax.ts';
import { qconv2d } from './ops/qconv2d.ts';
import { qgemm } from './ops/qgemm.ts';
import { quantize } from './ops/quantize.ts';
import { lstm } from './ops/lstm.ts';
import { normalize } from './ops/normalize.ts';
import { reduce } from './ops/reduce.ts';
import { requantize } from './ops/requantize.ts';
import { topK } from './ops/top-k.ts';

/** The reference backend: every op of the catalogue in plain TypeScript, the definition that others are compared with. */
const reference: BackendProvider = hostBackend({
  name: 'reference',
  device: 'JavaScript on the CPU, one thread',
  numericClass: (op) => (isExactOp(op) ? 'exact' : 'f32-ieee'),
  ops: {
    quantize,
    dequantize,
    requantize,
    qgemm,
    blockGemm,
    im2col,
    qconv2d,
    qmaxpool,
    qavgpool,
    qadd,
    qmul,
    qsoftmax,
    bgemm,
    topK,
    lut256,
    dynamicQuantize,
    conv2d,
    convTranspose2d,
    resize,
    gemm,
    fakeQuantize,
    unary,
    softmax,
    reduce,
    normalize,
    lstm,
    maxpool,
    avgpool,
    ...elementOps,
  },
});

export default reference;
