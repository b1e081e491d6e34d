import { describe, expect, it } from 'vitest';
import { floatAttr, intAttr, intsAttr, stringAttr } from '../src/attributes.ts';
import { GraphEditor, sortNodes } from '../src/edit.ts';
import { attribute, makeNode, type Node } from '../src/ir.ts';
import { isKnownOperator } from '../src/operators/table.ts';
import { codeOf, floats, graphOf, info } from './support.ts';

const relu = (from: string, to: string): Node => makeNode('Relu', [from], [to]);

describe('GraphEditor', () => {
  it('drops what no output needs, and sorts', () => {
    const graph = graphOf([info('x', [1])], [relu('x', 'a'), relu('x', 'dead'), relu('a', 'y')], ['y'], {
      unused: floats([1]),
    });
    const editor = new GraphEditor(graph);
    const last = editor.producer('y')!;
    editor.replace(last, relu('late', 'y'), relu('a', 'late'));
    const finished = editor.finish();
    expect(finished.nodes.map((node) => node.outputs[0])).toEqual(['a', 'late', 'y']);
    expect(finished.constants.size).toBe(0);
    expect(graph.nodes).toHaveLength(3);
  });

  it('knows who reads a value, outputs and subgraphs included', () => {
    const loop: Node = { ...makeNode('Loop', ['x'], ['z']), opaque: true, captures: ['a'] };
    const editor = new GraphEditor(
      graphOf([info('x', [1])], [relu('x', 'a'), relu('a', 'y'), loop], ['y', 'z']),
    );
    expect(editor.consumers('a').map((node) => node.op)).toEqual(['Relu', 'Loop']);
    expect(editor.soleConsumer('a')).toBeUndefined();
    expect(editor.soleConsumer('y')).toBeUndefined();
    expect(editor.redirect('a', 'x')).toBe(false);
    editor.remove(loop);
    expect(editor.soleConsumer('a')?.outputs).toEqual(['y']);
    expect(editor.redirect('a', 'x')).toBe(true);
    expect(editor.producer('y')?.inputs).toEqual(['x']);
    expect(editor.redirect('y', 'x')).toBe(false);
  });

  it('gives names that nothing uses', () => {
    const editor = new GraphEditor(graphOf([info('x', [1])], [relu('x', 'y')], ['y'], { c: floats([1]) }));
    expect([
      editor.fresh('y'),
      editor.fresh('y'),
      editor.fresh('x'),
      editor.fresh('c'),
      editor.fresh('new'),
    ]).toEqual(['y_1', 'y_2', 'x_1', 'c_1', 'new']);
  });

  it('names a node on a cycle', async () => {
    const nodes = [relu('b', 'a'), relu('a', 'b')];
    const producer = (value: string): Node | undefined => nodes.find((node) => node.outputs[0] === value);
    expect(await codeOf(() => sortNodes(nodes, producer))).toBe('HT_MODEL_INVALID');
    const self = [relu('a', 'a')];
    expect(await codeOf(() => sortNodes(self, () => self[0]))).toBe('HT_MODEL_INVALID');
  });

  it('does not overflow the stack on long chains, given backwards', () => {
    const nodes = Array.from({ length: 20_000 }, (_, i) => relu(`v${i}`, `v${i + 1}`)).reverse();
    const sorted = new GraphEditor(graphOf([info('v0', [1])], nodes, ['v20000'])).finish().nodes;
    expect([sorted.length, sorted[0]!.inputs[0], sorted.at(-1)!.outputs[0]]).toEqual([
      20_000,
      'v0',
      'v20000',
    ]);
  });
});

describe('attributes', () => {
  const node = makeNode('Conv', [], ['y'], {
    group: attribute.int(2),
    pads: attribute.ints([1, 2]),
    alpha: attribute.float(0.5),
    mode: attribute.string('a'),
  });

  it('are read with a default', () => {
    expect([
      intAttr(node, 'group', 1),
      intAttr(node, 'axis', 7),
      floatAttr(node, 'alpha', 1),
      stringAttr(node, 'mode', 'b'),
    ]).toEqual([2, 7, 0.5, 'a']);
    expect(intsAttr(node, 'pads', [])).toEqual([1, 2]);
    expect(intAttr(node, 'toString', 3)).toBe(3);
  });

  it('of another kind are refused', async () => {
    expect(await codeOf(() => intAttr(node, 'pads', 0))).toBe('HT_MODEL_INVALID');
    expect(await codeOf(() => intsAttr(node, 'group', []))).toBe('HT_MODEL_INVALID');
  });
});

describe('the operator table', () => {
  it('knows ONNX by both spellings of its domain, and ONNX Runtime’s own operators', () => {
    expect(['', 'ai.onnx'].map((domain) => isKnownOperator(domain, 'Conv'))).toEqual([true, true]);
    expect([
      isKnownOperator('com.microsoft', 'QLinearAdd'),
      isKnownOperator('', 'QLinearAdd'),
      isKnownOperator('', 'NonMaxSuppression'),
    ]).toEqual([true, false, false]);
  });
});
