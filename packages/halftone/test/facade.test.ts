import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import {
  createSession,
  hostBackend,
  isHalftoneError,
  type OrtModule,
  ortRunner,
  parseOnnx,
  quantizeStatic,
  serializeOnnx,
  tensor,
} from '../src/index.ts';
import { classifier, foreign, noise } from './cli/support.ts';

const calibration = Array.from({ length: 20 }, (_, i) => ({ input: noise([1, 3, 8, 8], i + 1) }));
const input = noise([3, 3, 8, 8], 99);

describe('the facade', () => {
  it('quantizes the same on our executor as through ONNX Runtime, and runs what it made', async () => {
    const own = await quantizeStatic(classifier(), { calibration });
    const through = await quantizeStatic(classifier(), {
      calibration,
      runner: ortRunner(ort as unknown as OrtModule),
    });
    // Ranges may differ in the last bit of a float sum; what is quantized and how does not.
    expect(own.report.nodes).toEqual(through.report.nodes);
    own.report.tensors.forEach((entry, i) =>
      expect(entry.scale).toBeCloseTo(through.report.tensors[i]!.scale, 6),
    );
    const session = await createSession(parseOnnx(serializeOnnx(own.model)));
    expect([session.inputNames, session.outputNames, session.exact]).toEqual([['input'], ['logits'], true]);
    const { logits } = await session.run({ input });
    const float = await createSession(classifier());
    const { logits: expected } = await float.run({ input });
    expect(logits!.shape).toEqual([3, 4]);
    logits!.data.forEach((value, i) =>
      expect(Math.abs(Number(value) - Number(expected!.data[i]))).toBeLessThan(0.1),
    );
    await session.dispose();
    await float.dispose();
    await expect(session.run({ input })).rejects.toMatchObject({ code: 'HT_DISPOSED' });
  });

  it('our integers equal ONNX Runtime’s', async () => {
    const { model } = await quantizeStatic(classifier(), { calibration });
    const session = await createSession(model);
    const theirs = await ortRunner(ort as unknown as OrtModule).open(model, ['logits']);
    expect((await session.run({ input }))['logits']!.data).toEqual(
      (await theirs.run({ input }))['logits']!.data,
    );
    await session.dispose();
    await theirs.dispose();
  });

  it('takes backends in order, passes over those that are not here, and keeps the reference last', async () => {
    const missing = hostBackend({
      name: 'gone',
      device: '',
      numericClass: () => 'exact',
      ops: {},
      probe: async () => ({ available: false, reason: 'no device' }),
    });
    const partial = hostBackend({
      name: 'partial',
      device: '',
      numericClass: () => 'f32-relaxed',
      ops: { gemm: (_spec, io) => void (io['y']!.data as Float32Array).fill(7) },
    });
    const session = await createSession(classifier(), { backends: [missing, partial] });
    expect(session.unavailable).toHaveLength(1);
    expect(session.explain().map((row) => row.backend)).toContain('partial');
    expect(session.exact).toBe(false);
    expect(Array.from((await session.run({ input }))['logits']!.data as Float32Array)).toEqual(
      new Array(12).fill(7),
    );
    await session.dispose();
    await expect(createSession(classifier(), { backends: [partial], exact: true })).rejects.toMatchObject({
      code: 'HT_UNSUPPORTED',
    });
    await expect(createSession(classifier(), { backends: [partial], strict: true })).rejects.toMatchObject({
      code: 'HT_UNSUPPORTED',
    });
  });

  it('names what it cannot run, and what ONNX Runtime does not load', async () => {
    await expect(createSession(foreign())).rejects.toMatchObject({ code: 'HT_UNSUPPORTED' });
    const failed = await ortRunner(ort as unknown as OrtModule)
      .open(foreign(), ['logits'])
      .catch((error: unknown) => error);
    expect(isHalftoneError(failed, 'HT_MODEL_INVALID')).toBe(true);
    const runner = ortRunner(ort as unknown as OrtModule);
    const session = await runner.open(classifier(), ['logits']);
    await expect(session.run({ input: tensor('float32', [1]) })).rejects.toMatchObject({
      code: 'HT_MODEL_INVALID',
    });
    await session.dispose();
  });
});
