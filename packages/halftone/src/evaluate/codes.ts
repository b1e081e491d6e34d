// Comparing quantized outputs: equal codes, and how many steps apart.
import type { Tensor } from '@halftone/core';
import type { Graph, Node } from '@halftone/graph';

/** Operators that pass values on unchanged. */
const transparent = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose']);

/** The node that makes the elements of a value, seen through those that only pass them on. */
function origin(graph: Graph, value: string): Node | undefined {
  const node = graph.nodes.find((candidate) => candidate.outputs.includes(value));
  return node && transparent.has(node.op) ? origin(graph, node.inputs[0]!) : node;
}

/** Step of each output that a DequantizeLinear with one constant scale makes; 1 for integer outputs. */
export function outputSteps(graph: Graph): Map<string, number> {
  const steps = new Map<string, number>();
  for (const output of graph.outputs) {
    const node = origin(graph, output.name);
    if (output.elementType !== 'float32') steps.set(output.name, 1);
    else if (node?.op === 'DequantizeLinear') {
      const scale = graph.constants.get(node.inputs[1]!)?.tensor();
      if (scale?.data.length === 1) steps.set(output.name, Number(scale.data[0]));
    }
  }
  return steps;
}

/** Counts equal elements of two runs of one model, and the largest difference. */
export class CodeComparison {
  elements = 0;
  equal = 0;
  maxAbsError = 0;
  /** In steps of the output's scale; undefined where an output has no single step. */
  maxStep: number | undefined = 0;

  add(expected: Tensor, got: Tensor, step: number | undefined): void {
    let largest = 0;
    for (let i = 0; i < expected.data.length; i++) {
      const [a, b] = [Number(expected.data[i]), Number(got.data[i])];
      if (Object.is(a, b) || a === b) this.equal++;
      else largest = Math.max(largest, Math.abs(a - b));
    }
    this.elements += expected.data.length;
    this.maxAbsError = Math.max(this.maxAbsError, largest);
    if (step === undefined) this.maxStep = undefined;
    else if (this.maxStep !== undefined)
      this.maxStep = Math.max(this.maxStep, Math.floor(largest / step + 0.5));
  }

  /** Share of elements that are the same to the bit. */
  get share(): number {
    return this.elements === 0 ? 1 : this.equal / this.elements;
  }
}
