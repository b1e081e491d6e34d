import { type Backend, isHalftoneError, tensor } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { GraphSession } from '../src/execute/session.ts';
import { attribute, makeNode } from '../src/ir.ts';
import { lower } from '../src/lower/lower.ts';
import { plan } from '../src/plan/plan.ts';
import { codeOf, floats, graphOf, info, nullBackend, open, tinyBackend } from './support.ts';

const add = makeNode('Add', ['x', 'c'], ['a'], {}, { name: 'add' });
const relu = makeNode('Relu', ['a'], ['b'], {}, { name: 'relu' });
const mul = makeNode('Mul', ['b', 'x'], ['y'], {}, { name: 'mul' });
// The value between is an output too, so that the clamp is a step of its own.
const graph = graphOf([info('x', ['N', 2])], [add, relu, mul], ['y', 'a'], { c: tensor('float32', [1, -3]) });
const program = lower(graph, { x: [1, 2] });

describe('plan', () => {
  it('takes the first backend that supports a step, and says what the others said', async () => {
    const backends = await open(
      nullBackend('fast', (op) => op === 'binary'),
      nullBackend('slow'),
    );
    const rows = plan(program, { backends }).explain();
    expect(rows.map((row) => [row.nodes, row.op, row.backend])).toEqual([
      ['Add add', 'binary', 'fast'],
      ['Relu relu', 'unary', 'slow'],
      ['Mul mul', 'binary', 'fast'],
    ]);
    expect(rows[0]!.reason).toBe('first choice');
    expect(rows[1]!.reason).toContain('no unary here');
  });

  it('counts the bytes that move between backends', async () => {
    const backends = await open(
      nullBackend('fast', (op) => op === 'binary'),
      nullBackend('slow'),
    );
    const rows = plan(program, { backends }).explain();
    expect(rows.map((row) => row.bytes)).toEqual([16, 16, 24]);
    // The input comes from the host, the sum goes over, and the clamped sum comes back; x is on the first already.
    expect(rows.map((row) => row.bytesMoved)).toEqual([8, 8, 8]);
  });

  it('is strict where asked, and says who refused where nobody runs a step', async () => {
    const partial = await open(
      nullBackend('fast', (op) => op === 'binary'),
      nullBackend('slow'),
    );
    expect(await codeOf(() => plan(program, { backends: partial, strict: true }))).toBe('HT_UNSUPPORTED');
    const none = await open(nullBackend('fast', (op) => op === 'binary'));
    const error = await Promise.resolve()
      .then(() => plan(program, { backends: none }))
      .catch((caught: unknown) => caught);
    expect(isHalftoneError(error, 'HT_UNSUPPORTED') && error.details).toMatchObject({ op: 'unary' });
  });

  it('is exact until a step is relaxed, and refuses that one where exact is asked for', async () => {
    const exact = plan(program, { backends: await open(nullBackend('a', () => true, 'f32-ieee')) });
    expect([exact.exact, exact.firstInexact]).toEqual([true, undefined]);
    const backends = await open(
      nullBackend('gpu', (op) => op === 'unary', 'f32-relaxed'),
      nullBackend('cpu'),
    );
    const relaxed = plan(program, { backends });
    expect([relaxed.exact, relaxed.firstInexact?.nodes]).toEqual([false, 'Relu relu']);
    expect(await codeOf(() => plan(program, { backends, exact: true }))).toBe('HT_UNSUPPORTED');
  });
});

const one = await open(tinyBackend('one', ['binary', 'unary', 'transpose']));
const two = (): Promise<Backend[]> => open(tinyBackend('left', ['binary']), tinyBackend('right', ['unary']));
const expected = (x: readonly number[]): number[] =>
  x.map((v, i) => Math.max(0, v + (i % 2 === 0 ? 1 : -3)) * v);

async function answer(session: GraphSession, x: readonly number[]): Promise<number[]> {
  const { y } = await session.run({ x: tensor('float32', x, [x.length / 2, 2]) });
  expect(y!.shape).toEqual([x.length / 2, 2]);
  return Array.from(y!.data as Float32Array);
}

describe('GraphSession', () => {
  it('gives the same on one backend and on two with values going over', async () => {
    for (const backends of [one, await two()]) {
      const session = new GraphSession(graph, { backends });
      expect(await answer(session, [2, 5])).toEqual(expected([2, 5]));
      expect(await answer(session, [-7, 3])).toEqual(expected([-7, 3]));
      await session.dispose();
    }
  });

  it('takes batches of any size, and keeps no memory after dispose', async () => {
    const backends = await two();
    const session = new GraphSession(graph, { backends });
    for (const x of [
      [1, 2],
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10],
      [3, 4],
    ])
      expect(await answer(session, x)).toEqual(expected(x));
    expect(session.explain()).toHaveLength(3);
    await session.dispose();
    await session.dispose();
    for (const backend of backends) expect(backend.stats()).toMatchObject({ liveTensors: 0, liveBytes: 0 });
    expect(await codeOf(() => session.run({ x: floats([1, 2]) }))).toBe('HT_DISPOSED');
  });

  it('runs what is asked for at once one after the other', async () => {
    const session = new GraphSession(graph, { backends: await two() });
    const inputs = Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? [i, -i, i, i] : [i, i + 1]));
    expect(await Promise.all(inputs.map((x) => answer(session, x)))).toEqual(inputs.map(expected));
    await session.dispose();
  });

  it('gives results that are the caller’s own, and copies feeds', async () => {
    const session = new GraphSession(graph, { backends: one });
    const x = tensor('float32', Float32Array.of(2, 5), [1, 2]);
    const first = await session.run({ x });
    (first['y']!.data as Float32Array).fill(99);
    (first['a']!.data as Float32Array).fill(99);
    expect(await answer(session, [2, 5])).toEqual(expected([2, 5]));
    expect(Array.from(x.data)).toEqual([2, 5]);
    await session.dispose();
  });

  it('gives inputs and constants back where they are outputs', async () => {
    const constants = { c: tensor('float32', [4, 5]) };
    const session = new GraphSession(
      graphOf([info('x', [2])], [makeNode('Identity', ['c'], ['k'])], ['x', 'k'], constants),
      { backends: one },
    );
    const x = tensor('float32', Float32Array.of(1, 2));
    const results = await session.run({ x });
    expect([
      Array.from(results['x']!.data as Float32Array),
      Array.from(results['k']!.data as Float32Array),
    ]).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(results['x']!.data).not.toBe(x.data);
    (results['k']!.data as Float32Array).fill(0);
    expect(Array.from((await session.run({ x }))['k']!.data as Float32Array)).toEqual([4, 5]);
    await session.dispose();
  });

  it('keeps shapes through reshapes that move nothing', async () => {
    const nodes = [
      makeNode('Flatten', ['x'], ['f'], { axis: attribute.int(0) }),
      makeNode('Relu', ['f'], ['y']),
    ];
    const session = new GraphSession(graphOf([info('x', ['N', 2])], nodes, ['y', 'f']), { backends: one });
    const { y, f } = await session.run({ x: tensor('float32', [1, -2, 3, -4], [2, 2]) });
    expect([y!.shape, Array.from(y!.data as Float32Array)]).toEqual([
      [1, 4],
      [1, 0, 3, 0],
    ]);
    expect([f!.shape, Array.from(f!.data as Float32Array)]).toEqual([
      [1, 4],
      [1, -2, 3, -4],
    ]);
    await session.dispose();
  });

  it('refuses feeds that do not fit', async () => {
    const session = new GraphSession(graph, { backends: one });
    const x = floats([1, 2]);
    expect(await codeOf(() => session.run({}))).toBe('HT_INVALID_ARGUMENT');
    expect(await codeOf(() => session.run({ x, z: x }))).toBe('HT_INVALID_ARGUMENT');
    expect(await codeOf(() => session.run({ x: tensor('int32', [1, 2], [1, 2]) }))).toBe('HT_DTYPE_MISMATCH');
    expect(await codeOf(() => session.run({ x: floats([1, 3]) }))).toBe('HT_SHAPE_MISMATCH');
    expect(await answer(session, [1, 2])).toEqual(expected([1, 2]));
    await session.dispose();
  });

  it('refuses a model that cannot run when it is made, and leaves nothing behind', async () => {
    const backends = await open(tinyBackend('left', ['binary']));
    expect(await codeOf(() => new GraphSession(graph, { backends }))).toBe('HT_UNSUPPORTED');
    expect(backends[0]!.stats().liveTensors).toBe(0);
  });

  it('goes on after a run that failed', async () => {
    let broken = true;
    const session = new GraphSession(graph, {
      backends: await open(tinyBackend('one', ['binary', 'unary'], () => broken)),
    });
    const failed = answer(session, [1, 2]);
    const waiting = failed.catch(() => 'failed');
    expect(await waiting).toBe('failed');
    broken = false;
    expect(await answer(session, [1, 2])).toEqual(expected([1, 2]));
    await session.dispose();
  });
});
