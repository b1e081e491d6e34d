import { type LstmSpec, sizeOf, zeros } from '@halftone/core';
import { floatAttr, intAttr, stringAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { shapeError } from '../shape-error.ts';
import { integersOf } from './axes.ts';
import type { Operator } from './definition.ts';
import { requireFloat } from './require-float.ts';

function directionsOf(node: Node): number {
  return stringAttr(node, 'direction', 'forward') === 'bidirectional' ? 2 : 1;
}

/** Throws HT_UNSUPPORTED for the forms that the op does not have. */
function requireForm(node: Node, lowering: Lowering): void {
  const direction = stringAttr(node, 'direction', 'forward');
  if (!['forward', 'reverse', 'bidirectional'].includes(direction))
    throw lowering.refusal(node, `direction ${direction} is not known`);
  const activations = node.attributes['activations'];
  const usual = ['sigmoid', 'tanh', 'tanh'];
  if (
    activations !== undefined &&
    !(
      activations.type === 'strings' &&
      activations.value.every((name, i) => name.toLowerCase() === usual[i % 3])
    )
  )
    throw lowering.refusal(node, 'other activations than Sigmoid, Tanh, Tanh are not covered');
  if (floatAttr(node, 'clip', undefined) !== undefined) throw lowering.refusal(node, 'clip is not covered');
  if (intAttr(node, 'input_forget', 0) !== 0) throw lowering.refusal(node, 'input_forget is not covered');
  if (intAttr(node, 'layout', 0) !== 0) throw lowering.refusal(node, 'layout 1 is not covered');
}

/** The part of an operand that belongs to one direction; the first axis counts them. */
function partOf(lowering: Lowering, name: string, direction: number): Value {
  const [, ...shape] = lowering.shape(name);
  const value = lowering.plain(name);
  if (lowering.shape(name)[0] === 1) return lowering.reshape(value, shape);
  const spec = {
    dtype: value.dtype,
    shape: lowering.shape(name),
    starts: [direction, ...shape.map(() => 0)],
    steps: [1, ...shape.map(() => 1)],
    extents: [1, ...shape],
  };
  return lowering.reshape(lowering.kernel('slice', spec, { x: value }, name)['y']!, shape);
}

const lstm: Operator = {
  op: 'LSTM',
  domain: '',
  infer(node, context) {
    const { elementType, shape: x } = context.type(0);
    const hidden = context.type(2).shape?.[2];
    const directions = directionsOf(node);
    if (x === undefined) return node.outputs.map(() => ({ elementType, shape: undefined }));
    const last = { elementType, shape: [directions, x[1], hidden] };
    return [{ elementType, shape: [x[0], directions, x[1], hidden] }, last, last];
  },
  lower(node, lowering) {
    requireForm(node, lowering);
    const [x, w, r, bias = '', lengths = '', h0 = '', c0 = '', peephole = ''] = node.inputs as [
      string,
      string,
      string,
    ];
    requireFloat(node, lowering, ...[x, w, r, bias, h0, c0, peephole].filter((name) => name !== ''));
    const [steps, batch, input] = lowering.shape(x) as readonly [number, number, number];
    const hidden = lowering.shape(r)[2]!;
    const directions = directionsOf(node);
    if (lowering.rank(x) !== 3 || lowering.shape(w)[0] !== directions)
      shapeError(
        node,
        `a sequence [steps, batch, input] and weights of ${directions} direction(s) are needed`,
      );
    const stated = lengths === '' ? undefined : integersOf(node, lowering, 4);
    if (stated?.some((length) => length !== steps))
      throw lowering.refusal(node, 'sequences shorter than the others are not covered');
    const zero = (): Value => lowering.constant(zeros('float32', [batch, hidden]));
    const output = node.outputs.find((name) => name !== '') ?? '';
    const results = Array.from({ length: directions }, (_, direction) => {
      const spec: LstmSpec = {
        steps,
        batch,
        input,
        hidden,
        reverse: direction === 1 || stringAttr(node, 'direction', 'forward') === 'reverse',
        bias: bias !== '',
        peephole: peephole !== '',
      };
      const part = (name: string): Value => partOf(lowering, name, direction);
      const inputs = {
        x: lowering.plain(x),
        w: part(w),
        r: part(r),
        h0: h0 === '' ? zero() : part(h0),
        c0: c0 === '' ? zero() : part(c0),
        ...(bias === '' ? {} : { bias: part(bias) }),
        ...(peephole === '' ? {} : { peephole: part(peephole) }),
      };
      return lowering.kernel('lstm', spec, inputs, output);
    });
    // Directions stand beside each other: within each step of y, one after the other in h and c.
    const joined = (name: 'y' | 'h' | 'c', outer: number): Value => {
      const parts = results.map((result) => result[name]!);
      if (parts.length === 1) return parts[0]!;
      const extent = outer === 0 ? 0 : sizeOf(parts[0]!.shape) / outer;
      const spec = { dtype: 'float32', outer, extents: parts.map(() => extent) } as const;
      return lowering.kernel('concat', spec, { x0: parts[0]!, x1: parts[1]! }, output)['y']!;
    };
    const [y = '', h = '', c = ''] = node.outputs;
    if (y !== '') lowering.define(y, 'plain', lowering.reshape(joined('y', steps), lowering.shape(y)));
    if (h !== '') lowering.define(h, 'plain', lowering.reshape(joined('h', 1), lowering.shape(h)));
    if (c !== '') lowering.define(c, 'plain', lowering.reshape(joined('c', 1), lowering.shape(c)));
  },
};

export const lstmOperators: readonly Operator[] = [lstm];
