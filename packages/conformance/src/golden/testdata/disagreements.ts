// Made by golden/make.py with ONNX Runtime 1.30.0, onnx 1.23.1, numpy 2.4.6, seed 41.
import type { GoldenCase } from '../golden-case.ts';

export const disagreementsVectors: readonly GoldenCase[] = [
  {
    op: 'dynamicQuantize',
    name: 'evaluator-zeros',
    spec: { shape: [3] },
    inputs: { x: [0, 0, 0] },
    expected: { y: [0, 0, 0], scale: [1], zeroPoint: [0] },
    origin: 'follows ONNX Runtime 1.30.0; onnx 1.23.1\'s evaluator differs in 1 elements',
  },
  {
    op: 'dynamicQuantize',
    name: 'evaluator-nan',
    spec: { shape: [3] },
    inputs: { x: [NaN, 1, 2] },
    expected: { y: [0, 127, 255], scale: [0.007843137718737125], zeroPoint: [0] },
    origin: 'follows ONNX Runtime 1.30.0; onnx 1.23.1\'s evaluator differs in 4 elements',
  },
  {
    op: 'qgemm',
    name: 'evaluator-ties-1',
    spec: { batch: 1, transposeB: false, m: 4, n: 1, k: 1, a: 'uint8', b: 'uint8', bZeroPoint: 'per-tensor', bias: 'none', output: { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-tensor' } },
    inputs: { a: [1, 3, 5, 7], b: [1], aZeroPoint: [0], bZeroPoint: [0], multiplier: [0.5], zeroPoint: [1] },
    expected: { y: [1, 3, 3, 5] },
    origin: 'follows ONNX Runtime 1.30.0; onnx 1.23.1\'s evaluator differs in 4 elements',
  },
  {
    op: 'qconv2d',
    name: 'evaluator-ties-1',
    spec: { n: 1, h: 2, w: 2, c: 1, o: 1, groups: 1, kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], x: 'uint8', weights: 'uint8', wZeroPoint: 'per-tensor', bias: 'none', output: { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-tensor' } },
    inputs: { x: [1, 3, 5, 7], w: [1], xZeroPoint: [0], wZeroPoint: [0], multiplier: [0.5], zeroPoint: [1] },
    expected: { y: [1, 3, 3, 5] },
    origin: 'follows ONNX Runtime 1.30.0; onnx 1.23.1\'s evaluator differs in 4 elements',
  },
  {
    op: 'qgemm',
    name: 'evaluator-ties-113',
    spec: { batch: 1, transposeB: false, m: 4, n: 1, k: 1, a: 'uint8', b: 'uint8', bZeroPoint: 'per-tensor', bias: 'none', output: { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-tensor' } },
    inputs: { a: [1, 3, 5, 7], b: [1], aZeroPoint: [0], bZeroPoint: [0], multiplier: [0.5], zeroPoint: [113] },
    expected: { y: [113, 115, 115, 117] },
    origin: 'follows ONNX Runtime 1.30.0; onnx 1.23.1\'s evaluator differs in 4 elements',
  },
  {
    op: 'qconv2d',
    name: 'evaluator-ties-113',
    spec: { n: 1, h: 2, w: 2, c: 1, o: 1, groups: 1, kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], x: 'uint8', weights: 'uint8', wZeroPoint: 'per-tensor', bias: 'none', output: { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-tensor' } },
    inputs: { x: [1, 3, 5, 7], w: [1], xZeroPoint: [0], wZeroPoint: [0], multiplier: [0.5], zeroPoint: [113] },
    expected: { y: [113, 115, 115, 117] },
    origin: 'follows ONNX Runtime 1.30.0; onnx 1.23.1\'s evaluator differs in 4 elements',
  },
  {
    op: 'quantize',
    name: 'evaluator-special-int8',
    spec: { shape: [5], to: 'int8' },
    inputs: { x: [NaN, Infinity, -Infinity, 9.999999680285692e+37, -9.999999680285692e+37], scale: [0.10000000149011612], zeroPoint: [5] },
    expected: { y: [-128, 127, -128, 127, -128] },
    origin: 'follows ONNX Runtime 1.30.0; onnx 1.23.1\'s evaluator differs in 2 elements',
  },
  {
    op: 'quantize',
    name: 'evaluator-special-uint8',
    spec: { shape: [5], to: 'uint8' },
    inputs: { x: [NaN, Infinity, -Infinity, 9.999999680285692e+37, -9.999999680285692e+37], scale: [0.10000000149011612], zeroPoint: [5] },
    expected: { y: [0, 255, 0, 255, 0] },
    origin: 'follows ONNX Runtime 1.30.0; onnx 1.23.1\'s evaluator differs in 2 elements',
  },
];
