// What a file hides inside subgraphs must survive what passes do outside of them.
import { prepareFloat } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { type GraphProto, parseOnnx, serializeOnnx } from '../src/index.ts';
import { attr, failure, floats, model, node, value } from './models.ts';

const x = value('x', [4]);

describe('names that passes invent', () => {
  /** A model of an old opset whose lifted forms want `y_min`, and whose subgraph has that name. */
  const inner: GraphProto = {
    initializer: [floats('y_min', [1], [3])],
    node: [node('Add', ['y', 'y_min'], ['b'])],
    output: [value('b')],
  };

  test('do not stand in a subgraph', () => {
    const graph = parseOnnx(
      model(
        {
          input: [x],
          node: [
            node('Clip', ['x'], ['y'], [attr.float('min', 0)]),
            node('If', ['x'], ['z'], [attr.graph('then_branch', inner)]),
          ],
          output: [value('z')],
        },
        9,
      ),
    );
    expect(graph.reserved).toEqual(new Set(['y_min', 'y', 'b']));
    expect([...graph.constants.keys()]).toEqual(['y_min_1']);
    expect(prepareFloat(graph).reserved).toEqual(graph.reserved);
  });

  test('do not stand in a graph for training', () => {
    const graph = parseOnnx(
      model(
        { input: [x], node: [node('Clip', ['x'], ['y'], [attr.float('min', 0)])], output: [value('y')] },
        9,
        {
          trainingInfo: [{ algorithm: { node: [node('Neg', ['x'], ['y_min'])] } }],
        },
      ),
    );
    expect([...graph.constants.keys()]).toEqual(['y_min_1']);
  });
});

test('an opaque node that was read from an older opset is not written as a newer one when a pass moves its input', () => {
  const inner: GraphProto = {
    node: [node('ReduceSum', ['x'], ['b'], [attr.ints('axes', [0])])],
    output: [value('b')],
  };
  const graph = parseOnnx(
    model(
      {
        input: [x, value('flag')],
        node: [
          node('Identity', ['flag'], ['f']),
          node('If', ['f'], ['y'], [attr.graph('then_branch', inner)], { name: 'if' }),
        ],
        output: [value('y')],
      },
      11,
    ),
  );
  const prepared = prepareFloat(graph);
  expect(prepared.nodes.map(({ inputs }) => inputs)).toEqual([['flag']]);
  failure('HT_UNSUPPORTED', () => serializeOnnx(prepared));
});
