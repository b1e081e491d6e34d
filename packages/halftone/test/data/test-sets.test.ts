import { join } from 'node:path';
import { encodeTensor } from '@halftone/onnx';
import { tensor } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { findTestFolders, readTestInputs, readTestSet } from '../../src/data/test-sets.ts';
import { rejection, tempFolder } from './fixtures.ts';

const { path: root, write } = await tempFolder();
const bytesOf = (value: number, name?: string): Uint8Array =>
  encodeTensor(tensor('float32', Float32Array.of(value)), name);

async function folder(name: string, files: Record<string, Uint8Array>): Promise<string> {
  for (const [file, bytes] of Object.entries(files)) await write(`${name}/${file}`, bytes);
  return join(root, name);
}

describe('discovery', () => {
  it('finds a test folder, a set in it, and a parent of such folders', async () => {
    const sets = Object.fromEntries([0, 2, 10].map((n) => [`test_data_set_${n}/input_0.pb`, bytesOf(n)]));
    const one = await folder('all/test_b', { 'model.onnx': Uint8Array.of(), ...sets });
    const two = await folder('all/test_a', {
      'other.onnx': Uint8Array.of(),
      'test_data_set_0/output_0.pb': bytesOf(0),
    });
    await folder('all/notes', { 'readme.txt': Uint8Array.of() });
    const [own] = await findTestFolders(one);
    expect(own).toMatchObject({ path: one, model: join(one, 'model.onnx') });
    expect(own?.sets.map(({ path }) => path)).toEqual([0, 2, 10].map((n) => join(one, `test_data_set_${n}`)));
    expect(await findTestFolders(join(one, 'test_data_set_2'))).toMatchObject([
      {
        model: join(one, 'model.onnx'),
        sets: [{ inputs: [join(one, 'test_data_set_2/input_0.pb')], outputs: [] }],
      },
    ]);
    const parent = await findTestFolders(join(root, 'all'));
    expect(parent.map(({ path, model }) => [path, model])).toEqual([
      [two, join(two, 'other.onnx')],
      [one, join(one, 'model.onnx')],
    ]);
  });

  it('refuses folders without tests and sets with a gap', async () => {
    await folder('empty/x', { 'a.txt': Uint8Array.of() });
    await rejection(findTestFolders(join(root, 'empty')), 'HT_DATA_INVALID');
    const gap = await folder('gap/test_data_set_0', { 'input_0.pb': bytesOf(0), 'input_2.pb': bytesOf(2) });
    expect(await rejection(findTestFolders(gap), 'HT_DATA_INVALID')).toMatchObject({ missing: 'input_1.pb' });
    await rejection(findTestFolders(join(root, 'missing')), 'HT_FILE');
  });
});

describe('tensors', () => {
  const names = { inputs: ['a', 'b', 'c'], outputs: ['y'] };

  it('go by the names in the files where the model has them', async () => {
    const path = await folder('named', {
      'input_0.pb': bytesOf(1, 'c'),
      'input_1.pb': bytesOf(2, 'a'),
      'output_0.pb': bytesOf(3),
    });
    const [found] = await findTestFolders(path);
    const { feeds, outputs } = await readTestSet(found?.sets[0] as never, names);
    expect(feeds).toMatchObject({ c: { data: Float32Array.of(1) }, a: { data: Float32Array.of(2) } });
    expect(Object.keys(feeds)).toHaveLength(2);
    expect(outputs).toMatchObject({ y: { dtype: 'float32', shape: [1], data: Float32Array.of(3) } });
  });

  it('go by number where names are missing, foreign or repeated', async () => {
    const ways = { missing: ['', ''], foreign: ['a', 'z'], repeated: ['b', 'b'] };
    for (const [way, [first, second]] of Object.entries(ways)) {
      const path = await folder(way, { 'input_0.pb': bytesOf(1, first), 'input_1.pb': bytesOf(2, second) });
      const [found] = await findTestFolders(path);
      const feeds = await readTestInputs(found?.sets[0] as never, names.inputs);
      expect(feeds).toMatchObject({ a: { data: Float32Array.of(1) }, b: { data: Float32Array.of(2) } });
    }
  });

  it('are refused when damaged or too many', async () => {
    const path = await folder('bad', { 'input_0.pb': bytesOf(1).subarray(0, 3) });
    const [found] = await findTestFolders(path);
    const details = await rejection(readTestInputs(found?.sets[0] as never, names.inputs), 'HT_DATA_INVALID');
    expect(details).toMatchObject({ path: join(path, 'input_0.pb') });
    const [many] = await findTestFolders(
      await folder('many', { 'input_0.pb': bytesOf(1), 'input_1.pb': bytesOf(1) }),
    );
    await rejection(readTestInputs(many?.sets[0] as never, ['a']), 'HT_DATA_INVALID');
  });
});
