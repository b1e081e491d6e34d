import type { Attribute, Node } from '@halftone/graph';
import type { LiftContext } from './context.ts';

/** Why a node cannot be said in the newer opset. */
interface Refusal {
  readonly refusal: string;
}

/**
 * Says a node in the terms of one newer version: the nodes that stand for it, the last of which has the
 * name and what the file kept of the old one.
 */
export type Rule = (node: Node, context: LiftContext) => readonly Node[] | Refusal;

/** The parts of a node that a rule changes. */
export interface Changes {
  readonly op?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** Attributes to take out. */
  readonly drop?: readonly string[];
  readonly set?: Readonly<Record<string, Attribute>>;
}

/** The node with changes; what the file kept of it stays with it. */
export function changed(node: Node, changes: Changes): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => changes.drop?.includes(name) !== true);
  return {
    ...node,
    op: changes.op ?? node.op,
    inputs: changes.inputs ?? node.inputs,
    outputs: changes.outputs ?? node.outputs,
    attributes: { ...Object.fromEntries(kept), ...changes.set },
  };
}

/** The first output of a node, after which added values are named. */
export function stem(node: Node): string {
  return node.outputs.find((name) => name !== '') ?? node.op;
}

/** An integer attribute. */
export function intOf(node: Node, name: string): number | undefined {
  const attribute = node.attributes[name];
  return attribute?.type === 'int' ? attribute.value : undefined;
}

/** A float attribute. */
export function floatOf(node: Node, name: string): number | undefined {
  const attribute = node.attributes[name];
  return attribute?.type === 'float' ? attribute.value : undefined;
}

/** A list of integers. */
export function intsOf(node: Node, name: string): readonly number[] | undefined {
  const attribute = node.attributes[name];
  return attribute?.type === 'ints' ? attribute.value : undefined;
}

/** A list of floats. */
export function floatsOf(node: Node, name: string): readonly number[] | undefined {
  const attribute = node.attributes[name];
  return attribute?.type === 'floats' ? attribute.value : undefined;
}

/** A text attribute. */
export function textOf(node: Node, name: string): string | undefined {
  const attribute = node.attributes[name];
  return attribute?.type === 'string' ? attribute.value : undefined;
}
