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
  bias: BiasVector[];
}

interface BiasVector {
  bias: number[];
  inputScale: number;
  weightScale: number[];
  raisedScale: number[];
  scale: number[];
  codes: number[];
}

interface ToolChoice {
  /** Also types that core may not have yet. */
  dtype: 'int8' | 'uint8' | 'int16' | 'uint16' | 'int4' | 'uint4';
  symmetric: boolean;
  reduceRange: boolean;
  scales: number[];
  zeroPoints: number[];
}

interface ToolVectors {
  params: { ranges: [min: number, max: number][]; answers: ToolChoice[] };
  weights: {
    shape: number[];
    values: number[];
    answers: (ToolChoice & { axis: number | null; codes: number[] })[];
  };
  bias: BiasVector[];
}

/** Reads a file of test/data. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../data/${name}`, import.meta.url), 'utf8')) as T;
}

export const ort: OrtVectors = readVectors<OrtVectors>('ort-vectors.json');

/** ONNX Runtime's quantization tool. */
export const tool: ToolVectors = readVectors<ToolVectors>('ort-tool-vectors.json');

/** f32 values of a list. */
export const f32 = (values: readonly number[]): number[] => Array.from(Float32Array.from(values));
