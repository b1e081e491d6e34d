// Operators that move or rename elements and never change them.
import { sizeOf } from '@halftone/core';
import { intAttr, intsAttr } from '../attributes.ts';
import { shapeError } from '../shape-error.ts';
import type { Dim, Node, SymbolicShape } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { InferContext, Operator } from './definition.ts';
import type { ValueType } from '../value-type.ts';
import { axisFrom, knownIntegers } from './axes.ts';
import { axisIn, isKnown, shapeIn } from './geometry.ts';

/** Lowers an operator whose result is the same bytes under another shape. */
function lowerReshape(node: Node, lowering: Lowering): void {
  const output = node.outputs[0]!;
  lowering.define(output, 'plain', lowering.reshape(lowering.plain(node.inputs[0]!), lowering.shape(output)));
}

function inferReshape(node: Node, context: InferContext): ValueType[] {
  const { elementType, shape } = context.type(0);
  const target = knownIntegers(context, 1);
  if (target === undefined) return [{ elementType, shape: undefined }];
  const allowZero = intAttr(node, 'allowzero', 0) === 1;
  const dims: Dim[] = target.map((extent, i) => (extent === 0 && !allowZero ? shape?.[i] : extent));
  const free = dims.indexOf(-1);
  if (free < 0) {
    if (shape && isKnown(shape) && isKnown(dims) && sizeOf(shape) !== sizeOf(dims))
      shapeError(node, `[${shape.join(', ')}] does not fill [${dims.join(', ')}]`);
    return [{ elementType, shape: dims }];
  }
  const others = dims.filter((_, i) => i !== free);
  if (others.includes(-1)) shapeError(node, `[${target.join(', ')}] leaves two extents open`);
  if (shape === undefined || !isKnown(shape) || !isKnown(others)) {
    dims[free] = undefined;
    return [{ elementType, shape: dims }];
  }
  const rest = sizeOf(others);
  const extent = rest === 0 ? 0 : sizeOf(shape) / rest;
  if (!Number.isInteger(extent))
    shapeError(node, `[${shape.join(', ')}] does not fill [${target.join(', ')}]`);
  dims[free] = extent;
  return [{ elementType, shape: dims }];
}

const reshape: Operator = {
  op: 'Reshape',
  domain: '',
  shapeInputs: [1],
  infer: inferReshape,
  lower: lowerReshape,
};

function product(extents: SymbolicShape): Dim {
  if (extents.length === 1) return extents[0];
  return isKnown(extents) ? sizeOf(extents) : undefined;
}

const flatten: Operator = {
  op: 'Flatten',
  domain: '',
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    if (shape === undefined) return [{ elementType, shape: [undefined, undefined] }];
    const given = intAttr(node, 'axis', 1);
    const axis = given < 0 ? given + shape.length : given;
    if (axis < 0 || axis > shape.length) shapeError(node, `axis ${given} is outside rank ${shape.length}`);
    return [
      {
        elementType,
        shape: [
          axis === 0 ? 1 : product(shape.slice(0, axis)),
          axis === shape.length ? 1 : product(shape.slice(axis)),
        ],
      },
    ];
  },
  lower: lowerReshape,
};

function axesOf(node: Node, context: InferContext): readonly number[] | undefined {
  return node.inputs[1] ? knownIntegers(context, 1) : undefined;
}

const squeeze: Operator = {
  op: 'Squeeze',
  domain: '',
  shapeInputs: [1],
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    const axes = axesOf(node, context);
    if (shape === undefined || (node.inputs[1] && axes === undefined))
      return [{ elementType, shape: undefined }];
    // An empty list is none, as in ONNX Runtime.
    if (axes === undefined || axes.length === 0)
      return [{ elementType, shape: isKnown(shape) ? shape.filter((extent) => extent !== 1) : undefined }];
    const dropped = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
    for (const axis of dropped) {
      const extent = shape[axis];
      if (axis < 0 || axis >= shape.length || (typeof extent === 'number' && extent !== 1))
        shapeError(node, `axis ${axis} of [${shape.join(', ')}] is not 1`);
    }
    return [{ elementType, shape: shape.filter((_, axis) => !dropped.has(axis)) }];
  },
  lower: lowerReshape,
};

const unsqueeze: Operator = {
  op: 'Unsqueeze',
  domain: '',
  shapeInputs: [1],
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    const axes = axesOf(node, context);
    if (shape === undefined || axes === undefined) return [{ elementType, shape: undefined }];
    const rank = shape.length + axes.length;
    const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
    if (added.size !== axes.length || [...added].some((axis) => axis < 0 || axis >= rank))
      shapeError(node, `axes [${axes.join(', ')}] do not fit rank ${rank}`);
    const rest = [...shape];
    return [
      { elementType, shape: Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift())) },
    ];
  },
  lower: lowerReshape,
};

/** Passes its first input on: Identity, and Dropout at inference. */
function alias(op: string): Operator {
  return {
    op,
    domain: '',
    infer: (_node, context) => [context.type(0)],
    lower(node, lowering) {
      if (node.outputs[1]) throw lowering.refusal(node, 'the mask is not covered');
      const x = node.inputs[0]!;
      const layout = lowering.layout(x);
      lowering.define(node.outputs[0]!, layout, lowering.value(x, layout));
    },
  };
}

function permutation(node: Node, rank: number): readonly number[] {
  const perm = intsAttr(
    node,
    'perm',
    Array.from({ length: rank }, (_, i) => rank - 1 - i),
  );
  if (perm.length !== rank || new Set(perm).size !== rank || perm.some((axis) => axis < 0 || axis >= rank)) {
    shapeError(node, `perm [${perm.join(', ')}] is no permutation of ${rank} axes`);
  }
  return perm;
}

const transpose: Operator = {
  op: 'Transpose',
  domain: '',
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    return [{ elementType, shape: shape && permutation(node, shape.length).map((axis) => shape[axis]) }];
  },
  lower(node, lowering) {
    const [x, y] = [node.inputs[0]!, node.outputs[0]!];
    const shape = lowering.shape(x);
    const rank = shape.length;
    const perm = permutation(node, rank);
    const toLast = [0, ...Array.from({ length: Math.max(0, rank - 2) }, (_, i) => i + 2), 1];
    const same = (other: readonly number[]): boolean =>
      rank >= 3 && perm.every((axis, i) => axis === other[i]);
    // A transpose between the two layouts costs nothing: the same bytes are the result in the other layout.
    if (same(toLast) && lowering.layout(x) === 'last')
      return lowering.define(y, 'plain', lowering.value(x, 'last'));
    if (same([0, rank - 1, ...Array.from({ length: Math.max(0, rank - 2) }, (_, i) => i + 1)]))
      return lowering.define(y, 'last', lowering.plain(x));
    lowering.define(y, 'plain', lowering.transpose(lowering.plain(x), shape, perm, y));
  },
};

const concat: Operator = {
  op: 'Concat',
  domain: '',
  infer(node, context) {
    const types = node.inputs.map((_, i) => context.type(i));
    const elementType = types[0]?.elementType;
    const shapes = types.map((type) => type.shape);
    const first = shapes.find((shape) => shape !== undefined);
    if (first === undefined || shapes.some((shape) => shape === undefined))
      return [{ elementType, shape: first?.map(() => undefined) }];
    const axis = axisFrom(node, intAttr(node, 'axis', 0), first.length);
    const known = shapes as SymbolicShape[];
    const dims = first.map((extent, i): Dim => {
      const extents: SymbolicShape = known.map((shape) => shape[i]);
      if (i !== axis) {
        const sizes = extents.filter((other) => typeof other === 'number');
        if (sizes.some((other) => other !== sizes[0])) shapeError(node, `operands differ along axis ${i}`);
        return sizes[0] ?? extent;
      }
      return isKnown(extents) ? extents.reduce((sum, size) => sum + size, 0) : undefined;
    });
    return [{ elementType, shape: dims }];
  },
  lower(node, lowering) {
    const output = node.outputs[0]!;
    const rank = lowering.rank(output);
    const axis = axisFrom(node, intAttr(node, 'axis', 0), rank);
    const layout = node.inputs.some(
      (name) => lowering.constantOf(name) === undefined && lowering.layout(name) === 'last',
    )
      ? 'last'
      : 'plain';
    const dtype = lowering.dtype(output);
    const at = axisIn(layout, rank, axis);
    const shapes = node.inputs.map((name) => shapeIn(layout, lowering.shape(name)));
    const spec = {
      dtype,
      outer: sizeOf(shapes[0]!.slice(0, at)),
      extents: shapes.map((shape) => sizeOf(shape.slice(at))),
    };
    const inputs = Object.fromEntries(node.inputs.map((name, i) => [`x${i}`, lowering.value(name, layout)]));
    lowering.define(output, layout, lowering.kernel('concat', spec, inputs, output)['y']!);
  },
};

export const shapeOperators: readonly Operator[] = [
  reshape,
  flatten,
  squeeze,
  unsqueeze,
  transpose,
  concat,
  alias('Identity'),
  alias('Dropout'),
];
