import type { DeviceOps } from '@halftone/core';
import type { Machine } from '../kernels.ts';
import { bgemm } from './bgemm.ts';
import { blockGemm } from './block-gemm.ts';
import { dequantize } from './dequantize.ts';
import { dynamicQuantize } from './dynamic-quantize.ts';
import { im2col } from './im2col.ts';
import { lut256 } from './lut256.ts';
import { qadd, qmul } from './pairwise.ts';
import { qavgpool, qmaxpool } from './pool.ts';
import { qconv2d } from './qconv2d.ts';
import { qgemm } from './qgemm.ts';
import { qsoftmax } from './qsoftmax.ts';
import { quantize } from './quantize.ts';
import { requantize } from './requantize.ts';
import { topK } from './top-k.ts';
import { transpose } from './transpose.ts';

/** The ops of one open backend. */
export function opsOf(machine: Machine): DeviceOps<number> {
  return {
    quantize: quantize(machine),
    dequantize: dequantize(machine),
    requantize: requantize(machine),
    qgemm: qgemm(machine),
    im2col: im2col(machine),
    qconv2d: qconv2d(machine),
    qmaxpool: qmaxpool(machine),
    qavgpool: qavgpool(machine),
    lut256: lut256(machine),
    qadd: qadd(machine),
    qmul: qmul(machine),
    dynamicQuantize: dynamicQuantize(machine),
    transpose: transpose(machine),
    blockGemm: blockGemm(machine),
    bgemm: bgemm(machine),
    topK: topK(machine),
    qsoftmax: qsoftmax(machine),
  };
}
