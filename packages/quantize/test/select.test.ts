import { attribute, type Graph, inferShapes, makeNode, type Node } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { scaleGroups } from '../src/groups.ts';
import { selectNodes } from '../src/select.ts';
import { f32, graphOf, i64, named, residualNet, value } from './support/graphs.ts';

const nothing = (): boolean => false;
const image = value('x', ['N', 2, 4, 4]);
const kernel1 = { kernel_shape: attribute.ints([1, 1]) };
const conv = (from: string, to: string, name = to): Node =>
  makeNode('Conv', [from, 'w'], [to], kernel1, named(name));

/** A graph over x [N,2,4,4] with 1x1 weights `w` [2,2,1,1]. */
function net(nodes: readonly Node[], outputs: readonly string[], constants = {}): Graph {
  return graphOf({ inputs: [image], outputs, nodes, constants: { w: f32([2, 2, 1, 1], 3), ...constants } });
}

function fates(graph: Graph, excluded: (node: Node) => boolean = nothing): Record<string, string> {
  const { quantized, fused, left } = selectNodes(graph, excluded);
  return Object.fromEntries(
    graph.nodes.map((node) => [
      node.name || node.op,
      quantized.has(node)
        ? 'quantized'
        : fused.has(node)
          ? `in ${fused.get(node)?.name}`
          : left.get(node)?.code,
    ]),
  ) as Record<string, string>;
}

describe('selectNodes', () => {
  test('takes the products, and what their neighbourhood makes worth it', () => {
    expect(fates(residualNet())).toEqual({
      conv1: 'quantized',
      relu1: 'in conv1',
      conv2: 'quantized',
      add: 'quantized',
      relu2: 'in add',
      pool: 'quantized',
      flatten: 'quantized',
      gemm: 'quantized',
    });
  });

  test('every node has one fate', () => {
    const graph = residualNet();
    const { quantized, fused, left } = selectNodes(graph, (node) => node.op === 'Add');
    expect(quantized.size + fused.size + left.size).toBe(graph.nodes.length);
  });

  test('a value-preserving operator joins what stands before or behind it', () => {
    const nodes = [
      makeNode('Transpose', ['x'], ['t'], { perm: attribute.ints([0, 1, 3, 2]) }, named('before')),
      conv('t', 'c'),
      makeNode(
        'MaxPool',
        ['c'],
        ['m'],
        { kernel_shape: attribute.ints([2, 2]), strides: attribute.ints([2, 2]) },
        named('behind'),
      ),
      makeNode('Sqrt', ['m'], ['s']),
      makeNode('Flatten', ['s'], ['y'], {}, named('alone')),
    ];
    expect(fates(net(nodes, ['y']))).toEqual({
      before: 'quantized',
      c: 'quantized',
      behind: 'quantized',
      Sqrt: 'unsupported-op',
      alone: 'no-quantized-neighbour',
    });
  });

  test('functions of each element and products join a quantized neighbour', () => {
    const nodes = [
      conv('x', 'c'),
      makeNode('Sigmoid', ['c'], ['s'], {}, named('gate')),
      makeNode('Mul', ['c', 's'], ['y'], {}, named('product')),
      makeNode('Tanh', ['x'], ['t'], {}, named('far')),
    ];
    expect(fates(net(nodes, ['y', 't']))).toMatchObject({
      gate: 'quantized',
      product: 'quantized',
      far: 'no-quantized-neighbour',
    });
  });

  test('it stays float where a float reader would see rounded values for nothing', () => {
    const nodes = [
      makeNode('Flatten', ['x'], ['f'], {}, named('f')),
      makeNode('MatMul', ['f', 'm'], ['p'], {}, named('p')),
      makeNode('Sqrt', ['f'], ['q']),
    ];
    const graph = net(nodes, ['p', 'q'], { m: f32([32, 2], 4) });
    expect(fates(graph)).toEqual({ f: 'no-quantized-neighbour', p: 'quantized', Sqrt: 'unsupported-op' });
  });

  test('an Add between float operators stays', () => {
    const nodes = [makeNode('Sqrt', ['x'], ['s']), makeNode('Add', ['s', 'x'], ['y'])];
    expect(fates(net(nodes, ['y']))['Add']).toBe('no-quantized-neighbour');
  });

  test('a clamp joins only a node that it alone reads', () => {
    const nodes = [
      conv('x', 'c'),
      makeNode('Relu', ['c'], ['r']),
      makeNode('Add', ['c', 'r'], ['y'], {}, named('add')),
    ];
    expect(fates(net(nodes, ['y']))).toEqual({ c: 'quantized', Relu: 'unsupported-op', add: 'quantized' });
    expect(fates(net(nodes.slice(0, 2), ['c', 'r']))['Relu']).toBe('unsupported-op');
  });

  test('a Clip joins where its bounds are constants', () => {
    const nodes = [conv('x', 'c'), makeNode('Clip', ['c', '', 'six'], ['y'])];
    expect(fates(net(nodes, ['y'], { six: f32([], [6]) }))['Clip']).toBe('in c');
    const computed = [
      conv('x', 'c'),
      makeNode('Sqrt', ['one'], ['hi']),
      makeNode('Clip', ['c', '', 'hi'], ['y']),
    ];
    expect(fates(net(computed, ['y'], { one: f32([], [1]) }))['Clip']).toBe('unsupported-op');
  });

  test('excluded nodes stay, and their clamps with them', () => {
    expect(fates(residualNet(), (node) => node.name === 'conv1')).toMatchObject({
      conv1: 'excluded',
      relu1: 'unsupported-op',
      conv2: 'quantized',
    });
    expect(fates(residualNet(), (node) => node.op === 'Relu')).toMatchObject({
      conv1: 'quantized',
      relu1: 'excluded',
      add: 'quantized',
    });
  });

  test('says why a node cannot be quantized', () => {
    const nodes = [
      makeNode('Conv', ['x', 'x'], ['a'], kernel1, named('computed weights')),
      makeNode('Gemm', ['f', 'm', 'v'], ['b'], {}, named('computed bias')),
      makeNode('Gemm', ['f', 'm', 'table'], ['c'], {}, named('a bias for each row')),
      makeNode('MatMul', ['i', 'i'], ['d'], {}, named('integers')),
      makeNode('Custom', ['x'], ['e'], {}, { name: 'other domain', domain: 'example' }),
    ];
    const graph = graphOf({
      inputs: [image, value('f', [2, 32]), value('v', [2]), value('i', [2, 2], 'int32')],
      outputs: ['a', 'b', 'c', 'd', 'e'],
      nodes,
      constants: { m: f32([32, 2], 1), table: f32([2, 1], 2) },
    });
    // Inference rightly rejects weights of that shape, so that node is judged alone.
    const rest = { ...graph, nodes: nodes.slice(1), outputs: graph.outputs.slice(1) };
    expect(fates(rest)).toEqual({
      'computed bias': 'bias-not-constant',
      'a bias for each row': 'unsupported-form',
      integers: 'not-float32',
      'other domain': 'unsupported-op',
    });
    const square = graphOf({ inputs: [value('x', [1, 1, 1, 1])], outputs: ['a'], nodes: nodes.slice(0, 1) });
    expect(inferShapes(square).get('a')?.shape).toEqual([1, 1, 1, 1]);
    expect(fates(square)).toEqual({ 'computed weights': 'weights-not-constant' });
  });

  test('leaves a MaxPool whose indices are wanted', () => {
    const pool = makeNode('MaxPool', ['c'], ['m', 'at'], { kernel_shape: attribute.ints([2, 2]) });
    expect(fates(net([conv('x', 'c'), pool], ['m', 'at']))['MaxPool']).toBe('unsupported-form');
  });
});

describe('scaleGroups', () => {
  test('joins values through operators that preserve them, and only there', () => {
    const nodes = [
      conv('x', 'a'),
      conv('x', 'b'),
      makeNode('Concat', ['a', 'b'], ['c'], { axis: attribute.int(1) }),
      makeNode('Reshape', ['c', 'to'], ['y'], {}),
    ];
    const graph = net(nodes, ['y'], { to: i64([-1, 64]) });
    const groups = scaleGroups(graph, selectNodes(graph, nothing));
    expect(groups.get('x')?.members).toEqual(['x']);
    expect(groups.get('y')).toMatchObject({ name: 'a', members: ['a', 'b', 'c', 'y'], sources: ['a', 'b'] });
    expect(new Set(['a', 'b', 'c', 'y'].map((name) => groups.get(name))).size).toBe(1);
  });
});
