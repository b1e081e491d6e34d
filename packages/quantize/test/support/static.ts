import type { Tensor } from '@halftone/core';
import { attribute, type Graph, type Node } from '@halftone/graph';
import { expect } from 'vitest';
import { type QuantizationReport, quantizeStatic, type StaticOptions } from '../../src/index.ts';
import { batches, nodesOf } from './graphs.ts';
import { evaluate, interpreter } from './interpreter.ts';

/** Data for graphs over x [N,2,4,4]. */
export const calibration = batches('x', [2, 2, 4, 4], 8);
export const kernel1 = { kernel_shape: attribute.ints([1, 1]) };

/** Static quantization with that data and the interpreter. */
export function quantize(
  graph: Graph,
  options: Partial<StaticOptions> = {},
): Promise<{ model: Graph; report: QuantizationReport }> {
  return quantizeStatic(graph, { calibration, runner: interpreter(), ...options });
}

/** The QuantizeLinear, and the DequantizeLinear, that stand for a value. */
export function qdqOf(model: Graph, name: string): { q: Node; dq: Node } {
  const [q, ...others] = nodesOf(model, 'QuantizeLinear').filter(
    (node) => node.outputs[0] === `${name}_quantized`,
  );
  expect(others).toEqual([]);
  const [dq, ...more] = nodesOf(model, 'DequantizeLinear').filter(
    (node) => node.inputs[0] === `${name}_quantized`,
  );
  expect(more).toEqual([]);
  return { q: q as Node, dq: dq as Node };
}

/** Ranges of a value over all calibration data. */
export function seen(graph: Graph, name: string): { min: number; max: number } {
  const all = calibration.flatMap((feeds) =>
    Array.from(evaluate(graph, feeds).get(name)?.data as Float32Array),
  );
  return { min: Math.min(...all), max: Math.max(...all) };
}

/** Largest difference between two models, as a share of the float model's largest output. */
export function error(
  graph: Graph,
  model: Graph,
  data: readonly Record<string, Tensor>[],
  output: string,
): number {
  let [worst, largest] = [0, 0];
  for (const feeds of data) {
    const [exact, got] = [graph, model].map((g) => evaluate(g, feeds).get(output)?.data as Float32Array) as [
      Float32Array,
      Float32Array,
    ];
    exact.forEach((v, i) => {
      worst = Math.max(worst, Math.abs(v - (got[i] as number)));
      largest = Math.max(largest, Math.abs(v));
    });
  }
  return worst / largest;
}

/** Everything of a graph that a file would hold. */
export function snapshot(graph: Graph): unknown {
  const constants = [...graph.constants.values()].map((c) => [
    c.name,
    c.elementType,
    c.shape,
    Array.from(c.tensor().data as ArrayLike<number | bigint>, String),
  ]);
  return { ...graph, constants, values: [...graph.values] };
}
