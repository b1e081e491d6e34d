import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensor } from '@halftone/core';
import { constantOf, type Graph, makeNode } from '@halftone/graph';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeTensorAsNpy } from '../../src/data/npy.ts';
import { folder, halftone, json, writeModel } from './support.ts';

/** Logits are the input times a matrix, so that every figure can be computed by hand. */
function linear(matrix: readonly (readonly number[])[]): Graph {
  const weights = tensor('float32', matrix.flat(), [3, 3]);
  return {
    name: 'linear',
    opset: 13,
    domains: new Map(),
    inputs: [{ name: 'x', elementType: 'float32', shape: ['N', 3] }],
    outputs: [{ name: 'y', elementType: 'float32', shape: ['N', 3] }],
    nodes: [makeNode('MatMul', ['x', 'w'], ['y'])],
    constants: new Map([['w', constantOf('w', weights)]]),
    values: new Map(),
  };
}

const rows = [
  [4, 1, 0],
  [0, 2, 1],
  [1, 0, 3],
  [2, 1, 0],
];
const labels = [0, 1, 2, 1];

function meanCrossEntropy(logits: readonly (readonly number[])[]): number {
  const losses = logits.map((row, i) => {
    const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
    return -Math.log(Math.exp(row[labels[i]!]!) / total);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

let at: string;
let float: string;
let other: string;
let worse: string;
let data: string;
let csv: string;

beforeAll(async () => {
  at = await folder();
  const identity = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  float = await writeModel(join(at, 'float.onnx'), linear(identity));
  other = await writeModel(
    join(at, 'other.onnx'),
    linear([
      [1, 0, 0],
      [0, 2.5, 0],
      [0, 0, 1],
    ]),
  );
  // Class 1 never wins: of the three that were right, one is lost.
  worse = await writeModel(
    join(at, 'worse.onnx'),
    linear([
      [1, 0, 0],
      [0, -1, 0],
      [0, 0, 1],
    ]),
  );
  data = join(at, 'x.npy');
  csv = join(at, 'labels.csv');
  await writeFile(data, encodeTensorAsNpy(tensor('float32', rows.flat(), [4, 3])));
  await writeFile(csv, `file,label\n${labels.map((label, i) => `${i},${label}`).join('\n')}\n`);
});

describe('compare, against figures by hand', () => {
  it('accuracy, cross-entropy, agreement, cosine, SQNR', async () => {
    const scaled = rows.map(([a, b, c]) => [a!, 2.5 * b!, c!]);
    const result = await json(['compare', float, other, '--data', data, '--labels', csv]);
    // The last sample goes from class 0 to class 1, which is its label.
    expect(result).toMatchObject({
      samples: 4,
      labelled: 4,
      float: { top1: 0.75, top1Count: 3, top5: 1 },
      quantized: { top1: 1, top1Count: 4 },
      difference: { points: 25, lost: 0, gained: 1 },
      agreement: 0.75,
    });
    expect(result['float'].crossEntropy).toBeCloseTo(meanCrossEntropy(rows), 5);
    expect(result['quantized'].crossEntropy).toBeCloseTo(meanCrossEntropy(scaled), 5);
    const [f, q] = [rows.flat(), scaled.flat()];
    const dot = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const noise = f.map((value, i) => value - q[i]!);
    expect(result['cosine']).toBeCloseTo(dot(f, q) / Math.sqrt(dot(f, f) * dot(q, q)), 6);
    expect(result['sqnrDb']).toBeCloseTo(10 * Math.log10(dot(f, f) / dot(noise, noise)), 5);
    expect(result['maxAbsError']).toBeCloseTo(3, 6);
  });

  it('equal models: nothing lost, no noise, and no steps where outputs are float', async () => {
    const result = await json(['compare', float, float, '--data', data, '--backend', 'reference']);
    expect(result).toMatchObject({ agreement: 1, sqnrDb: null, maxAbsError: 0, bitEqual: 1, maxStep: null });
    expect(result['cosine']).toBeCloseTo(1, 12);
  });

  it('passes a loss of just --max-drop points, and none above', async () => {
    const args = ['compare', float, worse, '--data', data, '--labels', csv];
    expect(await json([...args, '--max-drop', '25'])).toMatchObject({
      passed: true,
      difference: { points: -25, lost: 1, gained: 0 },
    });
    const past = await halftone([...args, '--max-drop', '24.9']);
    expect([past.code, past.stderr]).toEqual([1, '']);
    // A gain is no drop, and a gate stays one when nobody reads the result.
    expect(
      (await halftone(['compare', worse, float, '--data', data, '--labels', csv, '--max-drop', '0'])).code,
    ).toBe(0);
    expect((await halftone([...args, '--max-drop', '24.9'], { closed: true })).code).toBe(1);
    expect((await halftone([...args, '--max-drop', '24.9', '--quiet'])).code).toBe(1);
  });

  it('refuses labels past the classes, too few labels, and limits that are no number', async () => {
    const high = join(at, 'high.csv');
    await writeFile(high, '0,0\n1,1\n2,2\n3,3\n');
    const short = join(at, 'short.csv');
    await writeFile(short, '0,0\n');
    for (const file of [high, short])
      expect((await halftone(['compare', float, other, '--data', data, '--labels', file])).code).toBe(1);
    for (const limit of ['-1', '', 'one', 'NaN'])
      expect((await halftone(['compare', float, other, '--data', data, `--max-drop=${limit}`])).code).toBe(2);
  });

  it('takes the class of an image from its folder', async () => {
    const graph: Graph = {
      ...linear([
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ]),
      inputs: [{ name: 'x', elementType: 'float32', shape: ['N', 3, 4, 4] }],
      nodes: [
        makeNode('GlobalAveragePool', ['x'], ['p']),
        makeNode('Flatten', ['p'], ['f']),
        makeNode('MatMul', ['f', 'w'], ['y']),
      ],
    };
    const model = await writeModel(join(at, 'colours.onnx'), graph);
    // Sorted names: blue 0, green 1, red 2; the logits are the means of red, green and blue.
    for (const [name, background] of [
      ['red', { r: 200, g: 0, b: 0 }],
      ['green', { r: 0, g: 200, b: 0 }],
      ['blue', { r: 0, g: 0, b: 200 }],
    ] as const) {
      await mkdir(join(at, 'images', name), { recursive: true });
      await sharp({ create: { width: 4, height: 4, channels: 3, background } })
        .png()
        .toFile(join(at, 'images', name, '0.png'));
    }
    // The configuration beside the model is found without --preprocess.
    const config = { do_resize: false, do_center_crop: false, do_normalize: false, do_rescale: true };
    await writeFile(join(at, 'preprocessor_config.json'), JSON.stringify(config));
    const result = await json(['compare', model, model, '--data', join(at, 'images')]);
    expect(result).toMatchObject({ samples: 3, labelled: 3, float: { top1Count: 1 }, agreement: 1 });
  });
});
