// What a benchmark writes and what readers of results ask for. Times are milliseconds of one run.
import type { Difference, Phases } from './op-run.ts';
import type { Environment } from './host.ts';
import type { Limit, MachineLimits } from './limits.ts';
import type { Timing } from './time.ts';
import type { Work } from './work.ts';

export const RESULT_SCHEMA = 'halftone-bench/1';

/** One column: who took part. */
export interface ContestantInfo {
  readonly id: string;
  readonly kind: 'backend' | 'peer';
  readonly version?: string;
  readonly threads: number;
  /** It ran the float form of networks. */
  readonly form?: 'float';
  /** What computes, as the backend names it. */
  readonly device?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Why it took no part. */
  readonly unavailable?: string;
}

/** One row: an op of the conformance catalogue, or a whole network. */
export interface TaskInfo {
  readonly id: string;
  readonly kind: 'op' | 'network';
  /** Of ops. */
  readonly op?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly work?: Work;
}

interface CellOf<S extends string> {
  readonly task: string;
  readonly contestant: string;
  readonly status: S;
}

export interface TimedCell extends CellOf<'timed'> {
  /** The kernel that ran; of networks what ran where. */
  readonly variant?: string;
  /** Of ops. */
  readonly phases?: Phases;
  readonly timing: Timing;
  /** The hardware's bound; its `ms` over the median is the share that was reached. */
  readonly limit?: Limit;
  /** Of peers, whose results may differ: how far from the right ones. */
  readonly difference?: Difference;
  /** Of networks: outputs against the reference's. */
  readonly agreement?: Agreement;
  /** Of networks, where there are data: answers against labels, outputs against the float model's. */
  readonly accuracy?: Accuracy;
}

/** How good the answers of a network are. */
export interface Accuracy {
  readonly samples: number;
  /** Samples with a label, and those of them whose largest output is the label's. */
  readonly labelled?: number;
  readonly top1?: number;
  /** Signal to noise against the float model; left out where there is none, or no noise. */
  readonly sqnrDb?: number;
}

/** How close the outputs of a network are to the reference backend's on the same inputs. */
export interface Agreement {
  /** Share of elements that are equal to the bit. */
  readonly bitEqual: number;
  /** Signal to noise; left out where there is no noise, or no number. */
  readonly sqnrDb?: number;
}

/** No figure, and why: it has no kernel for this, its results are wrong, or it threw. */
export interface UntimedCell extends CellOf<'refused' | 'wrong' | 'failed'> {
  readonly reason: string;
}

export type Cell = TimedCell | UntimedCell;

/** What running costs without any work: that of the backend that computes nothing. */
export interface EngineCost {
  /** One enqueued run. */
  readonly runMs: number;
  /** One run with the wait for its end. */
  readonly fencedMs: number;
  /** Smallest step of the clock. */
  readonly clockStepMs: number;
}

export interface BenchResult {
  readonly schema: typeof RESULT_SCHEMA;
  /** ISO 8601. */
  readonly date: string;
  /** Of the source tree, where it is known; ends with `+` where files were changed since. */
  readonly commit?: string;
  readonly environment: Environment;
  readonly limits: MachineLimits;
  readonly settings: {
    readonly quick: boolean;
    readonly rounds: number;
    readonly budgetMs: number;
    readonly sampleMs: number;
  };
  readonly engine: EngineCost;
  readonly contestants: readonly ContestantInfo[];
  readonly tasks: readonly TaskInfo[];
  readonly cells: readonly Cell[];
  readonly seconds: number;
}
