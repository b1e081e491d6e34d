// What the models of single ops are made of.
import { type DType, type OpSpecs, type Tensor, tensor, type TensorDesc } from '@halftone/core';
import { attribute, constantOf, type Graph, type Node, type ValueInfo } from '@halftone/graph';

/** How an op is written as a model. */
export interface OrtForm {
  /** Operands that stay inputs; the values of all others become initializers, which ONNX Runtime packs. */
  readonly inputs: Readonly<Record<string, TensorDesc>>;
  /** Without a shape: that of the op's result. */
  readonly outputs: Readonly<Record<string, { readonly dtype: DType; readonly shape?: readonly number[] }>>;
  /** The operator, for people. */
  readonly operator: string;
  /** The node, with the constants that it names. */
  node(constants: Readonly<Record<string, Tensor>>): {
    node: Node;
    initializers: Readonly<Record<string, Tensor>>;
  };
}

export const one: Tensor<'float32'> = tensor('float32', [1], []);

export const MICROSOFT = { domain: 'com.microsoft' };

export function scalar(value: Tensor): Tensor {
  return value.data.length === 1 ? ({ ...value, shape: [] } as Tensor) : value;
}

export function windowOf({
  kernel,
  strides,
  pads,
  dilations,
}: OpSpecs['qmaxpool'] | OpSpecs['qconv2d']): Node['attributes'] {
  const [top, left, bottom, right] = pads;
  return {
    kernel_shape: attribute.ints(kernel),
    strides: attribute.ints(strides),
    pads: attribute.ints([top, left, bottom, right]),
    dilations: attribute.ints(dilations),
  };
}

/** The model of a form, with its constant operands. */
export function modelOf(form: OrtForm, constants: Readonly<Record<string, Tensor>>): Graph {
  const { node, initializers } = form.node(constants);
  const infos = (descs: OrtForm['outputs']): ValueInfo[] =>
    Object.entries(descs).map(([name, { dtype, shape }]) => ({ name, elementType: dtype, shape }));
  return {
    name: form.operator,
    opset: 17,
    domains: new Map(node.domain === '' ? [] : [[node.domain, 1]]),
    inputs: infos(form.inputs),
    outputs: infos(form.outputs),
    nodes: [node],
    constants: new Map(Object.entries(initializers).map(([name, value]) => [name, constantOf(name, value)])),
    values: new Map(),
  };
}
