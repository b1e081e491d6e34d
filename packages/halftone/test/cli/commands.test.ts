import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensor } from '@halftone/core';
import { type Graph, makeNode } from '@halftone/graph';
import { encodeTensor } from '@halftone/onnx';
import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeTensorAsNpy } from '../../src/data/npy.ts';
import { folder, foreign, halftone, json, noise, writeData, writeModel } from './support.ts';

async function pair(at: string): Promise<{ float: string; quantized: string; data: string; labels: string }> {
  const float = await writeModel(join(at, 'model.onnx'));
  const { data, labels } = await writeData(at);
  await json(['quantize', float, '--calibration', data]);
  return { float, quantized: join(at, 'model.int8.onnx'), data, labels };
}

describe('compare', () => {
  it('counts, with labels, and holds our integers against ONNX Runtime’s', async () => {
    const { float, quantized, data, labels } = await pair(await folder());
    const args = ['compare', float, quantized, '--data', data, '--labels', labels, '--backend', 'reference'];
    const result = await json(args);
    expect(result).toMatchObject({
      schemaVersion: 1,
      samples: 24,
      labelled: 24,
      bitEqual: 1,
      maxStep: 0,
      passed: true,
      maxDrop: null,
    });
    for (const model of [result['float'], result['quantized'], result['backend']]) {
      expect(model.top1).toBe(model.top1Count / 24);
      expect(model.top5).toBe(1);
      expect(model.crossEntropy).toBeGreaterThan(0);
      expect(model.latencyMs).toBeGreaterThan(0);
    }
    expect(result['backend'].top1Count).toBe(result['quantized'].top1Count);
    expect(result['agreement']).toBeGreaterThan(0.8);
    expect(result['cosine']).toBeGreaterThan(0.99);
    expect(result['sqnrDb']).toBeGreaterThan(15);
    const { stdout } = await halftone(args);
    for (const part of [
      `${result['float'].top1Count} of 24`,
      'top-5',
      'cross-entropy',
      '95 % interval',
      'a small set',
      'same answer',
      'cosine',
      'SQNR',
      'of the float file',
      '100.0 % of outputs equal',
      '0 step(s)',
    ]) {
      expect(stdout).toContain(part);
    }
  });

  it('is a gate: 1 past --max-drop, 0 within, 2 without labels', async () => {
    const at = await folder();
    const { float, data } = await pair(at);
    // Labels that are the float model's own answers, and a model that answers otherwise: each sample is lost.
    const logits = await json(['run', float, '--input', `input=${data}`]);
    const answers = Array.from({ length: 24 }, (_, i) => {
      const row = logits['outputs'][0].data.slice(4 * i, 4 * i + 4) as number[];
      return row.indexOf(Math.max(...row));
    });
    const labels = join(at, 'own.npy');
    await writeFile(labels, encodeTensorAsNpy(tensor('int32', answers)));
    const args = ['compare', float, float, '--data', data];
    expect((await halftone([...args, '--labels', labels, '--max-drop', '0'])).code).toBe(0);
    const { classifier } = await import('./support.ts');
    const graph = classifier();
    const negated: Graph = {
      ...graph,
      nodes: [
        ...graph.nodes.slice(0, -1),
        { ...graph.nodes.at(-1)!, outputs: ['l'] },
        makeNode('Sub', ['zero', 'l'], ['logits']),
      ],
      constants: new Map([
        ...graph.constants,
        [
          'zero',
          {
            name: 'zero',
            elementType: 'float32',
            shape: [],
            byteLength: 4,
            tensor: () => tensor('float32', [0], []),
          },
        ],
      ]),
    };
    const worse = await writeModel(join(at, 'worse.onnx'), negated);
    const bad = await json(
      ['compare', float, worse, '--data', data, '--labels', labels, '--max-drop', '99'],
      1,
    );
    expect(bad).toMatchObject({
      passed: false,
      float: { top1: 1 },
      quantized: { top1: 0 },
      difference: { points: -100, lost: 24, gained: 0 },
    });
    expect((await halftone([...args, '--max-drop', '1'])).code).toBe(2);
  });

  it('works without labels', async () => {
    const { float, quantized, data } = await pair(await folder());
    const result = await json(['compare', float, quantized, '--data', data, '--samples', '6']);
    expect([result['samples'], result['labelled'], result['float'].top1, result['difference']]).toEqual([
      6,
      0,
      undefined,
      undefined,
    ]);
  });

  it('refuses models with other outputs, unknown backends, missing data', async () => {
    const at = await folder();
    const { float, quantized, data } = await pair(at);
    expect((await halftone(['compare', float, quantized])).code).toBe(2);
    expect((await halftone(['compare', float, quantized, '--data', join(at, 'no.npy')])).code).toBe(1);
    expect(
      (await halftone(['compare', float, quantized, '--data', data, '--backend', 'refrence'])).code,
    ).toBe(2);
    const none = '@halftone/backend-that-nobody-installed';
    expect((await halftone(['compare', float, quantized, '--data', data, '--backend', none])).code).toBe(3);
  });
});

describe('run', () => {
  it('writes each output as an array, and prints it without -o', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const input = join(at, 'x.npy');
    await writeFile(input, encodeTensorAsNpy(noise([2, 3, 8, 8], 5)));
    const printed = await json(['run', model, '--input', `input=${input}`]);
    expect(printed).toMatchObject({
      backend: 'reference',
      exact: true,
      outputs: [{ name: 'logits', dtype: 'float32', shape: [2, 4] }],
    });
    const out = join(at, 'out');
    expect((await halftone(['run', model, '--input', `input=${input}`, '-o', out])).code).toBe(0);
    const array = decodeNpy(await readFile(join(out, 'logits.npy')), 'logits.npy');
    expect([array.shape, Array.from(array.data as Float32Array)]).toEqual([
      [2, 4],
      printed['outputs'][0].data,
    ]);
    expect((await halftone(['run', model, '--input', `input=${input}`, '-o', out])).code).toBe(1);
    expect((await halftone(['run', model, '--input', `input=${input}`, '-o', out, '--force'])).code).toBe(0);
    expect(await readdir(out)).toEqual(['logits.npy']);
  });

  it('refuses missing, unknown and malformed inputs with 2', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { data } = await writeData(at, 1);
    expect((await halftone(['run', model])).code).toBe(2);
    expect(
      (await halftone(['run', model, '--input', `input=${data}`, '--input', `other=${data}`])).code,
    ).toBe(2);
    expect((await halftone(['run', model, '--input', data])).code).toBe(2);
  });
});

describe('check', () => {
  async function testFolder(at: string, name: string, expected: readonly number[]): Promise<void> {
    const set = join(at, name, 'test_data_set_0');
    await mkdir(set, { recursive: true });
    const graph: Graph = {
      name,
      opset: 13,
      domains: new Map(),
      constants: new Map(),
      values: new Map(),
      inputs: [
        { name: 'x', elementType: 'float32', shape: [2] },
        { name: 's', elementType: 'float32', shape: [] },
        { name: 'z', elementType: 'uint8', shape: [] },
      ],
      outputs: [{ name: 'y', elementType: 'uint8', shape: [2] }],
      nodes: [makeNode('QuantizeLinear', ['x', 's', 'z'], ['y'])],
    };
    await writeModel(join(at, name, 'model.onnx'), graph);
    await writeFile(join(set, 'input_0.pb'), encodeTensor(tensor('float32', [1, 2.5]), 'x'));
    await writeFile(join(set, 'input_1.pb'), encodeTensor(tensor('float32', [1], []), 's'));
    await writeFile(join(set, 'input_2.pb'), encodeTensor(tensor('uint8', [7], []), 'z'));
    await writeFile(join(set, 'output_0.pb'), encodeTensor(tensor('uint8', expected), 'y'));
  }

  it('passes equal integers, and fails one that is off by one', async () => {
    const at = await folder();
    await testFolder(at, 'right', [8, 9]);
    expect(await json(['check', at])).toMatchObject({ passed: 1, failed: 0, backend: 'reference' });
    expect((await json(['check', join(at, 'right')]))['passed']).toBe(1);
    await testFolder(at, 'wrong', [8, 10]);
    const result = await json(['check', at], 1);
    expect(result).toMatchObject({ passed: 1, failed: 1 });
    expect(
      result['tests'].map((test: { name: string; passed: boolean }) => [test.name, test.passed]),
    ).toEqual([
      ['right', true],
      ['wrong', false],
    ]);
    expect(result['tests'][1].mismatches).toMatchObject([{ output: 'y', index: 1 }]);
    expect((await halftone(['check', join(at, 'right', 'model.onnx')])).code).toBe(1);
  });
});

describe('inspect and backends', () => {
  it('say what a model is made of and whether it runs', async () => {
    const at = await folder();
    const { quantized } = await pair(at);
    const result = await json(['inspect', quantized]);
    expect(result).toMatchObject({ runs: true, exact: true, opset: 13, opaque: [] });
    expect(result['operators']).toMatchObject({ Conv: 1, Gemm: 1 });
    expect(result['plan'].map((row: { op: string }) => row.op)).toEqual(
      expect.arrayContaining(['quantize', 'qconv2d', 'qavgpool', 'qgemm', 'dequantize']),
    );
    expect((await halftone(['inspect', quantized, '--plan'])).stdout).toContain('qconv2d');
    const odd = await writeModel(join(at, 'odd.onnx'), foreign());
    expect(await json(['inspect', odd])).toMatchObject({ runs: false, opaque: [{ op: 'Mystery' }] });
    expect((await halftone(['inspect', join(at, 'no.onnx')])).code).toBe(1);
  });

  it('list the reference as available and say how to get the others', async () => {
    const { backends } = await json(['backends']);
    const found = new Map(backends.map((row: { name: string }) => [row.name, row]));
    expect(found.get('reference')).toMatchObject({ available: true });
    expect([...found.keys()]).toEqual(expect.arrayContaining(['native', 'wasm', 'gpujs']));
  });
});

describe('the command', () => {
  it('helps with 0, knows its version, and answers wrong words with 2 and a suggestion', async () => {
    for (const args of [
      ['--help'],
      ['quantize', '--help'],
      ['compare', '--help'],
      ['run', '--help'],
      ['check', '--help'],
      ['inspect', '--help'],
      ['backends', '--help'],
      ['--version'],
    ]) {
      const { code, stdout, stderr } = await halftone(args);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.length).toBeGreaterThan(3);
    }
    for (const name of ['quantize', 'compare', 'run'])
      expect((await halftone([name, '--help'])).stdout).toContain(`halftone ${name} model`);
    const wrong = await halftone(['quantise']);
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain('quantize');
    expect((await halftone([])).code).toBe(2);
  });
});
