import { HalftoneError, isDType, isHalftoneError } from '@halftone/core';
import { type Arithmetic, arithmetics } from '../arithmetic.ts';
import { describe } from '../edit.ts';
import type { Graph, Node } from '../ir.ts';
import { inferShapes } from '../infer.ts';
import { findOperator } from '../operators/table.ts';
import { baseOf, Lowering } from './lowering.ts';
import { makeValue, type Program, type Step, touched, type Value } from './program.ts';

/**
 * Turns a graph into a program for concrete input shapes; `arithmetic` says how integer operators round.
 * Throws one HT_UNSUPPORTED that names every node that no op covers, with the first reason.
 */
export function lower(
  graph: Graph,
  inputShapes: Readonly<Record<string, readonly number[]>>,
  arithmetic: Arithmetic = 'ort',
): Program {
  requireOperators(graph);
  const lowering = new Lowering(graph, inferShapes(graph, inputShapes), arithmetics[arithmetic]);
  const inputs = new Map<string, Value>();
  for (const { name, elementType } of graph.inputs) {
    if (elementType !== undefined && !isDType(elementType))
      throw new HalftoneError(
        'HT_UNSUPPORTED',
        `input ${name} is ${elementType}, which no tensor has; give the model an input of another type`,
        { input: name, elementType },
      );
    const value = makeValue(lowering.dtype(name), lowering.shape(name), name);
    lowering.define(name, 'plain', value);
    inputs.set(name, value);
  }
  const refused: Node[] = [];
  let reason = '';
  for (const node of graph.nodes) {
    if (lowering.absorbed.has(node)) continue;
    lowering.begin(node);
    try {
      findOperator(node.domain, node.op)!.lower!(node, lowering);
    } catch (error) {
      if (!isHalftoneError(error, 'HT_UNSUPPORTED')) throw error;
      if (refused.length === 0) reason = error.message;
      refused.push(node);
      for (const output of node.outputs) standIn(lowering, output);
    }
  }
  if (refused.length > 0) throw unsupported(refused, reason);
  const outputs = graph.outputs.map(({ name }) => ({
    name,
    value: lowering.plain(name),
    shape: lowering.shape(name),
  }));
  return { inputs, outputs, steps: needed(lowering.steps, outputs) };
}

/** The steps that an output needs: a reader of dequantized codes may have gone back to the codes. */
function needed(steps: readonly Step[], outputs: Program['outputs']): Step[] {
  const read = new Set<Value>(outputs.map(({ value }) => baseOf(value)));
  const kept: Step[] = [];
  for (const step of [...steps].reverse()) {
    const { inputs, outputs: results } = touched(step);
    if (!results.some((value) => read.has(baseOf(value)))) continue;
    for (const value of inputs) read.add(baseOf(value));
    kept.push(step);
  }
  return kept.reverse();
}

/** Throws one HT_UNSUPPORTED that names every node whose operator is not known here. */
export function requireOperators(graph: Graph): void {
  const unknown = graph.nodes.filter(
    (node) => node.opaque || findOperator(node.domain, node.op)?.lower === undefined,
  );
  if (unknown.length > 0) throw unsupported(unknown, 'no such operator here');
}

// Lets lowering go on after a refused node, so that one error can name all of them.
function standIn(lowering: Lowering, output: string): void {
  try {
    lowering.define(output, 'plain', makeValue(lowering.dtype(output), lowering.shape(output), output));
  } catch (error) {
    if (!isHalftoneError(error)) throw error;
  }
}

function unsupported(nodes: readonly Node[], reason: string): HalftoneError {
  const names = nodes.map((node) => `${node.domain === '' ? '' : `${node.domain}.`}${describe(node)}`);
  const shown = names.slice(0, 12).join(', ') + (names.length > 12 ? `, and ${names.length - 12} more` : '');
  return new HalftoneError(
    'HT_UNSUPPORTED',
    `${nodes.length} node(s) cannot be run by this executor: ${shown} (${reason}); run the model in ONNX Runtime, or leave these nodes out`,
    {
      nodes: nodes.map((node) => ({
        name: node.name,
        op: node.op,
        domain: node.domain,
        output: node.outputs[0],
      })),
      reason,
    },
  );
}
