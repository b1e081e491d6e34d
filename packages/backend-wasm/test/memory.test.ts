import {
  type Backend,
  catalogue,
  type DeviceTensor,
  openBackend,
  type OpName,
  opNames,
  type Region,
  tensor,
} from '@halftone/core';
import { type Case, casesOf, operandsOf, resultsOf } from '@halftone/conformance';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Heap } from '../src/heap.ts';
import wasm from '../src/index.ts';
import { codeOf, expectProduct, room, spec, weights } from './support.ts';

/** Blocks that any heap has given out, and how many more it gives before it says that there is no memory. */
const taken = new Set<string>();
let left = Number.POSITIVE_INFINITY;

beforeEach(() => {
  const allocate = Reflect.get(Heap.prototype, 'allocate') as (this: Heap, bytes: number) => number;
  const free = Reflect.get(Heap.prototype, 'free') as (this: Heap, address: number) => void;
  const names = new WeakMap<Heap, number>();
  let heaps = 0;
  const nameOf = (heap: Heap, address: number): string => {
    if (!names.has(heap)) names.set(heap, heaps++);
    return `${names.get(heap)}:${address}`;
  };
  taken.clear();
  vi.spyOn(Heap.prototype, 'allocate').mockImplementation(function (this: Heap, bytes) {
    const address = allocate.call(this, left-- > 0 ? bytes : 2 ** 33);
    taken.add(nameOf(this, address));
    return address;
  });
  vi.spyOn(Heap.prototype, 'free').mockImplementation(function (this: Heap, address) {
    expect(taken.delete(nameOf(this, address))).toBe(true);
    free.call(this, address);
  });
});
afterEach(() => {
  left = Number.POSITIVE_INFINITY;
  vi.restoreAllMocks();
});

/** Does the work with ever more memory until there is enough; nothing may stay of what fails, or in the end. */
async function expectNoLeak(backend: Backend, work: () => Promise<void>): Promise<number> {
  const [before, stats] = [[...taken].sort(), backend.stats()];
  for (let enough = 0; ; enough++) {
    left = enough;
    const code = await codeOf(work);
    left = Number.POSITIVE_INFINITY;
    expect([...taken].sort()).toEqual(before);
    expect(backend.stats()).toEqual(stats);
    if (code === 'none') return enough;
    expect(code).toBe('HT_OUT_OF_MEMORY');
    expect(enough).toBeLessThan(100);
  }
}

const backend = await openBackend(wasm, { threads: 1 });
const ops = opNames.filter((op) => backend.has(op));

/** The cases of an op that decide what a kernel holds: of each variant the first. */
function casesFor(op: OpName): readonly Case[] {
  const byVariant = new Map<string, Case>();
  for (const item of casesOf(op) as readonly Case[]) {
    if (backend.supports(op, item.spec) !== true) continue;
    if (
      [...Object.values(operandsOf(item)), ...Object.values(resultsOf(item))].some(({ shape }) =>
        shape.includes(0),
      )
    )
      continue;
    const prepared = backend.prepare(op, item.spec);
    if (!byVariant.has(prepared.variant)) byVariant.set(prepared.variant, item);
    prepared.dispose();
  }
  return [...byVariant.values()];
}

describe.each(ops)('%s, where memory ends anywhere', (op) => {
  const packable = catalogue[op].packable ?? [];

  test('prepared and run', async () => {
    for (const item of casesFor(op)) {
      const host = operandsOf(item);
      for (const packed of packable.length > 0 ? [packable, []] : [[]]) {
        const enough = await expectNoLeak(backend, async () => {
          const owned: { dispose(): void }[] = [];
          const own = <T extends { dispose(): void }>(thing: T): T => {
            owned.push(thing);
            return thing;
          };
          try {
            const given = Object.fromEntries(packed.map((name) => [name, host[name]!]));
            const prepared = own(
              packed.length > 0 ? backend.prepare(op, item.spec, given) : backend.prepare(op, item.spec),
            );
            const io: Record<string, DeviceTensor> = {};
            for (const name in host) if (!packed.includes(name)) io[name] = own(backend.upload(host[name]!));
            for (const [name, desc] of Object.entries(resultsOf(item))) io[name] = own(backend.alloc(desc));
            prepared.run(io);
            for (const name in resultsOf(item)) await backend.read(io[name]!);
          } finally {
            for (const each of owned.reverse()) each.dispose();
          }
        });
        expect(enough, item.id).toBeGreaterThan(1);
      }
    }
  });

  test('called with host tensors', async () => {
    for (const item of casesFor(op)) {
      const before = [...taken].sort();
      const fresh = await openBackend(wasm, { threads: 1 });
      const call = async (): Promise<unknown> => await fresh.call(op, item.spec, operandsOf(item));
      for (let enough = 0; enough < 100; enough++) {
        left = enough;
        const code = await codeOf(call);
        left = Number.POSITIVE_INFINITY;
        if (code === 'none') break;
        expect(code).toBe('HT_OUT_OF_MEMORY');
        expect(fresh.stats()).toMatchObject({ liveTensors: 0, liveBytes: 0 });
      }
      expect(await codeOf(call)).toBe('none');
      // Only now go kernels that were kept for the next call.
      await fresh.dispose();
      expect([...taken].sort()).toEqual(before);
    }
  });

  test('compiled as a region, with weights and without', async () => {
    for (const item of casesFor(op)) {
      for (const constant of packable.length > 0 ? [packable, []] : [[]]) {
        const host = operandsOf(item);
        const region = regionOf(item, constant);
        const inputs = Object.keys(host)
          .filter((name) => !constant.includes(name))
          .map((name) => host[name]!);
        const enough = await expectNoLeak(backend, async () => {
          const compiled = backend.compile(region);
          if ('reason' in compiled) throw new Error(compiled.reason);
          try {
            await compiled.run(inputs);
          } finally {
            compiled.dispose();
          }
        });
        expect(enough, item.id).toBeGreaterThan(1);
      }
    }
  });
});

/** A region of one case; `constant` operands are part of it. */
function regionOf(item: Case, constant: readonly string[]): Region {
  const { op, spec: ofCase } = item;
  const host = operandsOf(item);
  const names = Object.keys(host).filter((name) => !constant.includes(name));
  const results = Object.entries(resultsOf(item));
  const values = [
    ...names.map((name) => ({ dtype: host[name]!.dtype, shape: host[name]!.shape })),
    ...results.map(([, desc]) => desc),
  ];
  return {
    values,
    inputs: names.map((_, i) => i),
    outputs: results.map((_, i) => names.length + i),
    steps: [
      {
        op,
        spec: ofCase,
        inputs: Object.fromEntries(
          Object.keys(host).map((name) => [
            name,
            constant.includes(name) ? host[name]! : names.indexOf(name),
          ]),
        ),
        outputs: Object.fromEntries(results.map(([name], i) => [name, names.length + i])),
      },
    ],
  } as Region;
}

describe('a small heap', () => {
  test('refuses what does not fit, and the next run works', async () => {
    const small = await openBackend(wasm, { threads: 1, maxBytes: 1 << 20 });
    const large = tensor('float32', new Float32Array(1 << 18), [1 << 18]);
    const params = {
      dtype: 'uint8',
      scale: Float32Array.of(1),
      zeroPoint: undefined,
      axis: undefined,
    } as const;
    const wide = { ...spec, k: 4000, n: 400 };
    const b = tensor('int8', new Int8Array(4000 * 400), [4000, 400]);
    const tooMuch = [
      () => small.alloc({ dtype: 'int32', shape: [1 << 18] }),
      () => small.upload(large),
      () => small.quantize(large, params),
      () => small.prepare('qgemm', wide),
      () => small.prepare('qgemm', wide, { ...weights, b }),
    ];
    await expectProduct(small);
    // Kernels of calls stay for the next call.
    for (const work of tooMuch) await codeOf(work);
    const before = room(small);
    for (const work of tooMuch) {
      expect(await codeOf(work)).toBe('HT_OUT_OF_MEMORY');
      expect(room(small)).toBe(before);
    }
    await expectProduct(small);
    expect(small.stats()).toMatchObject({ liveTensors: 0, liveBytes: 0 });
    await small.dispose();
  });

  test('uses again what was freed, in whatever order', async () => {
    const small = await openBackend(wasm, { threads: 1, maxBytes: 1 << 20 });
    const all = room(small);
    for (let round = 0; round < 50; round++) {
      const tensors = Array.from({ length: 20 }, (_, i) =>
        small.alloc({ dtype: 'uint8', shape: [1 + ((round * 7919 + i * 104729) % 40000)] }),
      );
      // Every second, then the rest from the end.
      for (const [i, each] of tensors.entries()) if (i % 2 === round % 2) each.dispose();
      for (const each of tensors.reverse()) each.dispose();
    }
    expect(room(small)).toBe(all);
    await small.dispose();
  });
});
