import { readFileSync } from 'node:fs';
import type { CodeType } from '../../src/dtype.ts';
import type { Scheme } from '../../src/numerics/params.ts';

interface OrtVectors {
  params: [
    min: number,
    max: number,
    dtype: CodeType,
    scheme: Scheme,
    reduce: boolean,
    scale: number,
    zero: number,
  ][];
  dynamic: [min: number, max: number, scale: number, zero: number][];
  quantize: { dtype: CodeType; scale: number; zeroPoint: number; x: number[]; codes: number[] }[];
  dequantize: { scale: number; codes: number[]; reals: number[] };
  requantize: {
    dtype: CodeType;
    scales: [a: number, b: number, y: number];
    zeroPoint: number;
    acc: number[];
    codes: number[];
  }[];
  bias: {
    bias: number[];
    inputScale: number;
    weightScale: number[];
    raisedScale: number[];
    scale: number[];
    codes: number[];
  }[];
}

/** Reads a file of test/data. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../data/${name}`, import.meta.url), 'utf8')) as T;
}

export const ort: OrtVectors = readVectors<OrtVectors>('ort-vectors.json');

/** f32 values of a list. */
export const f32 = (values: readonly number[]): number[] => Array.from(Float32Array.from(values));
