import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOnnx, saveOnnx } from '@halftone/onnx';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { classifier, folder, foreign, halftone, json, writeData, writeModel } from './support.ts';

describe('quantize', () => {
  it('calibrates, writes <model>.int8.onnx beside the model and says what it did', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { data } = await writeData(at);
    const before = await readFile(model);
    const result = await json(['quantize', model, '--calibration', data]);
    expect(result).toMatchObject({
      schemaVersion: 1,
      input: model,
      output: join(at, 'model.int8.onnx'),
      loadedInOnnxRuntime: true,
      quality: { samples: 24, inputs: 'data' },
      report: {
        method: 'minmax',
        format: 'qdq',
        counts: { nodes: 5, quantized: 5, float: 0 },
        calibration: { samples: 24 },
      },
    });
    expect(result['bytes']).toEqual({ before: before.length, after: (await stat(result['output'])).size });
    expect(result['quality'].cosine).toBeGreaterThan(0.99);
    expect((await loadOnnx(result['output'])).nodes.map((node) => node.op)).toContain('QuantizeLinear');
    expect(await readFile(model)).toEqual(before);
    expect((await readdir(at)).sort()).toEqual([
      'data-24.npy',
      'labels-24.npy',
      'model.int8.onnx',
      'model.onnx',
    ]);
  });

  it('prints path, sizes, method, nodes, quality and the next command on stdout, and nothing on stderr', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { data } = await writeData(at);
    const { code, stdout, stderr } = await halftone([
      'quantize',
      model,
      '--calibration',
      data,
      '--exclude',
      'Gemm',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    for (const part of [
      'model.int8.onnx',
      'of the float file',
      'minmax',
      '4 of 5',
      'Gemm head',
      'cosine',
      'SQNR',
      'ONNX Runtime',
      'halftone compare',
    ]) {
      expect(stdout).toContain(part);
    }
  });

  it('is dynamic without data, and says how to do better', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { code, stdout } = await halftone(['quantize', model]);
    expect(code).toBe(0);
    expect(stdout).toContain(`halftone quantize ${model} --calibration`);
    const written = await loadOnnx(join(at, 'model.int8.onnx'));
    expect(written.nodes.map((node) => node.op)).toContain('DynamicQuantizeLinear');
    const asked = await json(['quantize', model, '--dynamic', '-o', join(at, 'again.onnx')]);
    expect(asked).toMatchObject({
      report: { format: 'dynamic', calibration: null },
      quality: { inputs: 'random' },
    });
  });

  it('takes every choice that the help names', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { data } = await writeData(at);
    const choices = [
      '--weights',
      'uint8',
      '--activations',
      'int8',
      '--granularity',
      'per-tensor',
      '--method',
      'mean-minmax',
      '--reduce-range',
      '--format',
      'qoperator',
      '--samples',
      '8',
    ];
    const { report } = await json([
      'quantize',
      model,
      '--calibration',
      data,
      '-o',
      join(at, 'all.onnx'),
      ...choices,
    ]);
    expect(report).toMatchObject({
      method: 'mean-minmax',
      format: 'qoperator',
      weights: { dtype: 'uint8', granularity: 'per-tensor', reduceRange: true },
      activations: { dtype: 'int8' },
      calibration: { samples: 8 },
    });
    const qoperator = await json([
      'quantize',
      model,
      '--calibration',
      data,
      '--format',
      'qoperator',
      '-o',
      join(at, 'q.onnx'),
    ]);
    expect((await loadOnnx(qoperator['output'])).nodes.map((node) => node.op)).toContain('QLinearConv');
  });

  it('reads images with --preprocess, and never guesses without', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    await mkdir(join(at, 'images'));
    for (let i = 0; i < 4; i++) {
      const pixels = {
        create: { width: 8, height: 8, channels: 3, background: { r: 60 * i, g: 30, b: 200 } },
      } as const;
      await sharp(pixels)
        .png()
        .toFile(join(at, 'images', `${i}.png`));
    }
    const config = {
      do_resize: false,
      do_center_crop: false,
      do_normalize: true,
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
    };
    await writeFile(join(at, 'config.json'), JSON.stringify(config));
    const images = ['quantize', model, '--calibration', join(at, 'images')];
    expect((await halftone(images)).code).toBe(2);
    expect(
      (await json([...images, '--preprocess', join(at, 'config.json')]))['report'].calibration.samples,
    ).toBe(4);
  });

  it('takes models with weights in another file, and so does compare', async () => {
    const at = await folder();
    const model = join(at, 'model.onnx');
    await saveOnnx(classifier(), model, { externalData: true });
    expect((await readdir(at)).sort()).toEqual(['model.onnx', 'model.onnx.data']);
    const { data } = await writeData(at);
    const { output, loadedInOnnxRuntime, bytes } = await json(['quantize', model, '--calibration', data]);
    expect(loadedInOnnxRuntime).toBe(true);
    const [small, weights] = await Promise.all([stat(model), stat(`${model}.data`)]);
    // The file beside it has gaps between tensors, which are no weights.
    expect(bytes.before).toBeGreaterThan(small.size);
    expect(bytes.before).toBeLessThanOrEqual(small.size + weights.size);
    expect(bytes.after).toBe((await stat(output)).size);
    expect(await json(['compare', model, output, '--data', data, '--backend', 'reference'])).toMatchObject({
      bitEqual: 1,
      bytes: { float: bytes.before, quantized: bytes.after },
    });
    expect(await json(['inspect', model])).toMatchObject({ bytes: bytes.before });
  });

  it('writes several models into a folder', async () => {
    const at = await folder();
    const models = [await writeModel(join(at, 'a.onnx')), await writeModel(join(at, 'b.onnx'))];
    const { data } = await writeData(at);
    await mkdir(join(at, 'out'));
    const result = await json(['quantize', ...models, '--calibration', data, '-o', join(at, 'out')]);
    expect(result['models']).toHaveLength(2);
    expect((await readdir(join(at, 'out'))).sort()).toEqual(['a.int8.onnx', 'b.int8.onnx']);
    expect((await halftone(['quantize', ...models, '-o', join(at, 'one.onnx')])).code).toBe(2);
    const made = await json(['quantize', models[0]!, '--dynamic', '-o', `${join(at, 'new', 'folder')}/`]);
    expect(made['output']).toBe(join(at, 'new', 'folder', 'a.int8.onnx'));
  });
});

describe('quantize refuses', () => {
  it('to overwrite without --force', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    await writeFile(join(at, 'taken.onnx'), 'precious');
    const args = ['quantize', model, '--dynamic', '-o', join(at, 'taken.onnx')];
    expect((await halftone(args)).code).toBe(1);
    expect(await readFile(join(at, 'taken.onnx'), 'utf8')).toBe('precious');
    expect((await halftone([...args, '--force'])).code).toBe(0);
    expect((await halftone(['quantize', model, '--dynamic', '-o', model, '--force'])).code).toBe(2);
  });

  it.each([
    ['an unknown option', ['--calibraton', 'x']],
    ['an unknown choice', ['--weights', 'int9']],
    ['--dynamic with data', ['--dynamic', '--calibration', 'x.npy']],
    ['--samples without data', ['--samples', '3']],
    ['no number', ['--calibration', 'x.npy', '--samples', 'many']],
  ])('%s', async (_, extra) => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { code, stdout, stderr } = await halftone(['quantize', model, ...extra]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.length).toBeGreaterThan(0);
    expect(await readdir(at)).toEqual(['model.onnx']);
  });

  it('nodes to exclude that are not there', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { code, stderr } = await halftone(['quantize', model, '--exclude', 'heads']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean head');
    expect(await readdir(at)).toEqual(['model.onnx']);
  });

  it('damaged models, missing files and data that do not fit, and leaves nothing behind', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const bytes = await readFile(model);
    await writeFile(join(at, 'cut.onnx'), bytes.subarray(0, bytes.length - 40));
    await writeFile(join(at, 'odd.npy'), 'no array');
    const names = (await readdir(at)).sort();
    for (const args of [
      ['quantize', join(at, 'cut.onnx')],
      ['quantize', join(at, 'absent.onnx')],
      ['quantize', at],
      ['quantize', model, '--calibration', join(at, 'odd.npy')],
      ['quantize', model, '--dynamic', '-o', join(at, 'no', 'such', 'folder.onnx')],
    ]) {
      const { code, stdout, stderr } = await halftone(args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/HT_\w+/);
      expect(stderr).not.toContain('    at ');
    }
    expect((await readdir(at)).sort()).toEqual(names);
  });

  it('a model of operators that it does not know, with 3', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'), foreign());
    expect((await halftone(['quantize', model])).code).toBe(3);
  });
});
