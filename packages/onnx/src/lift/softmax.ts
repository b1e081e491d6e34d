import { attribute, makeNode } from '@halftone/graph';
import { changed, intOf, type Rule, stem } from './rule.ts';

/**
 * Softmax 13, LogSoftmax 13, Hardmax 13: before, all axes from `axis` (default 1) on were taken together;
 * now one axis is (default the last). Where `axis` is the last, both are the same; else the input is
 * flattened to two axes there, and shaped back.
 */
export const softmax13: Rule = (node, context) => {
  const [data = ''] = node.inputs;
  const axis = intOf(node, 'axis') ?? 1;
  const rank = context.rank(data);
  if (axis === -1 || (rank !== undefined && axis === rank - 1))
    return [changed(node, { set: { axis: attribute.int(-1) } })];
  const base = stem(node);
  const shape = context.fresh(`${base}_shape`);
  const flat = context.fresh(`${base}_flat`);
  const result = context.fresh(`${base}_flat_result`);
  const named = (part: string): { name?: string } =>
    node.name === '' ? {} : { name: `${node.name}_${part}` };
  return [
    makeNode('Shape', [data], [shape], {}, named('shape')),
    makeNode('Flatten', [data], [flat], { axis: attribute.int(axis) }, named('flatten')),
    changed(node, { inputs: [flat], outputs: [result], set: { axis: attribute.int(-1) } }),
    makeNode('Reshape', [result, shape], node.outputs, {}, named('reshape')),
  ];
};
