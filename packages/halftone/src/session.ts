import reference from '@halftone/backend-reference';
import {
  type Backend,
  type BackendProvider,
  isHalftoneError,
  openBackend,
  type Tensor,
} from '@halftone/core';
import { type ArithmeticOptions, type Graph, GraphSession, type PlanRow } from '@halftone/graph';

/** Choices of `createSession`. */
export interface CreateSessionOptions extends ArithmeticOptions {
  /** In order of preference; those that cannot run here are passed over. The reference backend comes last by itself. */
  readonly backends?: readonly BackendProvider[] | undefined;
  /** Every op must run on the first backend that opens. */
  readonly strict?: boolean | undefined;
  /** Refuse a model whose results may differ between machines. */
  readonly exact?: boolean | undefined;
}

/** A model ready to run, with the backends that it opened. */
export class Session {
  readonly #session: GraphSession;
  readonly #backends: readonly Backend[];
  /** Backends that were passed over, with their reasons. */
  readonly unavailable: readonly string[];

  constructor(session: GraphSession, backends: readonly Backend[], unavailable: readonly string[]) {
    this.#session = session;
    this.#backends = backends;
    this.unavailable = unavailable;
    if (typeof Symbol.asyncDispose === 'symbol') {
      Object.defineProperty(this, Symbol.asyncDispose, { value: () => this.dispose() });
    }
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  /** True where every node computes the bits of its formula: the same integers on every machine. */
  get exact(): boolean {
    return this.#session.exact;
  }

  /** Runs the model on tensors by input name. Throws HT_INVALID_ARGUMENT, HT_DTYPE_MISMATCH, HT_SHAPE_MISMATCH. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    return this.#session.run(feeds);
  }

  /** Which backend and op runs each node, and why. */
  explain(): readonly PlanRow[] {
    return this.#session.explain();
  }

  /** Frees the session and its backends. */
  async dispose(): Promise<void> {
    await this.#session.dispose();
    for (const backend of this.#backends) await backend.dispose();
  }
}

/**
 * Makes a model ready on the best backend that can run here.
 * Throws HT_UNSUPPORTED naming every node that cannot run, or computes in floats where `integerOnly` was
 * asked for, or the first that is not exact where `exact` was; HT_INVALID_ARGUMENT for an arithmetic that does not fit.
 */
export async function createSession(model: Graph, options: CreateSessionOptions = {}): Promise<Session> {
  const opened: Backend[] = [];
  const unavailable: string[] = [];
  try {
    for (const provider of [...(options.backends ?? []), reference]) {
      try {
        opened.push(await openBackend(provider));
      } catch (error) {
        if (!isHalftoneError(error, 'HT_UNAVAILABLE')) throw error;
        unavailable.push(error.message);
      }
    }
    return new Session(new GraphSession(model, { ...options, backends: opened }), opened, unavailable);
  } catch (error) {
    for (const backend of opened) await backend.dispose();
    throw error;
  }
}
