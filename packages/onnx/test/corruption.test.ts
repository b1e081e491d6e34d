import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isHalftoneError } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { parseOnnx, serializeOnnx } from '../src/index.ts';
import { attr, floats, model, node, richModel, value } from './models.ts';

/** A small generator with a seed (mulberry32), so that each run damages the same bytes. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function damage(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  if (random(3) === 0) return bytes.slice(0, random(bytes.length));
  const copy = bytes.slice();
  for (let flips = 1 + random(4); flips > 0; flips--) {
    const at = random(copy.length);
    copy[at] = (copy[at] as number) ^ (1 << random(8));
  }
  return copy;
}

/** Reads, decodes every weight, writes; what comes of it. */
function attempt(bytes: Uint8Array): string {
  try {
    const graph = parseOnnx(bytes);
    for (const constant of graph.constants.values()) {
      try {
        constant.tensor();
      } catch (error) {
        if (!isHalftoneError(error)) throw error;
      }
    }
    serializeOnnx(graph);
    return 'parsed';
  } catch (error) {
    if (!isHalftoneError(error)) throw error;
    expect(['HT_MODEL_INVALID', 'HT_UNSUPPORTED']).toContain(error.code);
    expect(error.message.length).toBeGreaterThan(10);
    return error.code;
  }
}

function allocated(): number {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

function attack(name: string, bytes: Uint8Array, times: number, seed: number): Record<string, number> {
  const random = generator(seed);
  const outcomes: Record<string, number> = {};
  for (let i = 0; i < times; i++) {
    const damaged = damage(bytes, random);
    const before = allocated();
    const start = performance.now();
    const outcome = attempt(damaged);
    const took = performance.now() - start;
    expect([name, i, took < 1000 + bytes.length / 1000]).toEqual([name, i, true]);
    // copies of weights, JavaScript's own objects, and garbage not collected yet; never what a count in the file asks for
    expect([name, i, allocated() - before < 64e6 + bytes.length * 20]).toEqual([name, i, true]);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return outcomes;
}

const small: Record<string, Uint8Array> = {
  'rich, opset 13': richModel(),
  'rich, opset 11': richModel(11),
  old: model(
    {
      input: [value('x', [1, 4]), value('w', [4, 4])],
      initializer: [
        { name: 'w', dims: [4, 4], dataType: 1, floatData: Array.from({ length: 16 }, (_, i) => i) },
        { name: 's', dims: [2], dataType: 7, int64Data: [1, -1] },
      ],
      node: [
        node('MatMul', ['x', 'w'], ['m']),
        node('Clip', ['m'], ['c'], [attr.float('min', 0), attr.float('max', 6)]),
        node('Pad', ['c'], ['p'], [attr.ints('pads', [0, 1, 0, 1])]),
        node('Reshape', ['p', 's'], ['r']),
        node('Softmax', ['r'], ['y'], [attr.int('axis', 1)]),
      ],
      output: [value('y')],
    },
    8,
    { irVersion: 3 },
  ),
  weights: model({
    input: [value('x')],
    initializer: [
      floats(
        'w',
        [64],
        Array.from({ length: 64 }, (_, i) => i),
      ),
    ],
    node: [node('Add', ['x', 'w'], ['y'])],
    output: [value('y')],
  }),
};

describe('1,000 damaged files', () => {
  for (const [index, [name, bytes]] of Object.entries(small).entries()) {
    test(name, () => {
      const outcomes = attack(name, bytes, 250, 100 + index);
      expect(outcomes['HT_MODEL_INVALID']).toBeGreaterThan(50);
      expect(outcomes['parsed']).toBeGreaterThan(5);
    });
  }
});

test('every truncation of a small file', () => {
  const bytes = small['rich, opset 11'] as Uint8Array;
  for (let length = 0; length < bytes.length; length++) attempt(bytes.subarray(0, length));
});

test('every flip of one bit of a small file', () => {
  const bytes = (small['old'] as Uint8Array).slice();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    attempt(bytes);
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
  }
});

test('files made to be expensive', () => {
  const repeat = (bytes: readonly number[], count: number): Uint8Array =>
    Uint8Array.from({ length: bytes.length * count }, (_, i) => bytes[i % bytes.length] as number);
  const wrap = (tag: number, content: Uint8Array): Uint8Array => {
    const head = [tag];
    let rest = content.length;
    for (; rest >= 128; rest >>= 7) head.push((rest & 127) | 128);
    return Uint8Array.of(...head, rest, ...content);
  };
  const graphs = [
    repeat([0x0a, 0], 20_000), // empty nodes
    repeat([0x12, 0], 20_000), // names that replace each other
    repeat([0x5a, 0], 20_000), // empty inputs
    repeat([0xfa, 0x07, 0], 20_000), // unknown fields
    wrap(0x2a, repeat([0x08, 0x7f], 20_000)), // a tensor of 20,000 axes
    wrap(0x0a, repeat([0x0a, 0], 20_000)), // a node of 20,000 inputs
  ];
  for (const [index, graph] of graphs.entries()) {
    const start = performance.now();
    const before = allocated();
    attempt(Uint8Array.of(0x42, 2, 0x10, 13, ...wrap(0x3a, graph)));
    expect([index, performance.now() - start < 2000, allocated() - before < 64e6]).toEqual([
      index,
      true,
      true,
    ]);
  }
});

const assets = process.env['HALFTONE_ASSETS'];

describe.skipIf(assets === undefined)('the models of HALFTONE_ASSETS, damaged', () => {
  const folder = join(assets ?? '', 'models');
  const names = assets === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.onnx'));
  for (const [index, name] of names.entries()) {
    const times = statSync(join(folder, name)).size > 1e6 ? 40 : 150;
    test(`${name}, ${times} times`, () => {
      attack(name, new Uint8Array(readFileSync(join(folder, name))), times, index);
    });
  }
});
