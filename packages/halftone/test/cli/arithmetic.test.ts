import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, halftone, writeData, writeModel } from './support.ts';

describe('arithmetic', () => {
  it('is a choice of run and compare', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { data } = await writeData(at, 8);
    const quantized = join(at, 'model.int8.onnx');
    expect((await halftone(['quantize', model, '--calibration', data, '-o', quantized])).code).toBe(0);
    const input = ['--input', `input=${data}`];

    const floats = await halftone(['run', quantized, ...input, '--json']);
    const integers = await halftone(['run', quantized, ...input, '--integer-only', '--json']);
    expect([floats.code, integers.code]).toEqual([0, 0]);
    const operations = [floats, integers].map(
      ({ stdout }) => JSON.parse(stdout)['floatOperations'] as number,
    );
    expect(operations[1]).toBeLessThan(operations[0]!);
    // Only the input is quantized, 8 x 3 x 8 x 8 elements, and the output dequantized, 8 x 4.
    expect(operations[1]).toBe(8 * 3 * 8 * 8 + 8 * 4);

    const compared = await halftone([
      'compare',
      model,
      quantized,
      '--data',
      data,
      '--arithmetic',
      'shift-floor',
      '--json',
    ]);
    const { backend, bitEqual } = JSON.parse(compared.stdout);
    expect([compared.code, backend.name]).toEqual([0, 'reference']);
    expect(bitEqual).toBeLessThan(1);
  });

  it('that is unknown, or of floats with --integer-only, is a usage error, and a float model unsupported', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { data } = await writeData(at, 2);
    const run = async (...more: string[]): Promise<number | null> =>
      (await halftone(['run', model, '--input', `input=${data}`, ...more])).code;
    expect(await run('--arithmetic', 'exact')).toBe(2);
    expect(await run('--arithmetic', 'ort', '--integer-only')).toBe(2);
    expect(await run('--integer-only')).toBe(3);
  });
});
