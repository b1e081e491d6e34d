import { makeCase } from '@halftone/conformance';
import { describe, expect, test } from 'vitest';
import { type Environment, limitOf, type MachineLimits, workOf } from '../src/index.ts';

const product = {
  batch: 1,
  m: 4,
  n: 8,
  k: 16,
  a: 'uint8',
  b: 'int8',
  transposeB: false,
  bZeroPoint: 'per-tensor',
  bias: 'none',
  output: { type: 'int32' },
} as const;
const depthwise = {
  n: 2,
  h: 8,
  w: 8,
  c: 6,
  o: 6,
  kernel: [3, 3],
  strides: [2, 2],
  pads: [1, 1, 1, 1],
  dilations: [1, 1],
  groups: 6,
  x: 'uint8',
  weights: 'int8',
  wZeroPoint: 'per-tensor',
  bias: 'none',
  output: { type: 'int32' },
} as const;

describe('workOf', () => {
  test('a product has two operations for each step of its sums', () => {
    const item = makeCase('qgemm', 'x', product);
    // A, B, C in int32, and two zero points.
    expect(workOf(item)).toEqual({ operations: 2 * 4 * 8 * 16, bytes: 64 + 128 + 128 + 2 });
  });

  test('a depthwise convolution has one channel a sum', () => {
    const item = makeCase('qconv2d', 'x', depthwise);
    expect(workOf(item).operations).toBe(2 * (2 * 4 * 4) * 6 * 9);
  });

  test('what passes over its elements has bytes alone', () => {
    const item = makeCase('lut256', 'x', { shape: [10], from: 'uint8', to: 'int8' });
    expect(workOf(item)).toEqual({ operations: 0, bytes: 10 + 256 + 10 });
  });
});

describe('limitOf', () => {
  const limits: MachineLimits = {
    clockGhz: 2,
    copy: [
      { bytes: 1e6, bytesPerSecond: 1e11 },
      { bytes: 1e8, bytesPerSecond: 1e10 },
    ],
  };
  const environment = (model: string, flags: readonly string[]): Environment => ({
    runtime: 'Node',
    platform: 'linux',
    arch: 'x64',
    cpu: { model, cores: 2, flags },
  });
  const xeon = environment('Intel Xeon', ['avx2', 'avx512_vnni', 'amx_int8']);
  const heavy = { operations: 4.096e9, bytes: 1e6 };

  test('a product is bound by the widest unit, on each thread', () => {
    expect(limitOf(heavy, limits, xeon, 1)).toEqual({
      ms: 1000 * (4.096e9 / (2048 * 2e9)),
      by: 'compute',
      unit: 'amx',
    });
    expect(limitOf(heavy, limits, xeon, 2)?.ms).toBe(0.5);
  });

  test('a kernel is measured by the unit that its name ends with, where that is there', () => {
    expect(limitOf(heavy, limits, xeon, 1, 'qgemm_u8s8_8x64_avx512vnni')).toMatchObject({
      ms: 8,
      unit: 'avx512vnni',
    });
    expect(limitOf(heavy, limits, xeon, 1, 'qgemm_u8s8_neon')).toMatchObject({ unit: 'amx' });
  });

  test('what only moves bytes is bound by memory, at the rate of that size', () => {
    expect(limitOf({ operations: 1e6, bytes: 1e6 }, limits, xeon, 1)).toBeUndefined();
    expect(limitOf({ operations: 0, bytes: 2e6 }, limits, xeon, 1)).toEqual({ ms: 0.2, by: 'memory' });
    expect(limitOf({ operations: 0, bytes: 1e9 }, limits, xeon, 1)?.ms).toBe(100);
    expect(limitOf({ operations: 0, bytes: 1e6 }, limits, xeon, 2)).toBeUndefined();
  });

  test('where units are not known, products have no limit, and copies still have one', () => {
    const other = environment('AMD EPYC', ['avx2']);
    expect(limitOf(heavy, limits, other, 1)).toBeUndefined();
    expect(limitOf(heavy, { copy: limits.copy }, environment('unknown', []), 1)).toBeUndefined();
    expect(limitOf({ operations: 0, bytes: 1e6 }, limits, other, 1)).toEqual({ ms: 0.01, by: 'memory' });
  });
});
