import { type BackendProvider, HalftoneError, hostBackend, tensor } from '@halftone/core';
import { constantOf, type Graph, makeNode } from '@halftone/graph';
import reference from '@halftone/backend-reference';
import { describe, expect, test } from 'vitest';
import {
  type BenchResult,
  casesFor,
  type Cell,
  type Contestant,
  type Network,
  parseResult,
  runBench,
  toText,
} from '../src/index.ts';
import { contestant, smallCase, tableBackend } from './support.ts';

async function run(contestants: readonly Contestant[], networks?: readonly Network[]): Promise<BenchResult> {
  return await runBench({
    contestants,
    cases: networks ? [] : [smallCase],
    ...(networks ? { networks } : {}),
    quick: true,
  });
}

function cellOf({ cells }: BenchResult, id: string): Cell | undefined {
  return cells.find((cell) => cell.contestant === id);
}

describe('who gets a figure', () => {
  test('who is right, with phases and the name of the kernel', async () => {
    const result = await run([contestant(tableBackend('right')), contestant(reference)]);
    for (const id of ['right', 'reference']) {
      const cell = cellOf(result, id)!;
      expect(cell.status).toBe('timed');
      if (cell.status !== 'timed') continue;
      expect(cell.timing.min).toBeGreaterThan(0);
      expect(Object.keys(cell.phases!).sort()).toEqual(['firstRun', 'pack', 'read', 'upload']);
    }
    expect(cellOf(result, 'right')).toMatchObject({ variant: 'lut256_test' });
    expect(result.tasks).toMatchObject([{ id: smallCase.id, kind: 'op', op: 'lut256' }]);
  });

  test('a backend with a wrong kernel gets none, and the right one beside it does', async () => {
    const wrong = tableBackend('wrong', { spoil: (y) => (y[y.length - 1]! ^= 1) });
    const result = await run([contestant(wrong), contestant(tableBackend('right'))]);
    expect(cellOf(result, 'wrong')).toMatchObject({ status: 'wrong' });
    expect(cellOf(result, 'wrong')).not.toHaveProperty('timing');
    expect(cellOf(result, 'right')?.status).toBe('timed');
  });

  test('nor does one whose later runs go wrong', async () => {
    const tired = tableBackend('tired', { spoil: (y, times) => (y[0]! ^= times > 3 ? 1 : 0) });
    expect(cellOf(await run([contestant(tired)]), 'tired')).toMatchObject({ status: 'wrong' });
  });

  test('one that throws fails, one that refuses is refused, one that cannot run here has no cell', async () => {
    const throwing = tableBackend('throwing', {
      spoil() {
        throw new RangeError('out of range');
      },
    });
    const refusing = hostBackend({ name: 'refusing', device: 'x', numericClass: () => 'exact', ops: {} });
    const absent: BackendProvider = {
      ...refusing,
      name: 'absent',
      probe: async () => ({ available: false, reason: 'no such device' }),
    };
    const result = await run([throwing, refusing, absent].map((provider) => contestant(provider)));
    expect(cellOf(result, 'throwing')).toMatchObject({ status: 'failed', reason: 'out of range' });
    expect(cellOf(result, 'refusing')?.status).toBe('refused');
    expect(cellOf(result, 'absent')).toBeUndefined();
    expect(result.contestants.find(({ id }) => id === 'absent')?.unavailable).toContain('no such device');
  });

  test('a peer may differ by one step, which is recorded, and by no more', async () => {
    const near = tableBackend('near', { spoil: (y) => (y[0]! += y[0] === 255 ? -1 : 1) });
    const far = tableBackend('far', { spoil: (y) => (y[0]! ^= 64) });
    const result = await run([contestant(near, 'peer'), contestant(far, 'peer')]);
    expect(cellOf(result, 'near')).toMatchObject({ status: 'timed', difference: { wrong: 1, largest: 1 } });
    expect(cellOf(result, 'far')?.status).toBe('wrong');
  });
});

/** x is dequantized, put through a sigmoid and quantized: one table. */
function sigmoidNetwork(): Network {
  const scale = constantOf('s', tensor('float32', [0.05], []));
  const zero = constantOf('z', tensor('uint8', [128], []));
  const graph: Graph = {
    name: 'sigmoid',
    opset: 13,
    domains: new Map(),
    inputs: [{ name: 'x', elementType: 'uint8', shape: [64] }],
    outputs: [{ name: 'y', elementType: 'uint8', shape: [64] }],
    nodes: [
      makeNode('DequantizeLinear', ['x', 's', 'z'], ['a']),
      makeNode('Sigmoid', ['a'], ['b']),
      makeNode('QuantizeLinear', ['b', 's', 'z'], ['y']),
    ],
    constants: new Map([scale, zero].map((constant) => [constant.name, constant])),
    values: new Map(),
  };
  const x = tensor(
    'uint8',
    Uint8Array.from({ length: 64 }, (_, i) => 4 * i),
  );
  return { id: 'sigmoid.onnx', graph, onnx: new Uint8Array(), feeds: { x } };
}

describe('whole networks', () => {
  test('run on each backend, with the reference for what it lacks; a wrong kernel shows', async () => {
    const wrong = tableBackend('wrong', { spoil: (y) => (y[0]! ^= 1) });
    const peer: Contestant = {
      id: 'peer',
      kind: 'peer',
      threads: 1,
      networks: { open: () => Promise.reject(new HalftoneError('HT_UNSUPPORTED', 'not this one')) },
    };
    const result = await run(
      [contestant(reference), contestant(tableBackend('right')), contestant(wrong), peer],
      [sigmoidNetwork()],
    );
    for (const id of ['reference', 'right'])
      expect(cellOf(result, id)).toMatchObject({
        status: 'timed',
        agreement: { bitEqual: 1 },
        variant: '1 steps',
      });
    expect(cellOf(result, 'wrong')?.status).toBe('wrong');
    expect(cellOf(result, 'peer')).toMatchObject({ status: 'refused' });
  });

  test('answers are judged by whoever has data', async () => {
    const network: Network = {
      ...sigmoidNetwork(),
      evaluate: async (session) => {
        const { y } = await session.run(sigmoidNetwork().feeds);
        return {
          samples: 1,
          labelled: 1,
          top1: y!.data[63] === Math.max(...(y!.data as Uint8Array)) ? 1 : 0,
        };
      },
    };
    const result = await run([contestant(reference)], [network]);
    expect(cellOf(result, 'reference')).toMatchObject({ accuracy: { samples: 1, labelled: 1, top1: 1 } });
    expect(toText(result)).toContain('1 of 1 right');
  });
});

describe('a result', () => {
  test('survives JSON, names its machine and says what the engine costs', async () => {
    const result = await runBench({
      contestants: [contestant(tableBackend('right'))],
      cases: [smallCase],
      quick: true,
      commit: 'abc',
    });
    expect(parseResult(JSON.stringify(result))).toEqual(result);
    expect(result).toMatchObject({
      commit: 'abc',
      environment: { runtime: `Node ${process.versions.node}` },
    });
    const { runMs, fencedMs, clockStepMs } = result.engine;
    for (const ms of [runMs, fencedMs, clockStepMs]) expect(ms).toBeGreaterThan(0);
    expect(fencedMs).toBeGreaterThanOrEqual(runMs);
    expect(result.limits.copy.length).toBeGreaterThan(5);
  });

  test('rows are announced before they are timed, and an interruption ends them', async () => {
    const seen: string[] = [];
    const controller = new AbortController();
    const cases = casesFor({ filter: /^lut256\/n-[123]\/u8u8/ });
    const promise = runBench({
      contestants: [contestant(tableBackend('right'))],
      cases,
      quick: true,
      signal: controller.signal,
      onProgress({ done, total, task }) {
        seen.push(`${done} of ${total}: ${task}`);
        if (done === 1) controller.abort(new Error('enough'));
      },
    });
    await expect(promise).rejects.toThrow('enough');
    expect(cases).toHaveLength(3);
    expect(seen).toEqual([`0 of 3: ${cases[0]!.id}`, `1 of 3: ${cases[1]!.id}`]);
  });
});

describe('casesFor', () => {
  test('quick is a part of the large cases; a filter reaches the whole catalogue where it has to', () => {
    const all = casesFor({});
    const quick = casesFor({ quick: true });
    expect(quick.length).toBeLessThan(all.length);
    expect(all).toEqual(expect.arrayContaining([...quick]));
    expect(casesFor({ quick: true, filter: /2048x2048x2048/ })).toHaveLength(1);
    expect(casesFor({ filter: /^quantize\/.*ties/ }).length).toBeGreaterThan(0);
    expect(casesFor({ filter: /no such case/ })).toEqual([]);
  });
});
