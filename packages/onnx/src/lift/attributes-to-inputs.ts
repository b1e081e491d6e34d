import { changed, floatOf, intOf, intsOf, type Rule, stem } from './rule.ts';
import { needsFloat32 } from './clip.ts';

/** Pad 11: `pads` and `value` became inputs; a value of 0 is the default and left out. */
export const pad11: Rule = (node, context) => {
  const pads = intsOf(node, 'pads');
  if (pads === undefined) return { refusal: 'Pad has no pads' };
  const inputs = [node.inputs[0] ?? '', context.integers(`${stem(node)}_pads`, pads)];
  const value = floatOf(node, 'value') ?? 0;
  if (value !== 0 || Object.is(value, -0)) {
    const refusal = needsFloat32(node, context);
    if (refusal !== undefined) return { refusal };
    inputs.push(context.float(`${stem(node)}_value`, value));
  }
  return [changed(node, { drop: ['pads', 'value'], inputs })];
};

/** Slice 10: `starts`, `ends` and `axes` became inputs. */
export const slice10: Rule = (node, context) => {
  const starts = intsOf(node, 'starts');
  const ends = intsOf(node, 'ends');
  if (starts === undefined || ends === undefined) return { refusal: 'Slice has no starts or no ends' };
  const base = stem(node);
  const inputs = [
    node.inputs[0] ?? '',
    context.integers(`${base}_starts`, starts),
    context.integers(`${base}_ends`, ends),
  ];
  const axes = intsOf(node, 'axes');
  if (axes !== undefined) inputs.push(context.integers(`${base}_axes`, axes));
  return [changed(node, { drop: ['starts', 'ends', 'axes'], inputs })];
};

/** Squeeze 13, Unsqueeze 13, ReduceSum 13 and the other reductions at 18: `axes` became an input. */
export const axesToInput: Rule = (node, context) => {
  const axes = intsOf(node, 'axes');
  const [data = ''] = node.inputs;
  if (axes === undefined)
    return node.op === 'Unsqueeze'
      ? { refusal: 'Unsqueeze has no axes' }
      : [changed(node, { inputs: [data] })];
  return [changed(node, { drop: ['axes'], inputs: [data, context.integers(`${stem(node)}_axes`, axes)] })];
};

/** Split 13: `split` became an input. */
export const split13: Rule = (node, context) => {
  const sizes = intsOf(node, 'split');
  const [data = ''] = node.inputs;
  const inputs = sizes === undefined ? [data] : [data, context.integers(`${stem(node)}_split`, sizes)];
  return [changed(node, { drop: ['split'], inputs })];
};

/** Split 18: without sizes the number of equal parts must be said. */
export const split18: Rule = (node) => {
  if ((node.inputs[1] ?? '') !== '' || intOf(node, 'num_outputs') !== undefined) return [node];
  return [changed(node, { set: { num_outputs: { type: 'int', value: node.outputs.length } } })];
};

/** TopK 10: `k` became an input. */
export const topK10: Rule = (node, context) => {
  const k = intOf(node, 'k');
  if (k === undefined) return { refusal: 'TopK has no k' };
  return [
    changed(node, { drop: ['k'], inputs: [node.inputs[0] ?? '', context.integers(`${stem(node)}_k`, [k])] }),
  ];
};
