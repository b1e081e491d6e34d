import { describe, expect, it, test } from 'vitest';
import {
  broadcastShape,
  broadcastStrides,
  catalogue,
  isExactOp,
  isHalftoneError,
  numericClassOf,
  type OpDefinition,
  type OpName,
  opNames,
  windowOutput,
} from '../../src/index.ts';

const window = {
  n: 2,
  h: 5,
  w: 6,
  c: 4,
  kernel: [3, 2],
  strides: [2, 1],
  pads: [1, 0, 1, 1],
  dilations: [1, 1],
} as const;
const codes = { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-channel' } as const;
const qgemm = {
  batch: 2,
  m: 3,
  n: 4,
  k: 5,
  a: 'uint8',
  b: 'int8',
  transposeB: false,
  bZeroPoint: 'per-channel',
  bias: 'int32',
  output: codes,
} as const;
const blocks = {
  m: 2,
  n: 3,
  k: 40,
  b: 'uint4',
  block: 16,
  layout: 'nbits',
  bias: true,
  computation: 'int8-block',
} as const;
const qconv = {
  ...window,
  o: 6,
  groups: 2,
  x: 'uint8',
  weights: 'int8',
  wZeroPoint: 'per-tensor',
  bias: 'none',
  output: { type: 'int32' },
} as const;

/** A valid spec of each op, with the shapes of its operands and results. */
const valid: {
  readonly [O in OpName]: readonly [spec: object, shapes: Readonly<Record<string, readonly number[]>>];
} = {
  blockGemm: [blocks, { a: [2, 40], b: [3, 3, 8], scale: [3, 3], zeroPoint: [3, 2], bias: [3], y: [2, 3] }],
  quantize: [
    { shape: [2, 3], to: 'int8', axis: 1 },
    { x: [2, 3], scale: [3], zeroPoint: [3], y: [2, 3] },
  ],
  dequantize: [
    { shape: [2, 3], from: 'int32' },
    { x: [2, 3], scale: [1], y: [2, 3] },
  ],
  requantize: [
    { shape: [2, 3], to: 'uint8', mode: 'ort-f32', axis: 0 },
    { x: [2, 3], multiplier: [2], zeroPoint: [1], y: [2, 3] },
  ],
  qgemm: [
    qgemm,
    {
      a: [2, 3, 5],
      b: [2, 5, 4],
      aZeroPoint: [1],
      bZeroPoint: [4],
      bias: [4],
      multiplier: [4],
      zeroPoint: [1],
      y: [2, 3, 4],
    },
  ],
  im2col: [
    { ...window, dtype: 'uint8', channels: [1, 2] },
    { x: [2, 5, 6, 4], zeroPoint: [1], y: [2 * 3 * 6, 12] },
  ],
  qconv2d: [qconv, { x: [2, 5, 6, 4], w: [6, 3, 2, 2], xZeroPoint: [1], wZeroPoint: [1], y: [2, 3, 6, 6] }],
  qmaxpool: [
    { ...window, dtype: 'int8' },
    { x: [2, 5, 6, 4], y: [2, 3, 6, 4] },
  ],
  qavgpool: [
    { ...window, dtype: 'int8', to: 'int8', mode: 'ort-f32', countIncludePad: false },
    { x: [2, 5, 6, 4], xZeroPoint: [1], multiplier: [6], zeroPoint: [1], y: [2, 3, 6, 4] },
  ],
  qadd: [
    { aShape: [2, 1], bShape: [3], dtype: 'uint8', mode: 'ort-x86' },
    { a: [2, 1], b: [3], factors: [3], y: [2, 3] },
  ],
  qmul: [
    { aShape: [2, 1], bShape: [3], dtype: 'uint8', mode: 'tflite-double' },
    { a: [2, 1], b: [3], factors: [5], y: [2, 3] },
  ],
  qsoftmax: [
    { outer: 2, extent: 3, inner: 4, from: 'int8', to: 'uint8', mode: 'tflite-single' },
    { x: [2, 3, 4], table: [256], multiplier: [1], shift: [1], zeroPoint: [1], y: [2, 3, 4] },
  ],
  bgemm: [
    { m: 2, n: 3, k: 17 },
    { a: [2, 3], b: [3, 3], y: [2, 3] },
  ],
  topK: [
    { dtype: 'int32', outer: 2, extent: 5, inner: 4, k: 3, largest: true },
    { x: [2, 5, 4], values: [2, 3, 4], indices: [2, 3, 4] },
  ],
  lut256: [
    { shape: [7], from: 'uint8', to: 'int8' },
    { x: [7], table: [256], y: [7] },
  ],
  dynamicQuantize: [{ shape: [7] }, { x: [7], y: [7], scale: [1], zeroPoint: [1] }],
  conv2d: [
    { ...window, o: 4, groups: 4, bias: true },
    { x: [2, 5, 6, 4], w: [4, 3, 2, 1], bias: [4], y: [2, 3, 6, 4] },
  ],
  compare: [
    { function: 'less', dtype: 'int64', aShape: [2, 1], bShape: [3] },
    { a: [2, 1], b: [3], y: [2, 3] },
  ],
  logical: [
    { function: 'xor', aShape: [], bShape: [3] },
    { a: [], b: [3], y: [3] },
  ],
  where: [
    { dtype: 'uint16', conditionShape: [2, 1], aShape: [3], bShape: [], shape: [2, 3] },
    { condition: [2, 1], a: [3], b: [], y: [2, 3] },
  ],
  reduce: [
    { function: 'mean', shape: [2, 3, 4], axes: [0, 2] },
    { x: [2, 3, 4], y: [1, 3, 1] },
  ],
  argExtreme: [
    { largest: true, selectLast: false, dtype: 'int8', outer: 2, extent: 3, inner: 4 },
    { x: [2, 3, 4], y: [2, 1, 4] },
  ],
  normalize: [
    { outer: 2, extent: 3, centred: true, epsilon: 1e-5, statistics: true },
    { x: [2, 3], y: [2, 3], mean: [2], inverse: [2] },
  ],
  convTranspose2d: [
    { ...window, strides: [2, 1], outputPadding: [1, 0], o: 6, groups: 2, bias: true },
    { x: [2, 5, 6, 4], w: [6, 3, 2, 2], bias: [6], y: [2, 10, 6, 6] },
  ],
  resize: [
    {
      dtype: 'uint8',
      shape: [1, 4, 5, 2],
      axes: [{ axis: 1, extent: 8, scale: 2 }],
      mode: 'nearest',
      coordinates: 'asymmetric',
      nearest: 'floor',
      cubic: -0.75,
      excludeOutside: false,
      extrapolation: 0,
    },
    { x: [1, 4, 5, 2], y: [1, 8, 5, 2] },
  ],
  lstm: [
    { steps: 5, batch: 2, input: 3, hidden: 4, reverse: true, bias: true, peephole: true },
    {
      x: [5, 2, 3],
      w: [16, 3],
      r: [16, 4],
      h0: [2, 4],
      c0: [2, 4],
      bias: [32],
      peephole: [12],
      y: [5, 2, 4],
      h: [2, 4],
      c: [2, 4],
    },
  ],
  slice: [
    { dtype: 'int8', shape: [4, 3], starts: [3, 0], steps: [-1, 2], extents: [2, 2] },
    { x: [4, 3], y: [2, 2] },
  ],
  pad: [
    { dtype: 'bool', shape: [4, 3], before: [1, 0], after: [0, 2], mode: 'constant' },
    { x: [4, 3], value: [1], y: [5, 5] },
  ],
  expand: [
    { dtype: 'int64', shape: [4, 1], to: [2, 4, 3] },
    { x: [4, 1], y: [2, 4, 3] },
  ],
  gather: [
    { dtype: 'float32', indices: 'int32', outer: 2, extent: 3, inner: 5, count: 4 },
    { x: [2, 3, 5], indices: [4], y: [2, 4, 5] },
  ],
  gemm: [
    { batch: 1, m: 2, n: 3, k: 4, transposeA: true, transposeB: true, bias: false },
    { a: [1, 4, 2], b: [1, 3, 4], y: [1, 2, 3] },
  ],
  fakeQuantize: [
    { shape: [2, 3], dtype: 'int8' },
    { x: [2, 3], scale: [1], zeroPoint: [1], y: [2, 3] },
  ],
  binary: [
    { function: 'add', aShape: [2, 1], bShape: [3] },
    { a: [2, 1], b: [3], y: [2, 3] },
  ],
  unary: [
    { function: 'clamp', shape: [4], clamp: [0, 6] },
    { x: [4], y: [4] },
  ],
  softmax: [
    { outer: 2, extent: 3, inner: 4 },
    { x: [2, 3, 4], y: [2, 3, 4] },
  ],
  maxpool: [window, { x: [2, 5, 6, 4], y: [2, 3, 6, 4] }],
  avgpool: [
    { ...window, countIncludePad: true },
    { x: [2, 5, 6, 4], y: [2, 3, 6, 4] },
  ],
  cast: [
    { shape: [4], from: 'int32', to: 'float32' },
    { x: [4], y: [4] },
  ],
  transpose: [
    { dtype: 'int8', shape: [2, 3, 4], perm: [2, 0, 1] },
    { x: [2, 3, 4], y: [4, 2, 3] },
  ],
  concat: [
    { dtype: 'int32', outer: 2, extents: [3, 4] },
    { x0: [2, 3], x1: [2, 4], y: [2, 7] },
  ],
};

function definition(op: OpName): OpDefinition<object> {
  return catalogue[op] as OpDefinition<object>;
}

describe('the catalogue', () => {
  test.each(opNames)('%s names its operands and results', (op) => {
    const [spec, shapes] = valid[op];
    const defined = definition(op);
    expect(defined.name).toBe(op);
    defined.check(spec);
    const all = { ...defined.inputs(spec), ...defined.outputs(spec) };
    expect(Object.fromEntries(Object.entries(all).map(([operand, desc]) => [operand, desc.shape]))).toEqual(
      shapes,
    );
    expect(Object.keys(defined.inputs(spec))).toEqual(expect.arrayContaining([...(defined.packable ?? [])]));
  });

  const bad: readonly (readonly [OpName, object, string])[] = [
    ['quantize', { shape: [2], to: 'int8', axis: 1 }, 'HT_SHAPE_MISMATCH'],
    ['quantize', { shape: [2], to: 'int8', axis: -1 }, 'HT_SHAPE_MISMATCH'],
    ['quantize', { shape: [2], to: 'int3' }, 'HT_INVALID_ARGUMENT'],
    ['quantize', { shape: [2], to: 'int8', block: 2 }, 'HT_INVALID_ARGUMENT'],
    ['dequantize', { shape: [2], from: 'int8', axis: 0, block: 0 }, 'HT_INVALID_ARGUMENT'],
    ['dequantize', { shape: [2], from: 'float32' }, 'HT_INVALID_ARGUMENT'],
    ['fakeQuantize', { shape: [2], dtype: 'int8', axis: 1, block: 2 }, 'HT_SHAPE_MISMATCH'],
    ['requantize', { shape: [2], to: 'uint8', mode: 'ort-f32', clamp: [-1, 5] }, 'HT_INVALID_ARGUMENT'],
    ['requantize', { shape: [2], to: 'int8', mode: 'ort-f32', clamp: [5, 4] }, 'HT_INVALID_ARGUMENT'],
    ['qgemm', { ...qgemm, k: -1 }, 'HT_SHAPE_MISMATCH'],
    ['qgemm', { ...qgemm, bias: 'float32' }, 'HT_INVALID_ARGUMENT'],
    ['qgemm', { ...qgemm, output: { ...codes, clamp: [0, 256] } }, 'HT_INVALID_ARGUMENT'],
    ['bgemm', { m: 1, n: 1, k: -1 }, 'HT_SHAPE_MISMATCH'],
    ['bgemm', { m: 1, n: 1, k: 2147483648 }, 'HT_SHAPE_MISMATCH'],
    ['topK', { dtype: 'int32', outer: 1, extent: 2, inner: 1, k: 3, largest: true }, 'HT_SHAPE_MISMATCH'],
    ['topK', { dtype: 'int32', outer: 1, extent: 2, inner: 0.5, k: 1, largest: true }, 'HT_SHAPE_MISMATCH'],
    ['topK', { dtype: 'int64', outer: 1, extent: 2, inner: 1, k: 1, largest: true }, 'HT_INVALID_ARGUMENT'],
    ['blockGemm', { ...blocks, m: -1 }, 'HT_SHAPE_MISMATCH'],
    ['blockGemm', { ...blocks, block: 24 }, 'HT_INVALID_ARGUMENT'],
    ['blockGemm', { ...blocks, block: 512 }, 'HT_INVALID_ARGUMENT'],
    ['blockGemm', { ...blocks, b: 'int4' }, 'HT_INVALID_ARGUMENT'],
    ['blockGemm', { ...blocks, layout: 'columns' }, 'HT_INVALID_ARGUMENT'],
    ['blockGemm', { ...blocks, computation: 'f16' }, 'HT_INVALID_ARGUMENT'],
    ['qconv2d', { ...qconv, groups: 3 }, 'HT_SHAPE_MISMATCH'],
    ['qconv2d', { ...qconv, o: 5 }, 'HT_SHAPE_MISMATCH'],
    ['qconv2d', { ...qconv, strides: [0, 1] }, 'HT_INVALID_ARGUMENT'],
    ['conv2d', { ...window, o: 4, groups: 4, bias: true, pads: [-1, 0, 0, 0] }, 'HT_INVALID_ARGUMENT'],
    ['conv2d', { ...window, o: 4, groups: 4, bias: true, clamp: [1, 0] }, 'HT_INVALID_ARGUMENT'],
    ['im2col', { ...window, dtype: 'int8', channels: [3, 2] }, 'HT_SHAPE_MISMATCH'],
    ['binary', { function: 'add', aShape: [2], bShape: [3] }, 'HT_SHAPE_MISMATCH'],
    ['cast', { shape: [1], from: 'float32', to: 'float32' }, 'HT_INVALID_ARGUMENT'],
    ['transpose', { dtype: 'int8', shape: [2, 3], perm: [0, 0] }, 'HT_SHAPE_MISMATCH'],
    ['concat', { dtype: 'int8', outer: 1, extents: [] }, 'HT_INVALID_ARGUMENT'],
    ['concat', { dtype: 'int8', outer: 1, extents: [-2] }, 'HT_SHAPE_MISMATCH'],
    ['softmax', { outer: 1, extent: 1.5, inner: 1 }, 'HT_SHAPE_MISMATCH'],
  ];
  test.each(bad)('%s refuses %o', (op, spec, code) => {
    let error: unknown;
    try {
      definition(op).check(spec);
    } catch (caught) {
      error = caught;
    }
    expect(isHalftoneError(error) && error.code).toBe(code);
  });

  it('calls integer and moving ops exact, float sums not', () => {
    expect(
      ['qgemm', 'bgemm', 'topK', 'qconv2d', 'lut256', 'transpose', 'cast', 'fakeQuantize'].map((op) =>
        isExactOp(op as OpName),
      ),
    ).not.toContain(false);
    expect(['conv2d', 'gemm', 'softmax', 'avgpool'].map((op) => isExactOp(op as OpName))).not.toContain(true);
  });
});

describe('numericClassOf', () => {
  it('is what the backend declares, but where a formula leaves bits open', () => {
    expect(numericClassOf('qgemm', qgemm, 'exact')).toBe('exact');
    expect(numericClassOf('blockGemm', blocks, 'exact')).toBe('exact');
    for (const computation of ['dequant-f32', 'bf16'] as const)
      expect(numericClassOf('blockGemm', { ...blocks, computation }, 'exact')).toBe('f32-relaxed');
  });
});

describe('windowOutput', () => {
  it('counts the places where a window fits, over many geometries', () => {
    for (let size = 1; size <= 7; size++) {
      for (const kernel of [1, 2, 3]) {
        for (const stride of [1, 2, 3]) {
          for (const dilation of [1, 2]) {
            for (const [before, after] of [
              [0, 0],
              [1, 0],
              [2, 1],
            ] as const) {
              let count = 0;
              for (let at = -before; at + (kernel - 1) * dilation < size + after; at += stride) count++;
              const spec = {
                n: 1,
                h: size,
                w: 1,
                c: 1,
                kernel: [kernel, 1],
                strides: [stride, 1],
                pads: [before, 0, after, 0],
                dilations: [dilation, 1],
              } as const;
              expect(windowOutput(spec)).toEqual([count, 1]);
            }
          }
        }
      }
    }
  });
});

describe('broadcasting', () => {
  it('follows ONNX', () => {
    expect(broadcastShape('add', [3, 1, 5], [4, 1])).toEqual([3, 4, 5]);
    expect(broadcastShape('add', [], [2, 0])).toEqual([2, 0]);
    expect(broadcastStrides([3, 1, 5], [3, 4, 5])).toEqual([5, 0, 1]);
    expect(broadcastStrides([4, 1], [3, 4, 5])).toEqual([0, 1, 0]);
  });
});
