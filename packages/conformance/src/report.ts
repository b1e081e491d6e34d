import type { Capabilities, OpName, Tier } from '@halftone/core';
import type { Recipe } from './case.ts';
import type { Failure } from './run-case.ts';

/** What this version of the suite writes, and what readers of reports ask for. */
export const REPORT_SCHEMA = 'halftone-conformance/1';

/**
 * `complete`: everything that was asked is right, and the required tier is the backend's own. `partial`: everything that
 * the backend has is right. `failed`: something is wrong.
 */
export type Verdict = 'complete' | 'partial' | 'failed';

export interface OpReport {
  readonly tier: Tier;
  /** `own`: the backend has kernels. `inherited`: it has none, and users get the next backend's. */
  readonly status: 'own' | 'inherited';
  readonly numericClass: string | undefined;
  readonly passed: number;
  readonly failed: number;
  /** Cases that supports() refused, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Names of the kernels that ran. */
  readonly variants: readonly string[];
}

export interface LawReport {
  readonly rule: string;
  readonly passed: boolean;
  readonly message?: string;
}

/** One configuration of a backend. */
export interface VariantReport {
  readonly label: string;
  readonly device: string;
  readonly capabilities: Capabilities;
  readonly verdict: Verdict;
  readonly ops: { readonly [O in OpName]?: OpReport };
  readonly laws: Readonly<Record<string, LawReport>>;
  /** At most `failuresKept` of them, the first ones of each op. */
  readonly failures: readonly ExplainedFailure[];
  readonly seconds: number;
}

/** A failure with what helps to find its cause. */
export interface ExplainedFailure extends Failure {
  /** The mistake whose traces these are, where they are known. */
  readonly looksLike?: string;
  /** Of a drawn case: the smallest spec and recipes that still fail, under its name. */
  readonly smallest?: { readonly spec: object; readonly inputs: Readonly<Record<string, Recipe>> };
}

/** What `runSuite` found. JSON-serialisable. */
export interface Report {
  readonly schema: typeof REPORT_SCHEMA;
  readonly backend: string;
  readonly verdict: Verdict;
  /** What was asked: every case, or those that a filter left. */
  readonly filter: { readonly grep?: string; readonly tier?: string };
  readonly cases: number;
  readonly variants: readonly VariantReport[];
  readonly seconds: number;
}

/** The verdict over several variants: the worst. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return verdicts.includes('failed') ? 'failed' : verdicts.includes('partial') ? 'partial' : 'complete';
}
