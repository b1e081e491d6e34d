// Operators that are one function of each element.
import type { UnaryFunction, UnarySpec } from '@halftone/core';
import { floatAttr, stringAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import { MICROSOFT } from './domains.ts';

/** A function with the parameters that a node gives it. */
export interface AppliedFunction {
  readonly function: UnaryFunction;
  readonly alpha: number;
  readonly beta: number;
}

type Reader = (node: Node) => AppliedFunction | undefined;

const plain =
  (name: UnaryFunction): Reader =>
  () => ({ function: name, alpha: 0, beta: 0 });

/** Attributes are float32 in files. */
const withAttributes =
  (name: UnaryFunction, alpha: number, second?: readonly [attribute: string, fallback: number]): Reader =>
  (node) => ({
    function: name,
    alpha: Math.fround(floatAttr(node, 'alpha', alpha)),
    beta: second ? Math.fround(floatAttr(node, ...second)) : 0,
  });

const gelu: Reader = (node) => {
  const form = stringAttr(node, 'approximate', 'none');
  if (form === 'none') return plain('gelu')(node);
  return form === 'tanh' ? plain('geluTanh')(node) : undefined;
};

const readers: Readonly<Record<string, Reader>> = {
  Abs: plain('abs'),
  Ceil: plain('ceil'),
  Elu: withAttributes('elu', 1),
  Erf: plain('erf'),
  Exp: plain('exp'),
  Floor: plain('floor'),
  Gelu: gelu,
  HardSigmoid: withAttributes('hardSigmoid', 0.2, ['beta', 0.5]),
  HardSwish: plain('hardSwish'),
  LeakyRelu: withAttributes('leakyRelu', 0.01),
  Log: plain('log'),
  Mish: plain('mish'),
  Neg: plain('neg'),
  Reciprocal: plain('reciprocal'),
  Round: plain('round'),
  Selu: withAttributes('selu', 1.6732632423543772, ['gamma', 1.0507009873554805]),
  Sigmoid: plain('sigmoid'),
  Sign: plain('sign'),
  Softplus: plain('softplus'),
  Softsign: plain('softsign'),
  Sqrt: plain('sqrt'),
  Tanh: plain('tanh'),
};

const microsoft: Readonly<Record<string, Reader>> = {
  Gelu: plain('gelu'),
  QuickGelu: withAttributes('quickGelu', 1.702),
};

/** Names of ONNX's own operators that are functions of each element, and of those of Microsoft's domain. */
export const functionOperators: readonly (readonly [domain: string, op: string])[] = [
  ...Object.keys(readers).map((op) => ['', op] as const),
  ...Object.keys(microsoft).map((op) => [MICROSOFT, op] as const),
];

/** The function that a node applies to each element; undefined for other nodes and for a form that is not known. */
export function functionOf(node: Node): AppliedFunction | undefined {
  if (node.opaque) return undefined;
  const table = node.domain === MICROSOFT ? microsoft : readers;
  const known = (node.domain === '' || node.domain === MICROSOFT) && Object.hasOwn(table, node.op);
  return known ? table[node.op]!(node) : undefined;
}

/** The spec of an applied function. */
export function functionSpec(applied: AppliedFunction, shape: readonly number[]): UnarySpec {
  const { function: name, alpha, beta } = applied;
  return { function: name, shape, ...(alpha === 0 ? {} : { alpha }), ...(beta === 0 ? {} : { beta }) };
}
