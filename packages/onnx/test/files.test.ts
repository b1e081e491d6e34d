import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tensor } from '@halftone/core';
import { constantOf, type Graph, makeNode } from '@halftone/graph';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { files as noFiles } from '../src/files-none.ts';
import { loadOnnx, parseOnnx, readModel, saveOnnx, serializeOnnx, type TensorProto } from '../src/index.ts';
import { attr, failure, floats, model, node, rejection, richModel, value } from './models.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halftone-onnx-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A model whose one constant, two floats, stands in another file. */
function outside(entries: Readonly<Record<string, string>>, name = 'w'): Uint8Array {
  const external: TensorProto = {
    name,
    dims: [2],
    dataType: 1,
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, text]) => ({ key, value: text })),
  };
  return model({
    input: [value('x')],
    initializer: [external],
    node: [node('Add', ['x', name], ['y'])],
    output: [value('y')],
  });
}

const weights = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

function dataOf(graph: Graph, name = 'w'): unknown {
  return [...(graph.constants.get(name)?.tensor().data ?? [])];
}

test('loads from a path, a URL and bytes', async () => {
  await writeFile(at('m.onnx'), richModel());
  for (const source of [at('m.onnx'), pathToFileURL(at('m.onnx')), richModel()]) {
    expect((await loadOnnx(source)).nodes).toHaveLength(4);
  }
  expect(await rejection('HT_FILE', loadOnnx(at('none.onnx')))).toMatchObject({ path: at('none.onnx') });
  await rejection('HT_FILE', loadOnnx(folder));
});

test('saves whole files and replaces none unasked', async () => {
  const graph = parseOnnx(richModel());
  await saveOnnx(graph, at('out.onnx'));
  expect(Buffer.compare(await readFile(at('out.onnx')), richModel())).toBe(0);
  await writeFile(at('out.onnx'), 'mine');
  expect(await rejection('HT_FILE', saveOnnx(graph, at('out.onnx')))).toMatchObject({ path: at('out.onnx') });
  expect(await readFile(at('out.onnx'), 'utf8')).toBe('mine');
  await saveOnnx(graph, at('out.onnx'), { overwrite: true });
  expect((await stat(at('out.onnx'))).size).toBe(richModel().length);
  await rejection('HT_FILE', saveOnnx(graph, at('no/such/folder.onnx')));
  expect(await readdir(folder)).toEqual(['out.onnx']);
});

test('a failed save leaves nothing behind', async () => {
  await mkdir(at('taken.onnx'));
  await rejection('HT_FILE', saveOnnx(bigGraph(), at('taken.onnx'), { externalData: true, overwrite: true }));
  expect(await readdir(folder)).toEqual(['taken.onnx']);
  await writeFile(at('taken.onnx.data'), 'old');
  await rejection('HT_FILE', saveOnnx(bigGraph(), at('taken.onnx'), { externalData: true, overwrite: true }));
  expect(await readFile(at('taken.onnx.data'), 'utf8')).toBe('old');
  await rm(at('taken.onnx.data'));
  await writeFile(at('m.onnx.data'), 'mine');
  await rejection('HT_FILE', saveOnnx(bigGraph(), at('m.onnx'), { externalData: true }));
  expect((await readdir(folder)).sort()).toEqual(['m.onnx.data', 'taken.onnx']);
  expect(await readFile(at('m.onnx.data'), 'utf8')).toBe('mine');
});

function bigGraph(): Graph {
  const random = (length: number, start: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => start + i / 7);
  return {
    name: 'big',
    opset: 13,
    domains: new Map(),
    inputs: [{ name: 'x', elementType: 'float32', shape: ['N', 1000] }],
    outputs: [{ name: 'y', elementType: 'float32', shape: ['N', 1000] }],
    nodes: [
      makeNode('Add', ['x', 'a'], ['t']),
      makeNode('Mul', ['t', 'b'], ['u']),
      makeNode('Add', ['u', 'small'], ['y']),
    ],
    constants: new Map([
      ['a', constantOf('a', tensor('float32', random(1000, 0)))],
      ['b', constantOf('b', tensor('float32', random(3000, 9), [3, 1000]))],
      ['small', constantOf('small', tensor('float32', [1, 2]))],
    ]),
    values: new Map(),
  };
}

test('weights in a second file: aligned, read back, brought in again', async () => {
  const graph = bigGraph();
  await saveOnnx(graph, at('m.onnx'), { externalData: true });
  const written = readModel(await readFile(at('m.onnx')));
  const places = written.graph?.initializer?.map(({ name, externalData }) => [
    name,
    Object.fromEntries((externalData ?? []).map(({ key = '', value = '' }) => [key, value])),
  ]);
  expect(places).toEqual([
    ['a', { location: 'm.onnx.data', offset: '0', length: '4000' }],
    ['b', { location: 'm.onnx.data', offset: '4096', length: '12000' }],
    ['small', {}],
  ]);
  expect((await stat(at('m.onnx.data'))).size).toBe(4096 + 12000);
  const back = await loadOnnx(at('m.onnx'));
  for (const [name, constant] of graph.constants)
    expect(back.constants.get(name)?.tensor()).toEqual(constant.tensor());
  expect(serializeOnnx(back)).toEqual(serializeOnnx(graph));
  await saveOnnx(back, at('copy.onnx'), { externalData: true });
  expect(await readFile(at('copy.onnx.data'))).toEqual(await readFile(at('m.onnx.data')));
  // the data file is replaced under a graph that still reads the old one
  await saveOnnx(await loadOnnx(at('copy.onnx')), at('copy.onnx'), { externalData: true, overwrite: true });
  expect(dataOf(await loadOnnx(at('copy.onnx')), 'b')).toEqual(dataOf(graph, 'b'));
});

test('weights of Constant nodes move out too', async () => {
  const large = floats(
    '',
    [512],
    Array.from({ length: 512 }, (_, i) => i),
  );
  const graph = parseOnnx(
    model({
      input: [value('x')],
      node: [node('Constant', [], ['c'], [attr.tensor('value', large)]), node('Add', ['x', 'c'], ['y'])],
      output: [value('y')],
    }),
  );
  await saveOnnx(graph, at('m.onnx'), { externalData: true });
  expect((await stat(at('m.onnx.data'))).size).toBe(2048);
  expect(dataOf(await loadOnnx(at('m.onnx')), 'c')).toEqual(dataOf(graph, 'c'));
});

test('ranges are read from the file beside the model, or from memory', async () => {
  await writeFile(at('w.bin'), weights);
  await writeFile(at('m.onnx'), outside({ location: 'w.bin', offset: '8', length: '8' }));
  expect(dataOf(await loadOnnx(at('m.onnx')))).toEqual([3, 4]);
  await mkdir(at('sub'));
  await writeFile(at('sub/w.bin'), weights);
  await writeFile(at('n.onnx'), outside({ location: 'sub/w.bin' }));
  expect(dataOf(await loadOnnx(at('n.onnx')))).toEqual([1, 2]);
  const bytes = outside({ location: 'w.bin', offset: '4' });
  expect(dataOf(await loadOnnx(bytes, { externalData: { 'w.bin': weights } }))).toEqual([2, 3]);
  await rejection('HT_FILE', loadOnnx(bytes, { externalData: {} }));
  await rejection('HT_MODEL_INVALID', loadOnnx(bytes, { externalData: { 'w.bin': weights.subarray(0, 8) } }));
});

test('without the file the model is read and written, its weights are not', () => {
  const bytes = outside({ location: 'w.bin' });
  const graph = parseOnnx(bytes);
  expect(serializeOnnx(graph)).toEqual(bytes);
  expect(failure('HT_FILE', () => graph.constants.get('w')?.tensor())).toMatchObject({
    tensor: 'w',
    location: 'w.bin',
    offset: 0,
    length: 8,
  });
});

test('locations that leave the folder are refused', async () => {
  await mkdir(at('inner'));
  await writeFile(at('secret'), weights);
  await writeFile(at('inner/w.bin'), weights);
  await symlink(at('secret'), at('inner/link'));
  await symlink(folder, at('inner/up'));
  await mkdir(at('inner/dir'));
  const load = async (location: string, more: Record<string, string> = {}): Promise<Graph> => {
    await writeFile(at('inner/m.onnx'), outside({ location, ...more }));
    return await loadOnnx(at('inner/m.onnx'));
  };
  for (const location of [
    '../secret',
    'dir/../../secret',
    at('secret'),
    'C:\\secret',
    '\\\\host\\secret',
    '..\\secret',
    '',
    'a\0b',
    'link',
    'up/secret',
    'dir',
    '.',
  ]) {
    expect([location, await rejection('HT_MODEL_INVALID', load(location))]).toMatchObject([
      location,
      { tensor: 'w' },
    ]);
  }
  await rejection('HT_FILE', load('missing'));
  expect(dataOf(await load('./w.bin'))).toEqual([1, 2]);
});

test('ranges that the file does not have are refused before anything is read', async () => {
  await writeFile(at('w.bin'), weights);
  const load = async (more: Record<string, string>): Promise<Graph> => {
    await writeFile(at('m.onnx'), outside({ location: 'w.bin', ...more }));
    return await loadOnnx(at('m.onnx'));
  };
  for (const more of [
    { offset: '9' },
    { offset: '9007199254740991' },
    { offset: '18446744073709551615' },
    { offset: '-4' },
    { offset: '1e3' },
    { offset: ' 4' },
    { length: '4' },
    { length: '16' },
    { length: '9999999999999999999' },
  ]) {
    expect([more, await rejection('HT_MODEL_INVALID', load(more))]).toMatchObject([
      more,
      { tensor: 'w', location: 'w.bin' },
    ]);
  }
});

test('a model that is a link may have its weights beside what it links to', async () => {
  await mkdir(at('blobs'));
  await mkdir(at('snapshot'));
  await writeFile(at('blobs/1'), outside({ location: 'w.bin' }));
  await writeFile(at('blobs/2'), weights);
  await symlink('../blobs/1', at('snapshot/m.onnx'));
  await symlink('../blobs/2', at('snapshot/w.bin'));
  expect(dataOf(await loadOnnx(at('snapshot/m.onnx')))).toEqual([1, 2]);
});

test('a file that changed after loading is not read', async () => {
  await writeFile(at('w.bin'), weights);
  await writeFile(at('m.onnx'), outside({ location: 'w.bin' }));
  const graph = await loadOnnx(at('m.onnx'));
  await writeFile(at('w.bin'), new Uint8Array(64));
  expect(failure('HT_FILE', () => graph.constants.get('w')?.tensor())['message']).toMatch('changed');
});

test('tensors of a subgraph in other files are not lost silently', async () => {
  const inner = {
    name: 'b',
    initializer: readModel(outside({ location: 'w.bin' }, 'v')).graph?.initializer ?? [],
    output: [value('v')],
  };
  await writeFile(
    at('m.onnx'),
    model({
      input: [value('x')],
      node: [node('If', ['x'], ['y'], [attr.graph('then_branch', inner)], { name: 'if' })],
      output: [value('y')],
    }),
  );
  const graph = await loadOnnx(at('m.onnx'));
  expect(await rejection('HT_UNSUPPORTED', saveOnnx(graph, at('out.onnx')))).toMatchObject({ node: 'if' });
});

test('without a file system every path is refused with a next step', () => {
  for (const act of [noFiles.pathOf, noFiles.read, noFiles.beside, noFiles.write] as (() => unknown)[]) {
    expect(failure('HT_UNAVAILABLE', () => act())['message']).toMatch('loadOnnx');
  }
});
