import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { openDataset } from '../src/data/dataset.ts';
import {
  type Arithmetic,
  createSession,
  type CreateSessionOptions,
  type Graph,
  isHalftoneError,
  loadOnnx,
  quantizeStatic,
  reference,
  type Tensor,
} from '../src/index.ts';
import { classifier, noise } from './cli/support.ts';
import { floatTrapped } from './float-trap.ts';

const assets = process.env['HALFTONE_ASSETS'] ?? '';
const fixed = ['tflite-double', 'tflite-single', 'shift-floor'] as const;
const calibration = Array.from({ length: 20 }, (_, i) => ({ input: noise([1, 3, 8, 8], i + 1) }));
const { model } = await quantizeStatic(classifier(), { calibration });
const input = noise([5, 3, 8, 8], 99);

async function refusal(graph: Graph, options: CreateSessionOptions): Promise<unknown> {
  return await createSession(graph, options).then(
    () => 'opened',
    (error: unknown) => (isHalftoneError(error) ? { code: error.code, ...error.details } : error),
  );
}

async function logits(options: CreateSessionOptions, graph: Graph = model): Promise<Tensor> {
  const session = await createSession(graph, options);
  const results = await session.run({ input });
  await session.dispose();
  return results['logits']!;
}

describe('integerOnly', () => {
  test.each(fixed)('runs %s without a float operation between input and output', async (arithmetic) => {
    const options = { arithmetic, integerOnly: true };
    const trapped = await logits({ ...options, backends: [floatTrapped(reference)], strict: true });
    expect(trapped).toEqual(await logits(options));
    const session = await createSession(model, options);
    const rows = session.explain();
    expect(rows.filter((row) => row.floatOperations > 0).map((row) => row.op)).toEqual([
      'quantize',
      'dequantize',
    ]);
    expect(session.exact).toBe(true);
    await session.dispose();
  });

  it('springs the trap with float multipliers', async () => {
    const backends = [floatTrapped(reference)];
    await expect(logits({ backends, strict: true })).rejects.toThrow('float');
  });

  it('is tflite-double where no arithmetic is given', async () => {
    expect(await logits({ integerOnly: true })).toEqual(await logits({ arithmetic: 'tflite-double' }));
  });

  it('names every node that computes in floats', async () => {
    const float = await refusal(classifier(), { integerOnly: true });
    expect(float).toMatchObject({ code: 'HT_UNSUPPORTED' });
    const { nodes } = float as { nodes: { name: string }[] };
    expect(nodes.map((node) => node.name).sort()).toEqual(['features', 'head', 'pool', 'rectify']);
    const { model: partly } = await quantizeStatic(classifier(), {
      calibration,
      exclude: ['head'],
    });
    expect(await refusal(partly, { integerOnly: true })).toMatchObject({
      code: 'HT_UNSUPPORTED',
      nodes: [{ name: expect.any(String) }, { op: 'Gemm' }],
    });
  });

  test.each([
    { arithmetic: 'ort' },
    { arithmetic: 'onnx-ref' },
    { arithmetic: 'exact' as Arithmetic },
  ] as const)('refuses %o', async (options) => {
    expect(await refusal(model, { ...options, integerOnly: true })).toMatchObject({
      code: 'HT_INVALID_ARGUMENT',
    });
  });
});

describe('arithmetic', () => {
  it('decides how codes round: the modes stay within a few steps of each other, and differ', async () => {
    const session = await createSession(model);
    const step = session.explain().find((row) => row.op === 'dequantize');
    expect(step).toBeDefined();
    await session.dispose();
    const expected = await logits({});
    const span = Math.max(...(expected.data as Float32Array).map(Math.abs));
    for (const arithmetic of ['onnx-ref', ...fixed] as const) {
      const got = await logits({ arithmetic });
      (got.data as Float32Array).forEach((value, i) =>
        expect(Math.abs(value - Number(expected.data[i]))).toBeLessThan(0.1 * span),
      );
    }
    expect(await logits({ arithmetic: 'shift-floor' })).not.toEqual(expected);
  });
});

describe.skipIf(assets === '')('keyword spotting with TensorFlow Lite’s own scales', () => {
  it('keeps 809 +- 2 of 900 in integers alone', { timeout: 120_000 }, async () => {
    const graph = await loadOnnx(join(assets, 'models/kws_dscnn_int8_qdq.onnx'));
    const [{ name, elementType, shape }] = graph.inputs as [Graph['inputs'][0]];
    const data = await openDataset(join(assets, 'kws/test.npz'), {
      inputs: [{ name, dtype: elementType!, shape }],
    });
    const session = await createSession(graph, {
      integerOnly: true,
      backends: [floatTrapped(reference)],
      strict: true,
    });
    let right = 0;
    for await (const { feeds, label } of data.samples()) {
      const [scores] = Object.values(await session.run(feeds));
      const values = scores!.data as Float32Array;
      if (values.indexOf(Math.max(...values)) === label) right++;
    }
    const rows = session.explain();
    expect(rows.filter((row) => row.floatOperations > 0).map((row) => row.op)).toEqual([
      'quantize',
      'dequantize',
    ]);
    await session.dispose();
    expect(right).toBeGreaterThanOrEqual(807);
    expect(right).toBeLessThanOrEqual(811);
  });
});
