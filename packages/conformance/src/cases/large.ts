// Cases of the sizes of real networks: blocking over caches is tested with them, and benchmarks time them.
import {
  type BlockGemmSpec,
  type OpName,
  type QConv2dSpec,
  type QGemmSpec,
  softmaxFactors,
  softmaxTable,
  type WindowSpec,
} from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { nameOfShape, short } from './shared.ts';

/** Marks the cases that a quick benchmark keeps. */
const quick = 'quick';

/** Multipliers that spread sums of this many products over the codes, where sums are scaled. */
function multiplier({ output }: Pick<QGemmSpec, 'output'>, products: number): Record<string, Recipe> {
  if (output.type === 'int32') return {};
  const typical = 1 / (64 * Math.sqrt(products));
  return { multiplier: { fill: 'log', lo: typical / 2, hi: typical * 2 } };
}

const zero: Recipe = { data: [0] };

/** Symmetric codes have the zero point 0: int8 weights, and int8 activations. */
function symmetric(types: Readonly<Record<string, string>>): Record<string, Recipe> {
  return Object.fromEntries(
    Object.entries(types).flatMap(([operand, dtype]) => (dtype === 'int8' ? [[operand, zero]] : [])),
  );
}

function product(
  [m, n, k]: readonly [number, number, number],
  change: Partial<QGemmSpec> = {},
  ...tags: readonly string[]
): Case<'qgemm'> {
  const spec: QGemmSpec = {
    batch: 1,
    m,
    n,
    k,
    a: 'uint8',
    b: 'int8',
    transposeB: false,
    bZeroPoint: 'per-tensor',
    bias: 'none',
    output: { type: 'int32' },
    ...change,
  };
  const layout = spec.transposeB ? '-nk' : '';
  return makeCase(
    'qgemm',
    `large/${m}x${n}x${k}${layout}/${short(spec.a, spec.b)}-${wayOut(spec)}`,
    spec,
    { ...symmetric({ aZeroPoint: spec.a, bZeroPoint: spec.b }), ...multiplier(spec, k) },
    ...tags,
  );
}

function wayOut({ output, bias }: Pick<QGemmSpec, 'output' | 'bias'>): string {
  const type = output.type === 'codes' ? short(output.dtype) : output.type === 'int32' ? 's32' : 'f32';
  return bias === 'none' ? type : `${type}-bias`;
}

const codes = { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-channel' } as const;
const floats = { type: 'float32', multiplier: 'per-channel' } as const;

function products(): readonly Case<'qgemm'>[] {
  return [
    product([64, 64, 64], {}, quick),
    product([32, 256, 256]),
    product([256, 256, 256]),
    product([1, 1024, 1024], {}, quick),
    product([1, 4096, 4096]),
    product([8, 4096, 4096]),
    product([128, 768, 768], {}, quick),
    product([384, 1024, 1024], {}, quick),
    product([1024, 1024, 1024]),
    product([512, 4096, 1024]),
    product([512, 1024, 4096]),
    product([2048, 2048, 2048]),
    product([384, 1024, 1024], { b: 'uint8' }),
    product([384, 1024, 1024], { a: 'int8' }, quick),
    product([384, 1024, 1024], { a: 'int8', b: 'uint8' }),
    product([1, 1024, 768], { a: 'int8', transposeB: true }, quick),
    product([64, 64, 64], { output: codes }),
    product([128, 768, 768], { output: codes }),
    product([384, 1024, 1024], { output: codes }, quick),
    product([384, 1024, 1024], { output: codes, bias: 'int32' }),
    product([1024, 1024, 1024], { output: codes }),
    product([512, 4096, 1024], { output: codes }),
    product([512, 1024, 4096], { output: codes }),
    product([384, 1024, 1024], { output: floats }),
  ];
}

/** Weights of 4 bits in blocks of 32, symmetric about the middle code. */
function blocks(
  [m, n, k]: readonly [number, number, number],
  change: Partial<BlockGemmSpec> = {},
  ...tags: readonly string[]
): Case<'blockGemm'> {
  const spec: BlockGemmSpec = {
    m,
    n,
    k,
    b: 'uint4',
    block: 32,
    layout: 'nbits',
    bias: false,
    computation: 'int8-block',
    ...change,
  };
  return makeCase(
    'blockGemm',
    `large/${m}x${n}x${k}/${short(spec.b)}-${spec.block}-${spec.computation}`,
    spec,
    { zeroPoint: { data: [spec.b === 'uint4' ? 0x88 : 128] } },
    ...tags,
  );
}

function blockProducts(): readonly Case<'blockGemm'>[] {
  return (['int8-block', 'dequant-f32', 'bf16'] as const).flatMap((computation) => [
    blocks([1, 1024, 1024], { computation }),
    blocks([1, 4096, 4096], { computation }, computation === 'int8-block' ? quick : ''),
    blocks([128, 768, 768], { computation }, quick),
    blocks([384, 1024, 1024], { computation }),
    blocks([384, 1024, 1024], { computation, block: 128 }),
    blocks([128, 768, 768], { computation, b: 'uint8' }),
  ]);
}

function convolution(
  name: string,
  geometry: Pick<QConv2dSpec, 'h' | 'c' | 'o' | 'kernel'> & Partial<QConv2dSpec>,
  ...tags: readonly string[]
): Case<'qconv2d'> {
  const { kernel, c, groups = 1 } = geometry;
  const pad = (kernel[0] - 1) / 2;
  const spec: QConv2dSpec = {
    n: 1,
    w: geometry.h,
    strides: [1, 1],
    pads: [pad, pad, pad, pad],
    dilations: [1, 1],
    groups,
    x: 'uint8',
    weights: 'int8',
    wZeroPoint: 'per-tensor',
    bias: 'int32',
    output: codes,
    ...geometry,
  };
  return makeCase(
    'qconv2d',
    `large/${name}/${short(spec.x, spec.weights)}-${wayOut(spec)}`,
    spec,
    {
      ...symmetric({ xZeroPoint: spec.x, wZeroPoint: spec.weights }),
      ...multiplier(spec, (kernel[0] * kernel[1] * c) / groups),
    },
    ...tags,
  );
}

function convolutions(): readonly Case<'qconv2d'>[] {
  const stem = { h: 224, c: 3, o: 64, kernel: [7, 7], strides: [2, 2] } as const;
  return [
    convolution('3x3-c64-56x56', { h: 56, c: 64, o: 64, kernel: [3, 3] }, quick),
    convolution('3x3-c256-14x14', { h: 14, c: 256, o: 256, kernel: [3, 3] }),
    convolution('1x1-c256-c1024-14x14', { h: 14, c: 256, o: 1024, kernel: [1, 1] }),
    convolution('7x7-stride2-c3-c64-224x224', stem),
    convolution('depthwise-3x3-c144-56x56', { h: 56, c: 144, o: 144, kernel: [3, 3], groups: 144 }, quick),
  ];
}

const sizes = [
  [65536, quick],
  [1048576, quick],
  [16777216, ''],
] as const;

/** What reads and writes every element once. */
function elementwise(): readonly Case[] {
  return sizes.flatMap(([size, tag]): Case[] => {
    const shape = [size / 256, 256];
    const name = `large/${nameOfShape(shape)}`;
    const zeroPoint: Recipe = { data: [128] };
    return [
      makeCase('quantize', `${name}/u8`, { shape, to: 'uint8' }, { zeroPoint }, tag),
      makeCase('dequantize', `${name}/u8`, { shape, from: 'uint8' }, { zeroPoint }, tag),
      makeCase(
        'requantize',
        `${name}/s8-columns`,
        { shape, to: 'int8', mode: 'ort-f32', axis: 1 },
        {
          x: { fill: 'uniform', lo: -1e6, hi: 1e6 },
          multiplier: { fill: 'log', lo: 2e-5, hi: 2e-4 },
          zeroPoint: zero,
        },
        size === 1048576 ? quick : '',
      ),
    ];
  });
}

/** A square image of 64 channels under a window of 3 x 3. */
function image(side: number): WindowSpec {
  return {
    n: 1,
    h: side,
    w: side,
    c: 64,
    kernel: [3, 3],
    strides: [1, 1],
    pads: [1, 1, 1, 1],
    dilations: [1, 1],
  };
}

function tables(): readonly Case[] {
  const shape = [4096, 256];
  const dtype = 'uint8';
  const factors: Recipe = { data: [0.5, 0.75, 11] };
  const { multiplier, shift } = softmaxFactors(1 / 256);
  return [
    makeCase('dynamicQuantize', 'large/4096x256', { shape }),
    makeCase('lut256', 'large/4096x256/u8', { shape, from: dtype, to: dtype }, {}, quick),
    makeCase(
      'qadd',
      'large/4096x256/u8',
      { aShape: shape, bShape: shape, dtype, mode: 'ort-x86' },
      { factors },
      quick,
    ),
    makeCase(
      'qsoftmax',
      'large/1536x128/u8',
      { outer: 1536, extent: 128, inner: 1, from: dtype, to: dtype, mode: 'tflite-double' },
      {
        table: { data: [...softmaxTable(0.1)] },
        multiplier: { data: [...multiplier] },
        shift: { data: [...shift!] },
        zeroPoint: zero,
      },
    ),
    makeCase('qmaxpool', 'large/3x3-stride2-c64-112x112/u8', { ...image(112), strides: [2, 2], dtype }),
    makeCase('im2col', 'large/3x3-c64-56x56/u8', { ...image(56), channels: [0, 64], dtype }),
    makeCase('gemm', 'large/256x256x256', {
      batch: 1,
      m: 256,
      n: 256,
      k: 256,
      transposeA: false,
      transposeB: false,
      bias: false,
    }),
  ];
}

/** Searching vectors: products of signs, and the first ten of what products give. */
function searches(): readonly Case[] {
  const signs = (m: number, n: number, k: number, tag = ''): Case =>
    makeCase('bgemm', `large/${m}x${n}x${k}`, { m, n, k }, {}, tag);
  const first = (outer: number, extent: number, dtype: 'int32' | 'float32', tag = ''): Case => {
    const spec = { dtype, outer, extent, inner: 1, k: 10, largest: true } as const;
    return makeCase(
      'topK',
      `large/${outer}x${extent}-first-10/${dtype}`,
      spec,
      { x: { fill: 'uniform' } },
      tag,
    );
  };
  return [
    signs(1, 1024, 1024, quick),
    signs(1, 100_000, 1024),
    signs(64, 1024, 1024),
    signs(512, 1024, 1024),
    signs(512, 1024, 4096, quick),
    first(1, 1024, 'int32', quick),
    first(1, 100_000, 'int32'),
    first(512, 1024, 'int32'),
    first(512, 1024, 'float32'),
  ];
}

let made: readonly Case[] | undefined;

/** The large cases, of every op or of one. Those tagged `quick` are a choice for a short benchmark. */
export function largeCases(op?: OpName): readonly Case[] {
  made ??= [
    ...products(),
    ...blockProducts(),
    ...convolutions(),
    ...elementwise(),
    ...tables(),
    ...searches(),
  ].map((item) => ({ ...item, tags: ['large', ...item.tags.filter((tag) => tag !== '')] }));
  return op === undefined ? made : made.filter((item) => item.op === op);
}
