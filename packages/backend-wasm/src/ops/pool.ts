// qmaxpool: the largest code of each window. qavgpool: requantize(sum of (x - xZeroPoint), multiplier[count - 1])
import {
  codeRange,
  type DeviceOp,
  type QAvgPoolSpec,
  type QMaxPoolSpec,
  sizeOf,
  windowOutput,
  type WindowSpec,
} from '@halftone/core';
import { Call, CallKernel } from '../call.ts';
import { type Machine, partsOf } from '../kernels.ts';
import { AVERAGE_POOL, MAX_POOL } from '../kinds.ts';
import { LEAST_ELEMENTS, windowIn } from './shared.ts';

export function qavgpool(machine: Machine): DeviceOp<number, QAvgPoolSpec> {
  return {
    supports: ({ mode }) => mode === 'ort-f32' || { reason: `mode ${mode} is not supported` },
    prepare: (spec) =>
      pool(
        machine,
        'qavgpool',
        AVERAGE_POOL,
        spec,
        [spec.dtype, spec.to],
        codeRange(spec.to),
        spec.countIncludePad,
      ),
  };
}

export function qmaxpool(machine: Machine): DeviceOp<number, QMaxPoolSpec> {
  return {
    prepare: (spec) => pool(machine, 'qmaxpool', MAX_POOL, spec, [spec.dtype, spec.dtype], [0, 0], false),
  };
}

function pool(
  machine: Machine,
  name: string,
  kind: number,
  spec: WindowSpec,
  [from, to]: readonly [string, string],
  [lo, hi]: readonly [number, number],
  countBorder: boolean,
): CallKernel {
  const { n, c, kernel } = spec;
  const parts = partsOf(machine, sizeOf([n, c, ...windowOutput(spec), ...kernel]), LEAST_ELEMENTS);
  const numbers = [Number(from === 'int8'), Number(to === 'int8'), lo, hi, Number(countBorder)];
  return new CallKernel(machine, name, (hold) => {
    const window = hold(windowIn(machine, spec));
    const operands = ['x', 'xZeroPoint', 'multiplier', 'y', 'zeroPoint', window.address];
    return [hold(new Call(machine, kind, parts, [...operands, ...numbers]))];
  });
}
