import { tensor } from '@halftone/core';
import { expect, test } from 'vitest';
import { attribute, makeNode, type Node } from '../src/ir.ts';
import { lower } from '../src/lower/lower.ts';
import { MICROSOFT } from '../src/operators/domains.ts';
import { codeOf, graphOf, info } from './support.ts';

const one = { s: tensor('float32', [0.5], []), z: tensor('uint8', [3], []) };
const two = { s2: tensor('float32', [0.5, 0.25]), z2: tensor('uint8', [3, 4]) };
const weights = {
  w: tensor('uint8', new Uint8Array(4), [2, 2]),
  k: tensor('uint8', new Uint8Array(4), [2, 2, 1, 1]),
};
const pool = { kernel_shape: attribute.ints([1, 1]) };

const ms = (op: string, inputs: string[], attributes = {}): Node =>
  makeNode(op, inputs, ['y'], attributes, { domain: MICROSOFT });

// Each node with the places of its activations' scales and zero points.
const cases: readonly (readonly [Node, 'm' | 'i', readonly number[]])[] = [
  [makeNode('QLinearConv', ['i', 's', 'z', 'k', 's', 'z', 's', 'z'], ['y']), 'i', [1, 2, 6, 7]],
  [makeNode('ConvInteger', ['i', 'k', 'z', 'z'], ['y']), 'i', [2]],
  [makeNode('QLinearMatMul', ['m', 's', 'z', 'w', 's', 'z', 's', 'z'], ['y']), 'm', [1, 2, 6, 7]],
  [ms('QGemm', ['m', 's', 'z', 'w', 's', 'z', '', 's', 'z']), 'm', [1, 2, 7, 8]],
  [ms('MatMulIntegerToFloat', ['m', 'w', 's', 's', 'z', 'z']), 'm', [2, 4]],
  [ms('QLinearAdd', ['m', 's', 'z', 'm', 's', 'z', 's', 'z']), 'm', [1, 2, 4, 5, 6, 7]],
  [ms('QLinearMul', ['m', 's', 'z', 'm', 's', 'z', 's', 'z']), 'm', [1, 2, 4, 5, 6, 7]],
  [ms('QLinearAveragePool', ['i', 's', 'z', 's', 'z'], pool), 'i', [1, 2, 3, 4]],
  [ms('QLinearGlobalAveragePool', ['i', 's', 'z', 's', 'z']), 'i', [1, 2, 3, 4]],
];

test.each(cases.map(([node, input, places]) => [node.op, node, input, places] as const))(
  '%s: an activation has one scale and one zero point',
  async (_, node, input, places) => {
    const shape = input === 'm' ? [2, 2] : [1, 2, 2, 2];
    const run = (changed: Node): Promise<string> =>
      codeOf(() =>
        lower(graphOf([info(input, shape, 'uint8')], [changed], ['y'], { ...one, ...two, ...weights }), {
          [input]: shape,
        }),
      );
    expect(await run(node)).toBe('none');
    for (const place of places) {
      const inputs = node.inputs.map((name, i) => (i === place ? `${name}2` : name));
      expect(await run({ ...node, inputs }), `input ${place}`).toBe('HT_UNSUPPORTED');
    }
  },
);
