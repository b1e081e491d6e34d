import { isHalftoneError, tensor } from '@halftone/core';
import { makeNode } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { checkFeeds } from '../src/feeds.ts';
import { quantizeDynamic } from '../src/index.ts';
import { f32, graphOf, value } from './support/graphs.ts';

describe('biases of another type than float32', () => {
  const types = {
    int64: tensor('int64', [1n, 2n, 3n]),
    'int64 of one element': tensor('int64', [1n]),
    int32: tensor('int32', [1, 2, 3]),
    uint8: tensor('uint8', [1, 2, 3]),
  };
  for (const [name, bias] of Object.entries(types)) {
    test(`${name}: the node stays float`, () => {
      for (const op of ['Gemm', 'Conv']) {
        const shape = op === 'Gemm' ? [4, 3] : [3, 4, 1, 1];
        const graph = graphOf({
          inputs: [value('x', op === 'Gemm' ? ['N', 4] : ['N', 4, 2, 2]), value('x2', ['N', 4])],
          outputs: ['y', 'z'],
          nodes: [makeNode(op, ['x', 'w', 'b'], ['y']), makeNode('MatMul', ['x2', 'm'], ['z'])],
          constants: { w: f32(shape, 1), b: bias, m: f32([4, 2], 2) },
        });
        const { nodes } = quantizeDynamic(graph).report;
        expect(nodes.map((node) => node.reason?.code)).toEqual(['not-float32', undefined]);
      }
    });
  }
});

test('a batch lacks an input that is named as what every object has', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const graph = graphOf({
      inputs: [value(name, [1])],
      outputs: ['y'],
      nodes: [makeNode('Relu', [name], ['y'])],
      constants: {},
    });
    let caught: unknown;
    try {
      checkFeeds(graph, {}, 0);
    } catch (error) {
      caught = error;
    }
    expect(isHalftoneError(caught, 'HT_DATA_INVALID') && caught.details['missing']).toEqual([name]);
    checkFeeds(graph, Object.fromEntries([[name, f32([1], 1)]]), 0);
  }
});
