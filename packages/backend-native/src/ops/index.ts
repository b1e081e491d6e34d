import type { HostOps } from '@halftone/core';
import type { Addon, Engine } from '../native.ts';
import { bgemm } from './bgemm.ts';
import { blockGemm } from './block-gemm.ts';
import { dequantize } from './dequantize.ts';
import { qadd, qmul } from './pairwise.ts';
import { qavgpool, qmaxpool } from './pool.ts';
import { qconv2d } from './qconv2d.ts';
import { qgemm } from './qgemm.ts';
import { qsoftmax } from './qsoftmax.ts';
import { quantize } from './quantize.ts';
import { requantize } from './requantize.ts';
import { dynamicQuantize, im2col, lut256 } from './tables.ts';
import { topK } from './top-k.ts';
import { transpose } from './transpose.ts';

/** The ops of one open backend. */
export function opsOf(addon: Addon, engine: Engine): HostOps {
  return {
    quantize: quantize(addon, engine),
    dequantize: dequantize(addon, engine),
    requantize: requantize(addon, engine),
    qgemm: qgemm(addon, engine),
    bgemm: bgemm(addon, engine),
    topK: topK(addon, engine),
    blockGemm: blockGemm(addon, engine),
    qconv2d: qconv2d(addon, engine),
    qmaxpool: qmaxpool(addon, engine),
    qavgpool: qavgpool(addon, engine),
    im2col: im2col(engine),
    qadd: qadd(engine),
    qmul: qmul(engine),
    qsoftmax: qsoftmax(addon, engine),
    lut256: lut256(engine),
    dynamicQuantize: dynamicQuantize(engine),
    transpose: transpose(addon, engine),
  };
}
