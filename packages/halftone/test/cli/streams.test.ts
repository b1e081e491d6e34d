import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, halftone, writeData, writeModel } from './support.ts';

describe('stdout and stderr', () => {
  it('hold no escape codes in a pipe, unless FORCE_COLOR asks for them', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const plain = await halftone(['inspect', model]);
    const silenced = await halftone(['inspect', model], { env: { NO_COLOR: '1' } });
    const forced = await halftone(['inspect', model], { env: { FORCE_COLOR: '1' } });
    expect(plain.stdout).not.toContain('\x1b');
    expect(silenced.stdout).toBe(plain.stdout);
    expect(forced.stdout).toContain('\x1b[');
  });

  it('keep errors apart: nothing on stdout, also with --json', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { data } = await writeData(at, 2);
    for (const [args, code] of [
      [['inspect', join(at, 'absent.onnx')], 1],
      [['compare', model, model, '--data', data, '--max-drop', '1'], 2],
      [['run', model], 2],
      [['check', at], 1],
      [['quantize', model, '--exclude', 'Nothing'], 2],
    ] as const) {
      const ran = await halftone([...args, '--json']);
      expect([ran.code, ran.stdout]).toEqual([code, '']);
      expect(ran.stderr).not.toBe('');
    }
  });

  it('stay empty with --quiet, and the file is written', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    expect(await halftone(['quantize', model, '--quiet'])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await readdir(at)).sort()).toEqual(['model.int8.onnx', 'model.onnx']);
    const { data, labels } = await writeData(at, 2);
    const compared = await halftone(['compare', model, model, '--data', data, '--labels', labels, '-q']);
    expect(compared).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('a reader that went away', () => {
  it('does not stop the work', async () => {
    const at = await folder();
    const models = [await writeModel(join(at, 'a.onnx')), await writeModel(join(at, 'b.onnx'))];
    const ran = await halftone(['quantize', ...models, '--dynamic'], { closed: true });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    // Both, and no draft between them.
    expect((await readdir(at)).sort()).toEqual(['a.int8.onnx', 'a.onnx', 'b.int8.onnx', 'b.onnx']);
  });
});
