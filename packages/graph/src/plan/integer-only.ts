import { floatOperations, HalftoneError } from '@halftone/core';
import { describe } from '../edit.ts';
import type { Node } from '../ir.ts';
import { baseOf } from '../lower/lowering.ts';
import type { Program, Step, Value } from '../lower/program.ts';

/**
 * Checks that a program computes in integers from the quantization of its inputs to the dequantization of its outputs:
 * floats of an input may be moved and quantized, floats that are dequantized may be moved to an output, and there is no
 * other float operation. Throws one HT_UNSUPPORTED that names every node that has one.
 */
export function requireIntegerOnly(program: Program): void {
  const given = fromInputs(program);
  const results = toOutputs(program);
  const offending = new Set<Node>();
  for (const step of program.steps) {
    if (isIntegerStep(step, given, results)) continue;
    for (const node of step.nodes) offending.add(node);
  }
  if (offending.size === 0) return;
  const names = [...offending].map(describe);
  const shown = names.slice(0, 12).join(', ') + (names.length > 12 ? `, and ${names.length - 12} more` : '');
  throw new HalftoneError(
    'HT_UNSUPPORTED',
    `${names.length} node(s) compute in floats: ${shown}; quantize them, or leave integerOnly out`,
    { nodes: [...offending].map(({ name, op, outputs }) => ({ name, op, output: outputs[0] })) },
  );
}

function isIntegerStep(step: Step, given: ReadonlySet<Value>, results: ReadonlySet<Value>): boolean {
  // A host step works out multipliers: at run time that is float arithmetic.
  if (step.kind === 'host') return false;
  if (floatOperations(step.op, step.spec) === 0) return true;
  const inputs = floats(Object.values(step.inputs));
  const outputs = floats(Object.values(step.outputs));
  if (step.op === 'quantize') return inputs.every((value) => given.has(value));
  const leaves = step.op === 'dequantize' || ('output' in step.spec && step.spec.output.type === 'float32');
  return leaves && outputs.every((value) => results.has(value));
}

function floats(values: readonly Value[]): Value[] {
  return values.filter((value) => value.dtype === 'float32' && value.constant === undefined).map(baseOf);
}

function moves(step: Step): boolean {
  return step.kind === 'kernel' && floatOperations(step.op, step.spec) === 0;
}

/** Floats that are a graph input's, moved at most. */
function fromInputs(program: Program): Set<Value> {
  const given = new Set<Value>(floats([...program.inputs.values()]));
  for (const step of program.steps) {
    if (step.kind !== 'kernel' || !moves(step)) continue;
    if (floats(Object.values(step.inputs)).every((value) => given.has(value)))
      for (const value of floats(Object.values(step.outputs))) given.add(value);
  }
  return given;
}

/** Floats that nothing but moves reads, on their way to an output. */
function toOutputs(program: Program): Set<Value> {
  const results = new Set<Value>();
  const read = new Set<Value>();
  for (const step of [...program.steps].reverse()) {
    if (step.kind !== 'kernel') continue;
    const outputs = floats(Object.values(step.outputs));
    for (const value of outputs) if (!read.has(value)) results.add(value);
    if (moves(step) && outputs.every((value) => results.has(value))) continue;
    for (const value of floats(Object.values(step.inputs))) read.add(value);
  }
  return results;
}
