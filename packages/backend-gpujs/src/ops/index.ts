import type { DeviceOps } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { dequantize } from './dequantize.ts';
import { lut256 } from './lut256.ts';
import { qadd, qmul } from './pairwise.ts';
import { qavgpool, qmaxpool } from './pool.ts';
import { qconv2d } from './qconv2d.ts';
import { qgemm } from './qgemm.ts';
import { quantize } from './quantize.ts';
import { requantize } from './requantize.ts';
import { transpose } from './transpose.ts';

/** The ops of one open backend. */
export function opsOf(device: Device): DeviceOps<Surface> {
  return {
    quantize: quantize(device),
    dequantize: dequantize(device),
    requantize: requantize(device),
    qgemm: qgemm(device),
    qconv2d: qconv2d(device),
    qmaxpool: qmaxpool(device),
    qavgpool: qavgpool(device),
    lut256: lut256(device),
    qadd: qadd(device),
    qmul: qmul(device),
    transpose: transpose(device),
  };
}
