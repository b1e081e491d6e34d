// Products by weights in blocks: MatMulNBits at each of its accuracy levels, and MatMul behind blocked DequantizeLinear.
import { heldAs, openBackend, quantizeNBits, quantizeTensor, type Tensor, tensor } from '@halftone/core';
import native from '@halftone/backend-native';
import { type Graph, GraphSession } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { backend, type Feeds, Model, Random, runOrt } from './executor-support.ts';

const available = (await native.probe()).available;

interface NBits {
  readonly bits?: 4 | 8;
  readonly block?: number;
  readonly symmetric?: boolean;
  readonly bias?: boolean;
  readonly level?: number;
  readonly k?: number;
}

const N = 37;

function nbits({ bits = 4, block = 32, symmetric = true, bias = false, level = 0, k = 96 }: NBits): Graph {
  const model = new Model(17);
  const x = model.input('x', 'float32', ['B', 'M', k]);
  const matrix = quantizeNBits(new Random(bits + block).floats([k, N]), { bits, block, symmetric });
  const count = Math.ceil(k / block);
  const inputs = [
    x,
    model.constant(tensor('uint8', matrix.packed, [N, count, (block * bits) / 8])),
    model.constant(tensor('float32', matrix.scale, [N, count])),
    matrix.zeroPoint
      ? model.constant(tensor('uint8', matrix.zeroPoint, [N, Math.ceil((count * bits) / 8)]))
      : '',
    '',
    bias ? model.constant(new Random(9).floats([N])) : '',
  ];
  while (inputs.at(-1) === '') inputs.pop();
  model.output(
    model.node('com.microsoft.MatMulNBits', inputs, {
      K: k,
      N,
      bits,
      block_size: block,
      accuracy_level: level,
    }),
  );
  return model.graph();
}

/** Where weights in blocks stand behind a DequantizeLinear. */
function dequantized(dtype: 'int4' | 'uint4' | 'int8' | 'uint8', axis: number, block: number): Graph {
  const model = new Model(21);
  const x = model.input('x', 'float32', ['M', 64]);
  const q = quantizeTensor(new Random(block).floats([64, N]), {
    dtype,
    scheme: 'asymmetric',
    granularity: { axis, block },
  });
  const add = (value: Tensor): string =>
    dtype === 'int4' || dtype === 'uint4' ? model.stored(dtype, value) : model.constant(value);
  const shape = [64, N].with(axis, Math.ceil([64, N][axis]! / block));
  const scale = model.constant(tensor('float32', q.scale, shape));
  const zeros = add(tensor(heldAs(dtype), [...q.zeroPoint!], shape));
  const w = model.node('DequantizeLinear', [add(q.codes), scale, zeros], { axis, block_size: block });
  model.output(model.node('MatMul', [x, w]));
  return model.graph();
}

/** Expects results of ours within `part` of the largest magnitude of ONNX Runtime's. */
async function expectNear(graph: Graph, feeds: Feeds, part: number, backends = [backend]): Promise<void> {
  const session = new GraphSession(graph, { backends });
  const [[name, got]] = Object.entries(await session.run(feeds)) as [[string, Tensor]];
  await session.dispose();
  const wanted = (await runOrt(graph, feeds))[name]!;
  expect(got.shape).toEqual(wanted.shape);
  const most = Math.max(...(wanted.data as Float32Array).map(Math.abs));
  expect(most).toBeGreaterThan(1);
  for (let i = 0; i < got.data.length; i++)
    expect(Math.abs(Number(got.data[i]) - Number(wanted.data[i]))).toBeLessThanOrEqual(part * most);
}

const forms: readonly NBits[] = [
  {},
  { block: 16 },
  { block: 128, k: 200 },
  { symmetric: false },
  { bias: true, symmetric: false, block: 64, k: 128 },
  { bits: 8 },
  { bits: 8, symmetric: false, bias: true },
];

describe.each(forms)('MatMulNBits %o', (form) => {
  const feeds = { x: new Random(3).floats([2, 3, form.k ?? 96]) };

  test.each([0, 1, 4])('at accuracy level %i is near that of ONNX Runtime', async (level) => {
    // Both sum in float32; at level 4 both take the same codes of A, and add blocks in another order.
    await expectNear(nbits({ ...form, level }), feeds, 2 ** -18);
  });

  test('at accuracy level 3 is as near as bfloat16 allows', async () => {
    await expectNear(nbits({ ...form, level: 3 }), feeds, 2 ** -7);
  });

  test.skipIf(!available)('runs on the native backend', async () => {
    const here = await openBackend(native, { threads: 1 });
    for (const [level, part] of [
      [0, 2 ** -18],
      [3, 2 ** -7],
      [4, 2 ** -18],
    ] as const)
      await expectNear(nbits({ ...form, level }), feeds, part, [here]);
    await here.dispose();
  });
});

test('explain() shows the op, and which computation is exact', () => {
  const rowOf = (level: number): readonly [string, string, boolean] => {
    const session = new GraphSession(nbits({ level }), { backends: [backend] });
    const [row] = session.explain();
    return [row!.op, row!.numericClass, session.exact];
  };
  expect(rowOf(0)).toEqual(['blockGemm', 'f32-relaxed', false]);
  expect(rowOf(3)).toEqual(['blockGemm', 'f32-relaxed', false]);
  expect(rowOf(4)).toEqual(['blockGemm', 'exact', true]);
});

test('an exact session takes level 4 and refuses what leaves bits open', () => {
  const open = (level: number): GraphSession =>
    new GraphSession(nbits({ level }), { backends: [backend], exact: true });
  expect(open(4).exact).toBe(true);
  expect(() => open(0)).toThrowError(expect.objectContaining({ code: 'HT_UNSUPPORTED' }));
});

test.each([
  ['another width', { bits: 2 }],
  ['a long block', { block_size: 512 }],
  ['an accuracy level that there is not', { accuracy_level: 5 }],
])('%s is refused', (_, change) => {
  const graph = nbits({});
  const [node] = graph.nodes;
  const changed = Object.entries(change).map(([name, value]) => [name, { type: 'int', value }] as const);
  const attributes = { ...node!.attributes, ...Object.fromEntries(changed) };
  const other = { ...graph, nodes: [{ ...node!, attributes }] } as Graph;
  expect(() => new GraphSession(other, { backends: [backend] })).toThrowError(
    expect.objectContaining({ code: 'HT_UNSUPPORTED' }),
  );
});

describe.each(['int4', 'uint4', 'int8', 'uint8'] as const)('MatMul by blocks of %s', (dtype) => {
  const feeds = { x: new Random(4).floats([5, 64]) };
  const ops = (graph: Graph, exact?: boolean): string[] =>
    new GraphSession(graph, { backends: [backend], exact }).explain().map(({ op }) => op);

  test.each([16, 32])('of %i along K stays on its codes', async (block) => {
    const graph = dequantized(dtype, 0, block);
    expect(ops(graph)).toEqual(['blockGemm']);
    await expectNear(graph, feeds, 2 ** -18);
  });

  test('becomes floats where blocks run along N, are short, or every bit is asked for', async () => {
    expect(ops(dequantized(dtype, 1, 16))).toEqual(['gemm']);
    expect(ops(dequantized(dtype, 0, 8))).toEqual(['gemm']);
    expect(ops(dequantized(dtype, 0, 16), true)).toEqual(['gemm']);
  });
});
