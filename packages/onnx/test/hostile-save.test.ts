import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GraphProto, loadOnnx, parseOnnx, readModel, saveOnnx, serializeOnnx } from '../src/index.ts';
import { attr, floats, model, node, rejection, value } from './models.ts';
import { dataOf, outside, outsideTensor, weights } from './outside-models.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halftone-hostile-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('saving over the files that are being read', () => {
  const big = Float32Array.from({ length: 1024 }, (_, i) => i);
  const bigModel = (location: string): Uint8Array => outside([['location', location]], [1024]);

  function beside(location: string): void {
    writeFileSync(at(location), new Uint8Array(big.buffer));
    writeFileSync(at('m.onnx'), bigModel(location));
  }

  for (const externalData of [false, true]) {
    for (const location of ['m.onnx.data', 'w.bin']) {
      test(`the model with its weights in ${location}, externalData ${externalData}`, async () => {
        beside(location);
        for (let i = 0; i < 2; i++)
          await saveOnnx(await loadOnnx(at('m.onnx')), at('m.onnx'), { externalData, overwrite: true });
        expect(dataOf(await loadOnnx(at('m.onnx')))).toEqual([...big]);
        expect(readdirSync(folder).filter((name) => /tmp|old/.test(name))).toEqual([]);
      });
    }
  }

  test('over the file of weights: they are in the new file', async () => {
    beside('w.bin');
    await saveOnnx(await loadOnnx(at('m.onnx')), at('w.bin'), { overwrite: true });
    expect(dataOf(await loadOnnx(at('w.bin')))).toEqual([...big]);
  });

  test('with weights where the new ones go: another name of the same file, read to its end before', async () => {
    beside('w.bin');
    linkSync(at('w.bin'), at('n.onnx.data'));
    await saveOnnx(await loadOnnx(at('m.onnx')), at('n.onnx'), { externalData: true, overwrite: true });
    expect(dataOf(await loadOnnx(at('n.onnx')))).toEqual([...big]);
    expect(dataOf(await loadOnnx(at('m.onnx')))).toEqual([...big]);
  });

  test('unasked, nothing is replaced', async () => {
    beside('m.onnx.data');
    const graph = await loadOnnx(at('m.onnx'));
    await rejection('HT_FILE', saveOnnx(graph, at('m.onnx'), { externalData: true }));
    await rejection('HT_FILE', saveOnnx(graph, at('w2/../m.onnx')));
    expect(Buffer.compare(readFileSync(at('m.onnx')), bigModel('m.onnx.data'))).toBe(0);
    expect(dataOf(graph)).toEqual([...big]);
  });

  test('a failed replacement of both leaves both as they were, and readable', async () => {
    beside('m.onnx.data');
    const graph = await loadOnnx(at('m.onnx'));
    mkdirSync(at('n.onnx'));
    writeFileSync(at('n.onnx.data'), 'old');
    await rejection('HT_FILE', saveOnnx(graph, at('n.onnx'), { externalData: true, overwrite: true }));
    expect(readFileSync(at('n.onnx.data'), 'utf8')).toBe('old');
    expect(dataOf(graph)).toEqual([...big]);
  });
});

describe('tensors in other files that no constant is made of', () => {
  const w = outsideTensor('v', [['location', 'w.bin']]);
  const inner: GraphProto = { initializer: [w], output: [value('v')] };
  const x = value('x');
  const run = (attribute: ReturnType<typeof attr.tensor>): GraphProto => ({
    input: [x],
    node: [node('F', ['x'], ['y'], [attribute])],
    output: [value('y')],
  });
  const sparse = { values: w, indices: floats('', [0], []), dims: [4] };
  const cases: Readonly<Record<string, Uint8Array>> = {
    'a subgraph': model(run(attr.graph('g', inner))),
    'a subgraph in a list': model(run({ name: 'g', type: 10, graphs: [{}, inner] })),
    'a sparse tensor of a subgraph': model(run(attr.graph('g', { sparseInitializer: [sparse] }))),
    'a tensor of a node in a subgraph': model(
      run(attr.graph('g', { node: [node('F', [], ['b'], [attr.tensor('t', w)])], output: [value('b')] })),
    ),
    'a tensor of an attribute': model(run(attr.tensor('t', w))),
    'a tensor in a list': model(run({ name: 't', type: 9, tensors: [w] })),
    'a sparse tensor of an attribute': model(run({ name: 't', type: 11, sparseTensor: sparse })),
    'a sparse initializer': model({ sparseInitializer: [sparse] }),
    'a function': model({}, 13, {
      functions: [{ name: 'f', node: [node('Constant', [], ['c'], [attr.tensor('value', w)])] }],
    }),
    'the default of a function': model({}, 13, {
      functions: [{ name: 'f', attributeProto: [attr.tensor('t', w)] }],
    }),
    'a graph for training': model({}, 13, { trainingInfo: [{ initialization: inner }] }),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    test(`${name}: not lost silently, and kept where no file was opened`, async () => {
      writeFileSync(at('w.bin'), weights);
      writeFileSync(at('m.onnx'), bytes);
      const graph = await loadOnnx(at('m.onnx'));
      await rejection('HT_UNSUPPORTED', saveOnnx(graph, at('out.onnx')));
      expect(readdirSync(folder).sort()).toEqual(['m.onnx', 'w.bin']);
      expect(serializeOnnx(parseOnnx(bytes))).toEqual(bytes);
    });
  }

  test('a tensor of a Constant node is a constant and comes along', async () => {
    writeFileSync(at('w.bin'), weights);
    writeFileSync(
      at('m.onnx'),
      model({ node: [node('Constant', [], ['w'], [attr.tensor('value', w)])], output: [value('w')] }),
    );
    await saveOnnx(await loadOnnx(at('m.onnx')), at('out.onnx'));
    expect(readModel(readFileSync(at('out.onnx'))).graph?.initializer?.[0]?.dataLocation ?? 0).toBe(0);
    expect(dataOf(await loadOnnx(at('out.onnx')))).toEqual([1, 2]);
  });
});
