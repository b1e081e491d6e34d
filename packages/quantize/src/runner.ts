import type { Tensor } from '@halftone/core';
import type { Graph } from '@halftone/graph';

/** A float model that is ready to run; made by a `FloatRunner`. */
export interface FloatSession {
  /** Runs one batch: a tensor for each graph input in, a tensor for each wanted value out, by name. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Frees what the session holds; it runs no more. */
  dispose(): Promise<void>;
}

/** What executes float models for calibration: an engine of the user's choice behind one method. */
export interface FloatRunner {
  /** Opens `graph` so that each run gives the values named in `outputs`: any values of the graph, inner ones too. */
  open(graph: Graph, outputs: readonly string[]): Promise<FloatSession>;
}
