import { sizeOf } from '@halftone/core';
import { type Constant, type Graph, intAttr, type Node, type ValueTypes } from '@halftone/graph';

/** Why a node stays float; stable, for programs. */
export type ReasonCode =
  | 'excluded'
  | 'unsupported-op'
  | 'unsupported-form'
  | 'not-float32'
  | 'weights-not-constant'
  | 'bias-not-constant'
  | 'no-quantized-neighbour';

/** Why a node stays float, with the words for a person. */
export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
}

/** What a node's inputs are to its quantization. */
export interface Roles {
  /** Indices of inputs that are quantized with one scale a tensor. */
  readonly activations: readonly number[];
  readonly weights?: { readonly input: number; readonly axis: number };
  /** Index of a bias of one element an output channel (or one for all). */
  readonly bias?: number;
}

/**
 * How a node is quantized:
 * - `weighted`: on its own account; the products are what quantization is for.
 * - `joined`: its output has a scale of its own, but only next to a quantized node is it worth anything.
 * - `preserving`: output values are input values, so codes pass unchanged under one shared scale.
 */
export type Kind = 'weighted' | 'joined' | 'preserving';

/** What selection knows of the graph around a node. */
interface OperatorContext {
  readonly graph: Graph;
  readonly types: ValueTypes;
}

interface QuantizableOperator {
  readonly kind: Kind;
  /** The roles of the inputs, or the reason why this node is left. */
  roles(node: Node, context: OperatorContext): Roles | Reason;
}

/** True for a reason. */
export function isReason(value: Roles | Reason): value is Reason {
  return 'code' in value;
}

/** The quantizable operator that a node is, if it is one. */
export function quantizableOperator(node: Node): QuantizableOperator | undefined {
  return node.opaque || (node.domain !== '' && node.domain !== 'ai.onnx') ? undefined : table.get(node.op);
}

const conv: QuantizableOperator = {
  kind: 'weighted',
  roles(node, context) {
    const weights = constant(context, node.inputs[1]);
    if (weights === undefined)
      return reason('weights-not-constant', 'the weights are computed while the model runs');
    if (weights.elementType !== 'float32') return notFloat(weights.elementType);
    return withBias(node, context, 2, weights.shape[0] as number, {
      activations: [0],
      weights: { input: 1, axis: 0 },
    });
  },
};

const gemm: QuantizableOperator = {
  kind: 'weighted',
  roles(node, context) {
    const weights = constant(context, node.inputs[1]);
    if (weights === undefined)
      return reason('weights-not-constant', 'the weights are computed while the model runs');
    if (weights.elementType !== 'float32') return notFloat(weights.elementType);
    const axis = intAttr(node, 'transB', 0) === 0 ? 1 : 0;
    return withBias(node, context, 2, weights.shape[axis] as number, {
      activations: [0],
      weights: { input: 1, axis },
    });
  },
};

const matMul: QuantizableOperator = {
  kind: 'weighted',
  roles(node, context) {
    const weights = constant(context, node.inputs[1]);
    if (weights === undefined) return floats(node, context, [0, 1]);
    if (weights.elementType !== 'float32') return notFloat(weights.elementType);
    return { activations: [0], weights: { input: 1, axis: weights.shape.length - 1 } };
  },
};

const sumOrProduct: QuantizableOperator = {
  kind: 'joined',
  roles: (node, context) => floats(node, context, [0, 1]),
};

/** One tensor to another: means, and functions of each element, which on 8-bit codes are tables. */
const mapped: QuantizableOperator = { kind: 'joined', roles: (node, context) => floats(node, context, [0]) };

const moved: QuantizableOperator = {
  kind: 'preserving',
  roles: (node, context) => floats(node, context, [0]),
};

const maxPool: QuantizableOperator = {
  kind: 'preserving',
  roles(node, context) {
    if (node.outputs.some((output, i) => i > 0 && output !== '')) {
      return reason('unsupported-form', 'the indices of the maxima are wanted');
    }
    return floats(node, context, [0]);
  },
};

const concat: QuantizableOperator = {
  kind: 'preserving',
  roles: (node, context) =>
    floats(
      node,
      context,
      node.inputs.map((_, i) => i),
    ),
};

const table: ReadonlyMap<string, QuantizableOperator> = new Map([
  ['Conv', conv],
  ['Gemm', gemm],
  ['MatMul', matMul],
  ['Add', sumOrProduct],
  ['Mul', sumOrProduct],
  ['AveragePool', mapped],
  ['GlobalAveragePool', mapped],
  ['Elu', mapped],
  ['Gelu', mapped],
  ['HardSigmoid', mapped],
  ['HardSwish', mapped],
  ['LeakyRelu', mapped],
  ['Mish', mapped],
  ['Selu', mapped],
  ['Sigmoid', mapped],
  ['Softplus', mapped],
  ['Softsign', mapped],
  ['Tanh', mapped],
  ['Reshape', moved],
  ['Flatten', moved],
  ['Transpose', moved],
  ['Squeeze', moved],
  ['Unsqueeze', moved],
  ['Identity', moved],
  ['MaxPool', maxPool],
  ['GlobalMaxPool', maxPool],
  ['Slice', moved],
  ['Expand', moved],
  ['Tile', moved],
  ['Concat', concat],
]);

/** Builds a reason. */
export function reason(code: ReasonCode, text: string): Reason {
  return { code, text };
}

function notFloat(elementType: string | undefined): Reason {
  return elementType === undefined
    ? reason('not-float32', 'the type of its values is not known')
    : reason('not-float32', `its values are ${elementType}`);
}

function constant(context: OperatorContext, name: string | undefined): Constant | undefined {
  return context.graph.constants.get(name ?? '');
}

/** All of `inputs` as activations, which must be float32; they have one type, so the known ones speak for the others. */
function floats(node: Node, { types }: OperatorContext, inputs: readonly number[]): Roles | Reason {
  const known = inputs.map((input) => types.get(node.inputs[input] ?? '')?.elementType);
  const elementType = known.find((type) => type !== undefined);
  return elementType === 'float32' ? { activations: inputs } : notFloat(elementType);
}

function withBias(
  node: Node,
  context: OperatorContext,
  input: number,
  channels: number,
  roles: Roles,
): Roles | Reason {
  if (!node.inputs[input]) return roles;
  const bias = constant(context, node.inputs[input]);
  if (bias === undefined) return reason('bias-not-constant', 'the bias is computed while the model runs');
  if (bias.elementType !== 'float32') return notFloat(bias.elementType);
  const size = sizeOf(bias.shape);
  const alongChannels = size === 1 || (size === channels && (bias.shape.at(-1) ?? 1) === channels);
  if (!alongChannels)
    return reason(
      'unsupported-form',
      `a bias of shape [${bias.shape.join(', ')}] is not one value an output channel`,
    );
  return { ...roles, bias: input };
}
