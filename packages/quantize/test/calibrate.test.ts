import { HalftoneError, type Tensor } from '@halftone/core';
import { makeNode } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { calibrate, type FloatRunner, minMaxObserver } from '../src/index.ts';
import { batches, f32, graphOf, i64, value } from './support/graphs.ts';
import { interpreter } from './support/interpreter.ts';

/** x [N,4] -> Relu r -> Add s = r + r -> Relu y. */
const chain = graphOf({
  inputs: [value('x', ['N', 4])],
  outputs: ['y'],
  nodes: [makeNode('Relu', ['x'], ['r']), makeNode('Add', ['r', 'r'], ['s']), makeNode('Relu', ['s'], ['y'])],
});
const options = (data: Iterable<Record<string, Tensor>>, runner: FloatRunner) => ({
  data,
  runner,
  observer: minMaxObserver,
});
const rejects = (code: string, details: object = {}) => ({
  name: 'HalftoneError',
  code,
  details: expect.objectContaining(details),
});

describe('calibrate', () => {
  test('observes inner values by running, graph inputs without', async () => {
    const runner = interpreter();
    const data = [{ x: f32([2, 4], [-3, 1, 2, 0, 5, 0, 0, -7]) }];
    const { ranges, batches: count, samples } = await calibrate(chain, ['x', 's'], options(data, runner));
    expect(ranges.get('x')?.range).toEqual({ min: -7, max: 5 });
    expect(ranges.get('s')?.range).toEqual({ min: 0, max: 10 });
    expect([count, samples]).toEqual([1, 2]);
    expect(runner.log.opened).toEqual([['s']]);
    expect(runner.log.disposed).toBe(1);
  });

  test('opens no session where graph inputs are all there is', async () => {
    const runner = interpreter();
    await calibrate(chain, ['x'], options(batches('x', [1, 4], 3), runner));
    expect(runner.log.opened).toEqual([]);
  });

  test('takes batches one by one and keeps nothing of them', async () => {
    const inner = interpreter();
    let handedOut = 0;
    let alive: Tensor[] = [];
    // Results of a run turn infinite as soon as the next one starts, and batches share one buffer.
    const runner: FloatRunner = {
      async open(graph, outputs) {
        const session = await inner.open(graph, outputs);
        return {
          async run(feeds) {
            for (const old of alive) (old.data as Float32Array).fill(Infinity);
            const results = await session.run(feeds);
            alive = Object.values(results).map((t) => ({ ...t, data: t.data.slice() }) as Tensor);
            return Object.fromEntries(outputs.map((name, i) => [name, alive[i] as Tensor]));
          },
          dispose: () => session.dispose(),
        };
      },
    };
    const shared = f32([1, 4], [0, 0, 0, 0]);
    function* data(): Generator<Record<string, Tensor>> {
      for (let i = 0; i < 50; i++) {
        expect(inner.log.runs).toBe(handedOut);
        handedOut++;
        shared.data.fill(i);
        yield { x: shared };
      }
    }
    const { ranges } = await calibrate(chain, ['r', 's'], options(data(), runner));
    expect(ranges.get('s')?.range).toEqual({ min: 0, max: 98 });
    expect(handedOut).toBe(50);
  });

  test('spreads values over runs that hold no more than the budget', async () => {
    const runner = interpreter();
    const budget = 2 * 4 * 4;
    const data = batches('x', [2, 4], 3);
    const { ranges } = await calibrate(chain, ['r', 's', 'y'], { ...options(data, runner), budget });
    expect(runner.log.opened).toEqual([['r'], ['s'], ['y']]);
    expect([runner.log.runs, runner.log.disposed]).toEqual([9, 3]);
    const together = await calibrate(chain, ['r', 's', 'y'], options(data, interpreter()));
    expect(ranges).toEqual(together.ranges);
  });

  test('reads asynchronous data and reports progress', async () => {
    const seen: unknown[] = [];
    async function* data(): AsyncGenerator<Record<string, Tensor>> {
      yield* batches('x', [2, 4], 2);
      yield* batches('x', [1, 4], 1);
    }
    const runner = interpreter();
    await calibrate(chain, ['s'], {
      data: data(),
      runner,
      observer: minMaxObserver,
      onProgress: (p) => seen.push(p),
    });
    expect(seen).toEqual([
      { batches: 1, samples: 2 },
      { batches: 2, samples: 4 },
      { batches: 3, samples: 5 },
    ]);
  });

  test.each([
    ['a missing input', {}, { missing: ['x'], extra: [] }],
    ['an extra input', { x: f32([1, 4], 1), z: f32([1], 1) }, { missing: [], extra: ['z'] }],
    ['another dtype', { x: i64([1, 2, 3, 4]) }, { input: 'x', expected: 'float32', got: 'int64' }],
    ['another extent', { x: f32([1, 5], 1) }, { input: 'x', expected: ['N', 4], got: [1, 5] }],
    ['another rank', { x: f32([4], 1) }, { input: 'x', got: [4] }],
  ])('refuses %s, naming batch and input', async (_, bad, details) => {
    const runner = interpreter();
    const data = [...batches('x', [1, 4], 1), bad as Record<string, Tensor>];
    const run = calibrate(chain, ['s'], options(data, runner));
    await expect(run).rejects.toMatchObject(rejects('HT_DATA_INVALID', { batch: 1, ...details }));
    expect(runner.log.disposed).toBe(1);
  });

  test('needs a batch', async () => {
    await expect(calibrate(chain, ['s'], options([], interpreter()))).rejects.toMatchObject(
      rejects('HT_DATA_INVALID'),
    );
  });

  test('names a value that becomes infinite, and disposes of its sessions', async () => {
    const runner = interpreter();
    const data = [{ x: f32([1, 4], [3e38, 0, 0, 0]) }];
    await expect(calibrate(chain, ['s'], options(data, runner))).rejects.toMatchObject(
      rejects('HT_DATA_INVALID', { tensor: 's' }),
    );
    expect(runner.log.disposed).toBe(1);
  });

  test('stops with the reason of the signal', async () => {
    const runner = interpreter();
    const abort = new AbortController();
    const reason = new HalftoneError('HT_INVALID_ARGUMENT', 'enough');
    const run = calibrate(chain, ['s'], {
      ...options(batches('x', [1, 4], 5), runner),
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    });
    await expect(run).rejects.toBe(reason);
    expect([runner.log.runs, runner.log.disposed]).toEqual([1, 1]);
  });

  test('passes on what the runner throws, and says which value it left out', async () => {
    const empty: FloatRunner = {
      open: () => Promise.resolve({ run: () => Promise.resolve({}), dispose: () => Promise.resolve() }),
    };
    const data = batches('x', [1, 4], 1);
    await expect(calibrate(chain, ['s'], options(data, empty))).rejects.toMatchObject(
      rejects('HT_UNAVAILABLE', { value: 's' }),
    );
  });
});
