import { catalogue, type OpName, opNames, type Tier } from '@halftone/core';

/** What to ask of a backend, and how. */
export interface SuiteOptions<Options = object> {
  /** Options of the backend; replaces its own variants. */
  readonly options?: Options | undefined;
  /** Only cases and laws whose names match. */
  readonly grep?: RegExp | undefined;
  /** Only ops of this tier: `required`, `derived` (with the required ones), or `float` (all). Default all. */
  readonly tier?: 'required' | 'derived' | 'float' | undefined;
  /** `support` asks supports() alone and runs nothing. Default `test`. */
  readonly mode?: 'test' | 'support' | undefined;
  /** Stop at the first failure. */
  readonly bail?: boolean | undefined;
  /** Called before each case and each law (`law/<name>`) with its name. */
  readonly onStart?: ((name: string) => void) | undefined;
  /** Called after each op, and each law. */
  readonly onProgress?: ((done: Progress) => void) | undefined;
  /** Besides the catalogue, as many drawn cases of the ops that the backend has; a failure is made as small as it gets. */
  readonly fuzz?: { readonly count: number; readonly seed: number } | undefined;
  /** Besides the catalogue, the large cases, which benchmarks time: minutes where kernels are slow. */
  readonly large?: boolean | undefined;
  readonly signal?: { throwIfAborted(): void } | undefined;
}

export interface Progress {
  readonly variant: string;
  /** An op or a law. */
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const tiers: { readonly [T in 'required' | 'derived' | 'float']: readonly Tier[] } = {
  required: ['required'],
  derived: ['required', 'derived', 'integer'],
  float: ['required', 'derived', 'integer', 'float'],
};

/** The ops that a choice of tier asks for. */
export function opsOfTier(tier: 'required' | 'derived' | 'float' = 'float'): readonly OpName[] {
  return opNames.filter((op) => tiers[tier].includes(catalogue[op].tier));
}
