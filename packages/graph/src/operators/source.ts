// Operators whose results follow from shapes and a few scalars: Shape, Size, ConstantOfShape, Range.
import { type DType, dtypes, isDType, sizeOf, type Tensor, tensor } from '@halftone/core';
import { intAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import { shapeError } from '../shape-error.ts';
import { integersOf, knownIntegers } from './axes.ts';
import type { Operator } from './definition.ts';

const shape: Operator = {
  op: 'Shape',
  domain: '',
  ofShape: true,
  infer(node, context) {
    const rank = context.type(0).shape?.length;
    return [{ elementType: 'int64', shape: [rank === undefined ? undefined : cut(node, rank).length] }];
  },
  lower(node, lowering) {
    const extents = lowering.shape(node.inputs[0]!);
    const kept = cut(node, extents.length).map((axis) => BigInt(extents[axis]!));
    lowering.define(node.outputs[0]!, 'plain', lowering.constant(tensor('int64', kept)));
  },
};

/** The axes that Shape's `start` and `end` keep. */
function cut(node: Node, rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return axes.slice(intAttr(node, 'start', 0), intAttr(node, 'end', rank));
}

const size: Operator = {
  op: 'Size',
  domain: '',
  ofShape: true,
  infer: () => [{ elementType: 'int64', shape: [] }],
  lower(node, lowering) {
    const count = BigInt(sizeOf(lowering.shape(node.inputs[0]!)));
    lowering.define(node.outputs[0]!, 'plain', lowering.constant(tensor('int64', [count], [])));
  },
};

/** The element that ConstantOfShape repeats; float 0 where the node states none. */
function fillOf(node: Node): { dtype: DType | undefined; tensor: () => Tensor } {
  const stated = node.attributes['value'];
  if (stated?.type !== 'tensor') return { dtype: 'float32', tensor: () => tensor('float32', [0]) };
  const { elementType } = stated.value;
  return { dtype: isDType(elementType) ? elementType : undefined, tensor: () => stated.value.tensor() };
}

const constantOfShape: Operator = {
  op: 'ConstantOfShape',
  domain: '',
  shapeInputs: [0],
  infer(node, context) {
    const extents = knownIntegers(context, 0);
    const rank = context.type(0).shape?.[0];
    const unknown = typeof rank === 'number' ? new Array<undefined>(rank).fill(undefined) : undefined;
    return [{ elementType: fillOf(node).dtype, shape: extents ?? unknown }];
  },
  lower(node, lowering) {
    const output = node.outputs[0]!;
    const to = integersOf(node, lowering, 0) ?? [];
    const value = lowering.constant(fillOf(node).tensor());
    const spec = { dtype: value.dtype, shape: [1], to: to.length === 0 ? [1] : to };
    lowering.define(output, 'plain', lowering.kernel('expand', spec, { x: value }, output)['y']!);
  },
};

/** The three scalars of Range, where they are known. */
function rangeOf(
  node: Node,
  scalar: (input: number) => Tensor | undefined,
): [number, number, number] | undefined {
  const found = [0, 1, 2].map((input) => {
    const value = scalar(input)?.data[0];
    return value === undefined ? undefined : Number(value);
  });
  if (found.includes(undefined)) return undefined;
  const [start, limit, delta] = found as [number, number, number];
  if (delta === 0) shapeError(node, 'a delta of 0 never arrives');
  return [start, limit, delta];
}

function countOf([start, limit, delta]: readonly [number, number, number]): number {
  return Math.max(0, Math.ceil((limit - start) / delta));
}

const range: Operator = {
  op: 'Range',
  domain: '',
  shapeInputs: [0, 1, 2],
  infer(node, context) {
    const found = rangeOf(node, (input) => context.constant(input));
    return [{ elementType: context.type(0).elementType, shape: [found && countOf(found)] }];
  },
  lower(node, lowering) {
    const found = rangeOf(node, (input) => constantScalar(node, lowering, input));
    const [start, , delta] = found!;
    const dtype = lowering.dtype(node.inputs[0]!);
    const count = countOf(found!);
    const { Array: Elements } = dtypes[dtype];
    const data = new Elements(count);
    for (let i = 0; i < count; i++) {
      const value = start + i * delta;
      data[i] = (dtype === 'int64' ? BigInt(value) : value) as never;
    }
    const y = { dtype, shape: [count], data } as Tensor;
    lowering.define(node.outputs[0]!, 'plain', lowering.constant(y));
  },
};

function constantScalar(node: Node, lowering: Lowering, input: number): Tensor {
  const found = lowering.constantOf(node.inputs[input]!);
  if (found) return found;
  throw lowering.refusal(
    node,
    `${node.inputs[input]} decides the shape and is known only while the model runs`,
  );
}

export const sourceOperators: readonly Operator[] = [shape, size, constantOfShape, range];
