import { type Region, tensor } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { GraphSession } from '../src/execute/session.ts';
import { attribute, makeNode } from '../src/ir.ts';
import { graphOf, info, inOneLoop, open, tinyBackend } from './support.ts';

const constants = { c: tensor('float32', [1, -3]) };
const graph = graphOf(
  [info('x', ['N', 2])],
  [
    makeNode('Add', ['x', 'c'], ['a']),
    makeNode('Mul', ['a', 'a'], ['b']),
    makeNode('Relu', ['b'], ['r']),
    makeNode('Mul', ['r', 'x'], ['s']),
    makeNode('Sub', ['s', 'a'], ['y']),
  ],
  ['y', 'b'],
  constants,
);

const expected = (x: readonly number[]): { y: number[]; b: number[] } => {
  const a = x.map((v, i) => v + (i % 2 === 0 ? 1 : -3));
  const b = a.map((v) => v * v);
  return { b, y: b.map((v, i) => Math.max(0, v) * x[i]! - a[i]!) };
};

async function answer(session: GraphSession, x: readonly number[]): Promise<{ y: number[]; b: number[] }> {
  const { y, b } = await session.run({ x: tensor('float32', x, [x.length / 2, 2]) });
  return { y: Array.from(y!.data as Float32Array), b: Array.from(b!.data as Float32Array) };
}

const shapeOf = ({ inputs, outputs, steps }: Region): object => ({
  inputs: inputs.length,
  outputs: outputs.length,
  ops: steps.map(({ op }) => op),
});

describe.each([
  ['at once', false],
  ['with a promise', true],
])('regions whose backend answers %s', (_, later) => {
  it('are all neighbours of one backend, from inputs to what others read', async () => {
    const made: Region[] = [];
    const backends = await open(
      tinyBackend(
        'left',
        ['binary'],
        undefined,
        inOneLoop((region) => made.push(region), later),
      ),
      tinyBackend('right', ['unary']),
    );
    const session = new GraphSession(graph, { backends });
    expect(made.map(shapeOf)).toEqual([
      // a is read later, b is read later and an output.
      { inputs: 1, outputs: 2, ops: ['binary', 'binary'] },
      { inputs: 3, outputs: 1, ops: ['binary', 'binary'] },
    ]);
    for (const x of [
      [2, 5],
      [-7, 3],
      [1, 2, 3, 4],
    ])
      expect(await answer(session, x)).toEqual(expected(x));
    await session.dispose();
    for (const backend of backends) expect(backend.stats()).toMatchObject({ liveTensors: 0, liveBytes: 0 });
  });

  it('give results that are the caller’s own', async () => {
    const backends = await open(
      tinyBackend(
        'one',
        ['binary', 'unary'],
        undefined,
        inOneLoop(() => {}, later),
      ),
    );
    const session = new GraphSession(graph, { backends });
    const first = await session.run({ x: tensor('float32', [2, 5], [1, 2]) });
    const kept = Array.from(first['y']!.data as Float32Array);
    await answer(session, [9, 9]);
    expect(Array.from(first['y']!.data as Float32Array)).toEqual(kept);
    await session.dispose();
  });
});

describe('regions', () => {
  it('run step by step where the backend does not take them', async () => {
    let asked = 0;
    const backends = await open(
      tinyBackend('one', ['binary', 'unary'], undefined, () => {
        asked++;
        return { reason: 'not this one' };
      }),
    );
    const session = new GraphSession(graph, { backends });
    expect(asked).toBe(1);
    expect(await answer(session, [2, 5])).toEqual(expected([2, 5]));
    await session.dispose();
    expect(backends[0]!.stats()).toMatchObject({ liveTensors: 0, liveBytes: 0 });
  });

  it('give back the memory of what they read last', async () => {
    const perm = attribute.ints([1, 0]);
    const steps = Array.from({ length: 8 }, (_, i) => [
      makeNode('Add', [i === 0 ? 'x' : `t${i - 1}`, 'c'], [`a${i}`]),
      makeNode('Transpose', [`a${i}`], [i === 7 ? 'y' : `t${i}`], { perm }),
    ]).flat();
    const backends = await open(
      tinyBackend(
        'left',
        ['binary'],
        undefined,
        inOneLoop(() => {}),
      ),
      tinyBackend('right', ['transpose']),
    );
    const constant = { c: tensor('float32', [1, -0.5]) };
    const session = new GraphSession(graphOf([info('x', [2, 2])], steps, ['y'], constant), { backends });
    expect(session.explain().map(({ backend }) => backend)).toEqual(Array(8).fill(['left', 'right']).flat());
    // Each step of the other backend has an operand and a result, and the next one takes their places.
    expect(backends[1]!.stats().liveTensors).toBeLessThanOrEqual(3);
    const { y } = await session.run({ x: tensor('float32', [1, 2, 3, 4], [2, 2]) });
    expect(Array.from(y!.data as Float32Array)).toEqual([9, 4, 5, 0]);
    await session.dispose();
  });

  it('give one array for each output that is one value', async () => {
    const twice = graphOf(
      [info('x', [2])],
      [
        makeNode('Add', ['x', 'c'], ['a']),
        makeNode('Identity', ['a'], ['first']),
        makeNode('Identity', ['a'], ['second']),
      ],
      ['first', 'second'],
      constants,
    );
    const backends = await open(
      tinyBackend(
        'one',
        ['binary'],
        undefined,
        inOneLoop(() => {}),
      ),
    );
    const session = new GraphSession(twice, { backends });
    const { first, second } = await session.run({ x: tensor('float32', [1, 2]) });
    expect(Array.from(second!.data as Float32Array)).toEqual([2, -1]);
    expect(first!.data).not.toBe(second!.data);
    await session.dispose();
  });

  it('leave the session usable after a failure', async () => {
    let broken = true;
    const backends = await open(
      tinyBackend(
        'one',
        ['binary', 'unary'],
        () => broken,
        inOneLoop(() => {}),
      ),
    );
    const session = new GraphSession(graph, { backends });
    await expect(answer(session, [2, 5])).rejects.toThrow('the kernel broke');
    broken = false;
    expect(await answer(session, [2, 5])).toEqual(expected([2, 5]));
    await session.dispose();
  });
});
