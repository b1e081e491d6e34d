import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensor } from '@halftone/core';
import { constantOf, type Graph, makeNode } from '@halftone/graph';
import { encodeTensor } from '@halftone/onnx';
import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeTensorAsNpy } from '../../src/data/npy.ts';
import { zip } from '../data/fixtures.ts';
import { folder, halftone, json, noise, writeData, writeModel } from './support.ts';

/** y = x + 1, and what goes by the name of a path: x itself. */
function adder(): Graph {
  return {
    name: 'adder',
    opset: 13,
    domains: new Map(),
    inputs: [{ name: 'x', elementType: 'float32', shape: ['N', 2] }],
    outputs: [
      { name: '../y', elementType: 'float32', shape: ['N', 2] },
      { name: 'z', elementType: 'float32', shape: ['N', 2] },
    ],
    nodes: [makeNode('Add', ['x', 'one'], ['../y']), makeNode('Identity', ['x'], ['z'])],
    constants: new Map([['one', constantOf('one', tensor('float32', [1], []))]]),
    values: new Map(),
  };
}

describe('quantize', () => {
  it('calibrates on an .npz, whose samples --samples spreads evenly, and takes --scale, --mean and --std', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const data = join(at, 'set.npz');
    // Sample i is all i: the observed range of the input tells which samples were read.
    const values = Float32Array.from({ length: 10 * 192 }, (_, i) => Math.floor(i / 192));
    const x = encodeTensorAsNpy(tensor('float32', values, [10, 3, 8, 8]));
    const y = encodeTensorAsNpy(tensor('int32', new Int32Array(10)));
    await writeFile(
      data,
      zip([
        { name: 'x.npy', data: x },
        { name: 'y.npy', data: y },
      ]),
    );
    const range = async (...extra: string[]): Promise<unknown> => {
      const { report } = await json(['quantize', model, '--calibration', data, '--force', ...extra]);
      const input = report.tensors.find((entry: { name: string }) => entry.name === 'input');
      return [report.calibration.samples, input.min, input.max];
    };
    expect(await range()).toEqual([10, 0, 9]);
    expect(await range('--samples', '2')).toEqual([2, 0, 5]);
    expect(await range('--scale', '2', '--mean', '3', '--std', '1,1,5')).toEqual([10, -3, 15]);
  });

  it('leaves out nodes by name and operators by type, and says that the user wished it', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { data } = await writeData(at, 4);
    const left = async (...exclude: string[]): Promise<string[]> => {
      const args = exclude.flatMap((entry) => ['--exclude', entry]);
      const { report } = await json(['quantize', model, '--calibration', data, '--force', ...args]);
      const nodes: { name: string; quantized: boolean; reason?: { code: string } }[] = report.nodes;
      for (const node of nodes) expect(node.quantized).toBe(node.reason === undefined);
      return nodes.filter((node) => node.reason?.code === 'excluded').map((node) => node.name);
    };
    expect(await left()).toEqual([]);
    expect(await left('head')).toEqual(['head']);
    expect(await left('Conv')).toEqual(['features']);
    // With both, nothing of the model is left to quantize.
    const all = ['--exclude', 'Conv', '--exclude', 'head'];
    expect((await halftone(['quantize', model, '--calibration', data, '--force', ...all])).code).toBe(3);
  });

  it.each([
    ['no count', ['--samples', '0']],
    ['a list with a hole', ['--mean', '1,,2']],
    ['a list that ends early', ['--std', '1,2,']],
    ['a deviation of nothing', ['--std', '0']],
    ['means of other channels', ['--mean', '1,2']],
    ['no name', ['-o', '']],
    ['preprocessing of images for arrays', ['--preprocess', 'config.json']],
  ])('answers 2 to %s', async (_, extra) => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    const { data } = await writeData(at, 2);
    const before = await readdir(at);
    const { code, stdout } = await halftone(['quantize', model, '--calibration', data, ...extra]);
    expect([code, stdout]).toEqual([2, '']);
    expect(await readdir(at)).toEqual(before);
  });

  it('says in a line that it cannot write, and leaves nothing behind', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'));
    await mkdir(join(at, 'taken.onnx', 'model.int8.onnx'), { recursive: true });
    for (const args of [
      ['-o', join(model, 'inside.onnx')],
      ['-o', `${model}/`],
      ['-o', join(at, 'taken.onnx'), '--force'],
    ]) {
      const { code, stdout, stderr } = await halftone(['quantize', model, '--dynamic', ...args]);
      expect([code, stdout, stderr.trim().split('\n').length]).toEqual([1, '', 1]);
    }
    expect((await readdir(at)).sort()).toEqual(['model.onnx', 'taken.onnx']);
    expect(await readdir(join(at, 'taken.onnx'))).toEqual(['model.int8.onnx']);
  });

  it('does not write two models to one file', async () => {
    const at = await folder();
    for (const name of ['a', 'b', 'out']) await mkdir(join(at, name));
    const models = [await writeModel(join(at, 'a', 'm.onnx')), await writeModel(join(at, 'b', 'm.onnx'))];
    expect((await halftone(['quantize', ...models, '-o', join(at, 'out')])).code).toBe(2);
    expect(await readdir(join(at, 'out'))).toEqual([]);
  });
});

describe('run', () => {
  it('keeps outputs inside the folder, whatever their names, and gives a sample its batch axis', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'), adder());
    await writeFile(join(at, 'x.npy'), encodeTensorAsNpy(tensor('float32', [1, 2])));
    const input = ['--input', `x=${join(at, 'x.npy')}`];
    const result = await json(['run', model, ...input, '-o', join(at, 'out')]);
    expect(result['outputs']).toMatchObject([
      { name: '../y', shape: [1, 2] },
      { name: 'z', shape: [1, 2] },
    ]);
    expect((await readdir(at)).sort()).toEqual(['model.onnx', 'out', 'x.npy']);
    const files = await readdir(join(at, 'out'));
    expect(files).toHaveLength(2);
    const read = async (file: string): Promise<number[]> =>
      Array.from(decodeNpy(await readFile(file), file).data as Float32Array);
    expect(await read(result['outputs'][0].file)).toEqual([2, 3]);
    expect(await read(join(at, 'out', 'z.npy'))).toEqual([1, 2]);
  });

  it('answers 2 to an input named twice, 1 to arrays that do not fit and to a folder that is a file', async () => {
    const at = await folder();
    const model = await writeModel(join(at, 'model.onnx'), adder());
    const [good, bad] = [join(at, 'x.npy'), join(at, 'bad.npy')];
    await writeFile(good, encodeTensorAsNpy(tensor('float32', [1, 2])));
    await writeFile(bad, encodeTensorAsNpy(noise([5], 1)));
    expect((await halftone(['run', model, '--input', `x=${good}`, '--input', `x=${good}`])).code).toBe(2);
    for (const args of [[`x=${bad}`], [`x=${join(at, 'absent.npy')}`], [`x=${good}`, '-o', model]]) {
      const { code, stdout, stderr } = await halftone(['run', model, '--input', ...args]);
      expect([code, stdout, stderr.trim().split('\n').length]).toEqual([1, '', 1]);
    }
  });
});

describe('check', () => {
  async function testFolder(path: string, y: readonly number[] | Uint8Array | undefined): Promise<void> {
    await mkdir(join(path, 'test_data_set_0'), { recursive: true });
    const outputs = adder()
      .outputs.slice(0, 1)
      .map((output) => ({ ...output, name: 'y' }));
    const nodes = [makeNode('Add', ['x', 'one'], ['y'])];
    await writeModel(join(path, 'model.onnx'), { ...adder(), outputs, nodes });
    const file = (name: string): string => join(path, 'test_data_set_0', name);
    await writeFile(file('input_0.pb'), encodeTensor(tensor('float32', [0, 99], [1, 2]), 'x'));
    if (y === undefined) return;
    const isRaw = y instanceof Uint8Array;
    await writeFile(file('output_0.pb'), isRaw ? y : encodeTensor(tensor('float32', y, [1, 2]), 'y'));
  }

  it('takes floats within 1e-3 of the value and 1e-4, and goes on after a test that it cannot read', async () => {
    const at = await folder();
    await testFolder(join(at, 'a-near'), [1.0005, 100.09]);
    await testFolder(join(at, 'b-far'), [1.002, 100]);
    await testFolder(join(at, 'c-damaged'), Uint8Array.of(10, 200, 1));
    await testFolder(join(at, 'd-no-output'), undefined);
    await testFolder(join(at, 'e-not-a-number'), [1, Number.NaN]);
    await testFolder(join(at, 'f-equal'), [1, 100]);
    const result = await json(['check', at], 1);
    const verdicts: { name: string; passed: boolean }[] = result['tests'];
    // A test that compares nothing has not passed.
    expect(verdicts.map((verdict) => [verdict.name, verdict.passed])).toEqual([
      ['a-near', true],
      ['b-far', false],
      ['c-damaged', false],
      ['d-no-output', false],
      ['e-not-a-number', false],
      ['f-equal', true],
    ]);
    expect(result).toMatchObject({ passed: 2, failed: 4 });
    expect((await halftone(['check', join(at, 'a-near'), join(at, 'f-equal')])).code).toBe(0);
    expect((await halftone(['check', join(at, 'b-far')], { closed: true })).code).toBe(1);
  });
});
