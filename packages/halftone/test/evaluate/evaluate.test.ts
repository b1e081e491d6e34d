import { isHalftoneError, type Tensor, tensor } from '@halftone/core';
import { constantOf, makeNode } from '@halftone/graph';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/data/dataset.ts';
import { argmax, Classification, crossEntropy, pairedDifference } from '../../src/evaluate/classification.ts';
import { CodeComparison, outputSteps } from '../../src/evaluate/codes.ts';
import { compareModels, median } from '../../src/evaluate/compare.ts';
import { mismatch } from '../../src/evaluate/conformity.ts';
import { randomFeeds } from '../../src/evaluate/quality.ts';
import { Similarity } from '../../src/evaluate/similarity.ts';
import { classifier } from '../cli/support.ts';

describe('classification', () => {
  it('takes the first of equal answers', () => {
    expect([argmax([1, 3, 3]), argmax([-1]), argmax([])]).toEqual([1, 0, -1]);
  });

  it('counts top-1 and top-5 as argmax does where answers are equal', () => {
    const score = new Classification();
    expect([score.add([1, 3, 3], 1), score.add([1, 3, 3], 2)]).toEqual([true, false]);
    score.add([9, 8, 7, 6, 5, 4], 4);
    score.add([9, 8, 7, 6, 5, 4], 5);
    expect(score.summary()).toMatchObject({ top1Count: 1, top1: 0.25, top5Count: 3, top5: 0.75 });
  });

  it('cross-entropy is exact where it has a closed form, and does not overflow', () => {
    expect(crossEntropy([0, 0, 0, 0], 2)).toBeCloseTo(Math.log(4), 14);
    expect(crossEntropy([0, Math.log(3)], 1)).toBeCloseTo(Math.log(4 / 3), 14);
    expect(crossEntropy([1000, 0], 0)).toBe(0);
    expect(crossEntropy([1000, 0], 1)).toBe(1000);
    const score = new Classification();
    score.add([0, 0], 0);
    score.add([1000, 0], 0);
    expect(score.summary().crossEntropy).toBeCloseTo(Math.log(2) / 2, 14);
  });

  it('the paired interval is that of Agresti and Min', () => {
    const { points, interval, lost, gained } = pairedDifference(100, 5, 2);
    expect([points, lost, gained]).toEqual([-3, 5, 2]);
    // d = -3 / 102, error = sqrt(5 + 2 + 1 - 9 / 102) / 102
    const d = -3 / 102;
    const error = Math.sqrt(8 - 9 / 102) / 102;
    expect(interval[0]).toBeCloseTo(100 * (d - 1.96 * error), 10);
    expect(interval[1]).toBeCloseTo(100 * (d + 1.96 * error), 10);
    expect(pairedDifference(50, 0, 0).interval[0]).toBeLessThan(0);
  });
});

describe('similarity', () => {
  it('of a stream is that of the whole', () => {
    const similarity = new Similarity();
    similarity.add([3, 0], [3, 1]);
    similarity.add([0, 4], [0, 4]);
    expect(similarity.cosine).toBeCloseTo(25 / Math.sqrt(25 * 26), 14);
    expect(similarity.sqnrDb).toBeCloseTo(10 * Math.log10(25), 12);
    expect([similarity.maxAbsError, similarity.count]).toEqual([1, 4]);
  });

  it('knows zeros and equality', () => {
    const equal = new Similarity();
    equal.add([0, 0], [0, 0]);
    expect([equal.cosine, equal.sqnrDb]).toEqual([1, Infinity]);
    const gone = new Similarity();
    gone.add([1, 2], [0, 0]);
    expect(gone.cosine).toBe(0);
  });
});

describe('codes', () => {
  it('are compared to the bit, and differences counted in steps', () => {
    const codes = new CodeComparison();
    codes.add(tensor('float32', [1, 2, Number.NaN, 0]), tensor('float32', [1, 1, Number.NaN, -0]), 0.5);
    expect([codes.share, codes.maxStep, codes.maxAbsError]).toEqual([0.75, 2, 1]);
    codes.add(tensor('int64', [5n]), tensor('int64', [5n]), undefined);
    expect([codes.equal, codes.elements, codes.maxStep]).toEqual([4, 5, undefined]);
    expect(new CodeComparison().share).toBe(1);
  });

  it('find the step of an output through what only passes it on', () => {
    const graph = classifier();
    const nodes = [
      makeNode('DequantizeLinear', ['q', 's'], ['d']),
      makeNode('Identity', ['d'], ['i']),
      makeNode('Flatten', ['i'], ['logits']),
      makeNode('Relu', ['d'], ['other']),
    ];
    const outputs = [
      ...graph.outputs,
      { name: 'other', elementType: 'float32' as const, shape: [1] },
      { name: 'q', elementType: 'uint8' as const, shape: [1] },
    ];
    const constants = new Map([['s', constantOf('s', tensor('float32', [0.25], []))]]);
    expect([...outputSteps({ ...graph, nodes, outputs, constants })]).toEqual([
      ['logits', 0.25],
      ['q', 1],
    ]);
  });
});

describe('mismatch', () => {
  const f = (...values: number[]): Tensor => tensor('float32', values);
  it('is exact for integers and tolerant for floats', () => {
    expect(mismatch('y', tensor('uint8', [1, 2]), tensor('uint8', [1, 3]))).toMatchObject({ index: 1 });
    expect(mismatch('y', f(1000), f(1001))).toBeUndefined();
    expect(mismatch('y', f(1000), f(1001.2))).toMatchObject({ index: 0 });
    expect(mismatch('y', f(0), f(0.00009))).toBeUndefined();
    expect(mismatch('y', f(0), f(0.0002))).toBeDefined();
  });

  it('knows NaN and infinity, dtypes, shapes and what is missing', () => {
    expect(mismatch('y', f(Number.NaN, Infinity), f(Number.NaN, Infinity))).toBeUndefined();
    expect(mismatch('y', f(1), f(Number.NaN))).toBeDefined();
    expect(mismatch('y', f(Number.NaN), f(1))).toBeDefined();
    expect(mismatch('y', f(Infinity), f(-Infinity))).toBeDefined();
    expect(mismatch('y', f(1), tensor('int32', [1]))).toBeDefined();
    expect(mismatch('y', f(1), tensor('float32', [1], [1, 1]))).toBeDefined();
    expect(mismatch('y', f(1), undefined)).toBeDefined();
  });
});

describe('compareModels', () => {
  const stub = (answers: readonly (readonly number[])[]) => {
    let next = 0;
    return { run: async () => ({ logits: tensor('float32', answers[next++ % answers.length]!, [1, 2]) }) };
  };
  async function* samples(labels: readonly (number | undefined)[]): AsyncGenerator<Sample> {
    for (const [i, label] of labels.entries())
      yield { id: String(i), feeds: {}, ...(label === undefined ? {} : { label }) };
  }
  const options = { outputs: ['logits'], outputSteps: new Map([['logits', 0.5]]) };

  it('pairs answers sample by sample', async () => {
    const float = stub([
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ]);
    const quantized = stub([
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
    ]);
    const own = stub([
      [1, 0],
      [1.5, 0],
      [0, 1],
      [0, 1],
    ]);
    const result = await compareModels({ ...options, float, quantized, own, samples: samples([0, 1, 1, 1]) });
    expect(result).toMatchObject({
      samples: 4,
      labelled: 4,
      agreement: 0.5,
      float: { top1: 0.75 },
      quantized: { top1: 0.75 },
      difference: { points: 0, lost: 1, gained: 1 },
      own: { bitEqual: 0.875, maxStep: 1 },
    });
  });

  it('refuses labels past the classes, no samples, and a missing output', async () => {
    const code = async (run: Promise<unknown>): Promise<unknown> =>
      run.catch((error: unknown) => isHalftoneError(error) && error.code);
    const models = { float: stub([[1, 0]]), quantized: stub([[1, 0]]) };
    expect(await code(compareModels({ ...options, ...models, samples: samples([2]) }))).toBe(
      'HT_DATA_INVALID',
    );
    expect(await code(compareModels({ ...options, ...models, samples: samples([]) }))).toBe(
      'HT_DATA_INVALID',
    );
    expect(
      await code(compareModels({ ...options, ...models, outputs: ['other'], samples: samples([0]) })),
    ).toBe('HT_DATA_INVALID');
    const stopped = AbortSignal.abort(new Error('stop'));
    await expect(
      compareModels({ ...options, ...models, samples: samples([0]), signal: stopped }),
    ).rejects.toThrow('stop');
  });

  it('median takes the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  });
});

describe('randomFeeds', () => {
  it('repeat for a seed, fit the inputs and stay in range', () => {
    const graph = classifier();
    const [a] = [...randomFeeds(graph, 1, 7)];
    const [b] = [...randomFeeds(graph, 1, 7)];
    const [c] = [...randomFeeds(graph, 1, 8)];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    const { data, shape } = a!['input']!;
    expect(shape).toEqual([1, 3, 8, 8]);
    expect((data as Float32Array).every((value) => value >= -1 && value < 1)).toBe(true);
  });
});
