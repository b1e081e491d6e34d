import { isHalftoneError, tensor } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { attribute, type Graph, makeNode, type Node } from '../src/ir.ts';
import { lower } from '../src/lower/lower.ts';
import type { Program } from '../src/lower/program.ts';
import { floats, graphOf, info } from './support.ts';

const conv = (x: string, y: string, attributes = {}): Node => makeNode('Conv', [x, 'w'], [y], attributes);
const weights = { w: floats([3, 3, 1, 1]) };
const image = [info('x', ['N', 3, 4, 5])];
const at = { x: [2, 3, 4, 5] };

const ops = (program: Program): string[] =>
  program.steps.map((step) => (step.kind === 'kernel' ? step.op : step.label));
const lowered = (graph: Graph): string[] => ops(lower(graph, at));

describe('layouts', () => {
  it('stand once at the entry and once at the exit of a chain', () => {
    expect(lowered(graphOf(image, [conv('x', 'a'), conv('a', 'b'), conv('b', 'y')], ['y'], weights))).toEqual(
      ['transpose', 'conv2d', 'conv2d', 'conv2d', 'transpose'],
    );
  });

  it('cost nothing where the model transposes itself', () => {
    const nhwc = [info('x', ['N', 4, 5, 3])];
    const nodes = [
      makeNode('Transpose', ['x'], ['a'], { perm: attribute.ints([0, 3, 1, 2]) }),
      conv('a', 'b'),
      makeNode('Transpose', ['b'], ['y'], { perm: attribute.ints([0, 2, 3, 1]) }),
    ];
    expect(ops(lower(graphOf(nhwc, nodes, ['y'], weights), { x: [2, 4, 5, 3] }))).toEqual(['conv2d']);
  });

  it('need no step where both are the same bytes', () => {
    const nodes = [
      conv('x', 'a'),
      makeNode('GlobalAveragePool', ['a'], ['b']),
      makeNode('Flatten', ['b'], ['y']),
    ];
    expect(lowered(graphOf(image, nodes, ['y'], weights))).toEqual(['transpose', 'conv2d', 'avgpool']);
  });

  it('go through elementwise operators, constants moved ahead of time', () => {
    const nodes = [
      conv('x', 'a'),
      makeNode('Add', ['a', 'c'], ['b']),
      conv('b', 'd'),
      makeNode('Add', ['d', 'b'], ['y']),
    ];
    const program = lower(graphOf(image, nodes, ['y'], { ...weights, c: floats([3, 1, 1]) }), at);
    expect(ops(program)).toEqual(['transpose', 'conv2d', 'binary', 'conv2d', 'binary', 'transpose']);
    const add = program.steps[2]!;
    expect(add.kind === 'kernel' && add.spec).toMatchObject({ aShape: [2, 4, 5, 3], bShape: [1, 1, 1, 3] });
  });
});

describe('clamps', () => {
  const relu = makeNode('Relu', ['a'], ['y']);

  it('become part of the step before them', () => {
    const program = lower(graphOf(image, [conv('x', 'a'), relu], ['y'], weights), at);
    expect(ops(program)).toEqual(['transpose', 'conv2d', 'transpose']);
    const step = program.steps[1]!;
    expect(step.kind === 'kernel' && step.spec).toMatchObject({ clamp: [0, Infinity] });
    expect(step.nodes.map((node) => node.op)).toEqual(['Conv', 'Relu']);
  });

  it('stay where something else reads the value between, or it is an output', () => {
    const reader = [conv('x', 'a'), relu, makeNode('Sigmoid', ['a'], ['z'])];
    expect(lowered(graphOf(image, reader, ['y', 'z'], weights))).toContain('unary');
    expect(lowered(graphOf(image, [conv('x', 'a'), relu], ['y', 'a'], weights))).toContain('unary');
  });

  it('with constant bounds are fused, with those of run time computed', () => {
    const clip = makeNode('Clip', ['a', 'lo', 'hi'], ['y']);
    const bounds = { lo: tensor('float32', [-1], []), hi: tensor('float32', [6], []) };
    const step = lower(graphOf(image, [conv('x', 'a'), clip], ['y'], { ...weights, ...bounds }), at)
      .steps[1]!;
    expect(step.kind === 'kernel' && step.spec).toMatchObject({ clamp: [-1, 6] });
    const open = graphOf([...image, info('lo', []), info('hi', [])], [conv('x', 'a'), clip], ['y'], weights);
    expect(ops(lower(open, { ...at, lo: [], hi: [] }))).toEqual([
      'transpose',
      'conv2d',
      'binary',
      'binary',
      'transpose',
    ]);
  });
});

describe('parameters', () => {
  const names = ['x', 'sx', 'zx', 'w', 'sw', 'zw', 'sy', 'zy'];
  const node = makeNode('QLinearMatMul', names, ['y']);
  const codes = {
    w: tensor('int8', [1, 2, 3, 4], [2, 2]),
    zx: tensor('uint8', [3], []),
    zw: tensor('int8', [0, 0], [2]),
    zy: tensor('uint8', [0], []),
  };
  const x = info('x', [1, 2], 'uint8');

  it('that are constants are worked out ahead; zero points that are equal become one', () => {
    const scales = { sx: floats([], 1), sw: tensor('float32', [0.5, 2]), sy: floats([], 4) };
    const program = lower(graphOf([x], [node], ['y'], { ...codes, ...scales }), { x: [1, 2] });
    expect(ops(program)).toEqual(['qgemm']);
    const step = program.steps[0]!;
    if (step.kind !== 'kernel') throw new Error('a kernel was expected');
    expect(step.inputs['multiplier']?.constant?.data).toEqual(Float32Array.of(0.125, 0.5));
    expect(step.spec).toMatchObject({ bZeroPoint: 'per-tensor', output: { multiplier: 'per-channel' } });
  });

  it('that are inputs are worked out on the host at each run', () => {
    const inputs = [x, info('sx', []), info('sw', [2]), info('sy', [])];
    const program = lower(graphOf(inputs, [node], ['y'], codes), { x: [1, 2], sx: [], sw: [2], sy: [] });
    expect(ops(program)).toEqual(['multiplier', 'qgemm']);
  });
});

describe('what cannot run', () => {
  it('is one error that names every node', () => {
    const nodes = [
      { ...makeNode('Loop', ['x'], ['a'], {}, { name: 'first' }), opaque: true },
      makeNode('Relu', ['a'], ['b']),
      { ...makeNode('Mystery', ['b'], ['y'], {}, { name: 'second' }), opaque: true },
    ];
    let error: unknown;
    try {
      lower(graphOf(image, nodes, ['y']), at);
    } catch (caught) {
      error = caught;
    }
    if (!isHalftoneError(error, 'HT_UNSUPPORTED')) throw error;
    expect((error.details['nodes'] as { name: string }[]).map((node) => node.name)).toEqual([
      'first',
      'second',
    ]);
  });

  it('names every node whose form is refused, not only the first', () => {
    const nodes = [
      makeNode('MaxPool', ['x'], ['a', 'i'], { kernel_shape: attribute.ints([1, 1]) }, { name: 'indices' }),
      makeNode('Relu', ['a'], ['b']),
      makeNode('Dropout', ['b'], ['y', 'mask'], {}, { name: 'mask' }),
    ];
    let error: unknown;
    try {
      lower(graphOf(image, nodes, ['y']), at);
    } catch (caught) {
      error = caught;
    }
    if (!isHalftoneError(error, 'HT_UNSUPPORTED')) throw error;
    expect((error.details['nodes'] as { name: string }[]).map((node) => node.name)).toEqual([
      'indices',
      'mask',
    ]);
  });
});
