import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { assets, compare, halftone, quantize, scratch, tasks } from './assets-support.ts';

describe.skipIf(assets === '')(
  'real models',
  () => {
    it('all operator tests of quantized ONNX pass', async () => {
      const { code, document } = await halftone('check', join(assets, 'onnx-node/quant-v1.12.0'));
      expect([code, document['passed'], document['failed']]).toEqual([0, 14, 0]);
    });

    it('all operator tests of float ONNX pass', async () => {
      const { code, document } = await halftone('check', join(assets, 'onnx-node/float-v1.21.0'));
      expect([code, document['passed'], document['failed']]).toEqual([0, 88, 0]);
    });

    const forms = ['mnist-8', 'kws_dscnn_float', 'resnet_4b'].flatMap((name) =>
      (['qdq', 'qoperator'] as const).map((format) => [name, format] as const),
    );
    test.each(forms)(
      '%s, %s: loads, and our codes equal ONNX Runtime’s on a part of the data',
      async (name, format) => {
        const task = tasks[name]!;
        const { file, document } = await quantize(task, await scratch(), '--format', format);
        expect(document['loadedInOnnxRuntime']).toBe(true);
        if (name === 'resnet_4b')
          expect(document['bytes'].after / document['bytes'].before).toBeLessThanOrEqual(0.3);
        const result = await compare(task, file, '--samples', '120', '--backend', 'reference');
        expect(result.document).toMatchObject({ samples: 120, bitEqual: 1, maxStep: 0 });
      },
    );

    it('a model with TFLite’s own scales gives equal codes', async () => {
      const task = tasks['kws_dscnn_float']!;
      const { document } = await compare(
        task,
        join(assets, 'models/kws_dscnn_int8_qdq.onnx'),
        '--samples',
        '120',
        '--backend',
        'reference',
      );
      expect(document).toMatchObject({ bitEqual: 1, maxStep: 0 });
    });

    it('MobileNet keeps at least 74 of 131 per channel, and collapses per tensor', async () => {
      const task = tasks['mobilenet_v1_0.25_224']!;
      const folder = await scratch();
      const { file, document } = await quantize(task, folder);
      expect(document['bytes'].after / document['bytes'].before).toBeLessThanOrEqual(0.3);
      const good = await compare(task, file);
      expect(good.document['float']).toMatchObject({ top1Count: 81, top5Count: 106 });
      expect(good.document['quantized'].top1Count).toBeGreaterThanOrEqual(74);
      expect(good.document['quantized'].crossEntropy).toBeLessThanOrEqual(1.9);
      const perTensor = await quantize(task, folder, '--granularity', 'per-tensor');
      const bad = await compare(task, perTensor.file, '--max-drop', '1');
      expect([bad.code, bad.document['passed']]).toEqual([1, false]);
      expect(bad.document['quantized'].top1).toBeLessThan(0.1);
    });
  },
  120_000,
);
