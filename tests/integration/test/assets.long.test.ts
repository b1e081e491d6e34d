import { describe, expect, test } from 'vitest';
import { assets, compare, quantize, scratch, tasks } from './assets-support.ts';

describe.skipIf(assets === '')(
  'every model over its whole scored set',
  () => {
    const forms = Object.keys(tasks).flatMap((name) =>
      (['qdq', 'qoperator'] as const).map((format) => [name, format] as const),
    );
    test.each(forms)('%s, %s', async (name, format) => {
      const task = tasks[name]!;
      const { file } = await quantize(task, await scratch(), '--format', format);
      const { document } = await compare(task, file, '--backend', 'reference');
      expect(document).toMatchObject({ bitEqual: 1, maxStep: 0 });
      if (name.startsWith('mobilenet')) {
        expect(document['quantized'].top1Count).toBeGreaterThanOrEqual(74);
        expect(document['quantized'].crossEntropy).toBeLessThanOrEqual(1.9);
      } else expect(document['difference'].points).toBeGreaterThanOrEqual(-1);
    });
  },
  300_000,
);
