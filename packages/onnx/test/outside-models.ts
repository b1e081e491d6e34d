import type { Graph } from '@halftone/graph';
import type { TensorProto } from '../src/index.ts';
import { model, node, value } from './models.ts';

/** What a tensor says of its place, entry by entry. */
export type Entries = readonly (readonly [key: string, value: string])[];

/** A float32 tensor that stands in another file. */
export function outsideTensor(name: string, entries: Entries, dims: readonly number[] = [2]): TensorProto {
  return {
    name,
    dims,
    dataType: 1,
    dataLocation: 1,
    externalData: entries.map(([key, text]) => ({ key, value: text })),
  };
}

/** A model whose one constant, `w`, stands in another file. */
export function outside(entries: Entries, dims?: readonly number[]): Uint8Array {
  return model({
    input: [value('x')],
    initializer: [outsideTensor('w', entries, dims)],
    node: [node('Add', ['x', 'w'], ['y'])],
    output: [value('y')],
  });
}

/** Four floats, as a file of weights. */
export const weights: Uint8Array = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

/** The elements of a constant. */
export function dataOf(graph: Graph, name = 'w'): number[] {
  return Array.from((graph.constants.get(name)?.tensor().data ?? []) as Float32Array);
}
