import type { BackendProvider, Tensor } from '@halftone/core';
import type { Graph } from '@halftone/graph';
import type { Accuracy } from './result.ts';

/** One column of a benchmark: a backend or a peer with its options. */
export interface Contestant {
  /** Unique; `native 2 threads`. */
  readonly id: string;
  /** Of backends only right results are timed; a peer may differ, which is said. */
  readonly kind: 'backend' | 'peer';
  /** Version of its package. */
  readonly version?: string;
  readonly threads: number;
  /** It runs the float form of networks: its outputs are others by nature. */
  readonly form?: 'float';
  /** For ops; peers are adapters with the interface of backends. */
  readonly provider?: BackendProvider | undefined;
  readonly options?: object;
  /** For whole networks. */
  readonly networks?: NetworkRunner;
}

/** A model in the forms that contestants take. */
export interface Network {
  readonly id: string;
  /** With Q/DQ pairs or integer operators; or a float model. */
  readonly graph: Graph;
  /** The same as a file: its bytes, or its path. */
  readonly onnx: Uint8Array | string;
  /** The float model that it was made of, for peers to run. */
  readonly float?: Uint8Array | string;
  /** Inputs of one run. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** How good the answers of a contestant are, on data that whoever asks has. */
  readonly evaluate?: (session: NetworkSession) => Promise<Accuracy>;
}

/** Opens networks on a backend or a peer. */
export interface NetworkRunner {
  /** Throws HT_UNSUPPORTED for a network that it does not run. */
  open(network: Network): Promise<NetworkSession>;
}

export interface NetworkSession {
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** What ran where, in a few words. */
  readonly variant?: string;
  /** Its outputs are equal to the reference's, or wrong. */
  readonly exact?: boolean;
  dispose(): Promise<void>;
}
