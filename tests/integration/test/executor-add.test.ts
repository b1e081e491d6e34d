import { addFactors, codeRange, type CodeType, dtypes, roundHalfEven, type Tensor } from '@halftone/core';
import { describe, expect, it, test } from 'vitest';
import { expectOrt, Model, Random, runOrt, runOurs } from './executor-support.ts';

interface Parameters {
  readonly a: readonly [scale: number, zeroPoint: number];
  readonly b: readonly [scale: number, zeroPoint: number];
  readonly sum: readonly [scale: number, zeroPoint: number];
}

const cases: readonly Parameters[] = [
  { a: [0.1, 128], b: [0.1, 128], sum: [0.2, 128] },
  { a: [0.05, 128], b: [0.1, 128], sum: [0.3, 128] },
  { a: [0.0123, 7], b: [0.0456, 200], sum: [0.051, 31] },
];

function binary(
  op: 'Add' | 'Mul',
  dtype: CodeType,
  { a, b, sum }: Parameters,
  aShape: readonly number[],
  bShape: readonly number[],
): Model {
  const shift = dtype === 'int8' ? 128 : 0;
  const params = ([scale, zeroPoint]: readonly [number, number]): string[] => [
    model.float(scale),
    model.code(dtype, zeroPoint - shift),
  ];
  const model = new Model();
  const inputs = [
    model.input('a', dtype, aShape),
    ...params(a),
    model.input('b', dtype, bShape),
    ...params(b),
    ...params(sum),
  ];
  model.output(model.node(`com.microsoft.QLinear${op}`, inputs));
  return model;
}

/** Every pair of codes. */
function allPairs(dtype: CodeType): Record<'a' | 'b', Tensor> {
  const [min] = codeRange(dtype);
  const of = (code: (i: number) => number): Tensor => {
    const data = new dtypes[dtype].Array(65536);
    for (let i = 0; i < 65536; i++) data[i] = code(i) + min;
    return { dtype, shape: [65536], data } as unknown as Tensor;
  };
  return { a: of((i) => i >> 8), b: of((i) => i & 255) };
}

const { fround } = Math;

// ONNX Runtime's kernel is compiled to fused multiply-adds, b before a. The products of codes and f32 are exact in f64.
function fused(a: number, b: number, [ra, rb, c0]: Float32Array): number {
  return fround(a * ra! + fround(b * rb! + c0!));
}

describe('QLinearAdd over every pair of codes', () => {
  const both = cases.flatMap((params) =>
    (['uint8', 'int8'] as const).map((dtype) => [dtype, params] as const),
  );
  test.each(both)(
    '%s %o: ours rounds each step, ONNX Runtime fuses them; at most one step apart',
    async (dtype, params) => {
      const feeds = allPairs(dtype);
      const graph = binary('Add', dtype, params, [65536], [65536]).graph();
      const [ours] = Object.values(await runOurs(graph, feeds));
      const [theirs] = Object.values(await runOrt(graph, feeds, false));
      const shift = dtype === 'int8' ? 128 : 0;
      const scalar = ([scale, zeroPoint]: readonly [number, number]) => ({
        scale,
        zeroPoint: zeroPoint - shift,
      });
      const factors = addFactors('ort-x86', scalar(params.a), scalar(params.b), scalar(params.sum))
        .data as Float32Array;
      const [ra, rb, c0] = factors as unknown as [number, number, number];
      const [min, max] = codeRange(dtype);
      const code = (t: number): number => roundHalfEven(Math.min(max, Math.max(min, t))) + 0;
      let wrong = 0;
      let notFused = 0;
      let steps = 0;
      for (let i = 0; i < 65536; i++) {
        const [x, y] = [feeds.a.data[i] as number, feeds.b.data[i] as number];
        const [own, other] = [ours!.data[i] as number, theirs!.data[i] as number];
        if (own !== code(fround(fround(c0 + fround(x * ra)) + fround(y * rb)))) wrong++;
        if (other !== code(fused(x, y, factors))) notFused++;
        steps = Math.max(steps, Math.abs(own - other));
      }
      expect(wrong).toBe(0);
      expect(steps).toBeLessThanOrEqual(1);
      // Only where the processor has fused multiply-add does ONNX Runtime use it.
      if (process.arch === 'x64') expect(notFused).toBe(0);
    },
  );
});

describe('QLinearAdd, broadcast', () => {
  it.each([
    [
      [2, 3, 4, 5],
      [3, 1, 1],
    ],
    [
      [4, 1, 3],
      [2, 1],
    ],
    [[6], [2, 3, 1]],
  ])('[%s] and [%s]', async (a, b) => {
    const random = new Random(31);
    // Equal scales: both forms of the sum are exact, so that only the walk over memory is compared.
    const model = binary('Add', 'uint8', cases[0]!, a, b);
    await expectOrt(model, { a: random.codes('uint8', a), b: random.codes('uint8', b) });
  });
});

describe('QLinearMul over every pair of codes', () => {
  const both = cases.flatMap((params) =>
    (['uint8', 'int8'] as const).map((dtype) => [dtype, params] as const),
  );
  test.each(both)("%s %o: equals ONNX Runtime's", async (dtype, params) => {
    await expectOrt(binary('Mul', dtype, params, [65536], [65536]), allPairs(dtype));
  });

  test('broadcasts', async () => {
    const random = new Random(4);
    for (const [a, b] of [
      [[2, 3, 4], [4]],
      [
        [3, 1],
        [2, 1, 5],
      ],
    ] as const) {
      const feeds = { a: random.codes('uint8', a), b: random.codes('uint8', b) };
      await expectOrt(binary('Mul', 'uint8', cases[2]!, a, b), feeds);
    }
  });
});
