import type { OpName, OpSpecs } from '@halftone/core';

/** How the elements of an operand are made; every recipe but `data` draws from the case's own random numbers. */
export type Recipe =
  /** Evenly from `lo` to `hi`, ends included; by default the range of the dtype, [-2, 2] of floats. */
  | { readonly fill: 'uniform'; readonly lo?: number; readonly hi?: number }
  /** Positive floats whose logarithm is even: steps and multipliers. */
  | { readonly fill: 'log'; readonly lo: number; readonly hi: number }
  /** The ends of the range two times in three, of floats the largest and smallest magnitudes. */
  | { readonly fill: 'extremes' }
  /** NaN, infinities, both zeros, subnormals and magnitudes of every size among ordinary floats. */
  | { readonly fill: 'special' }
  /** Every value of an 8-bit type in turn, beginning with the lowest. */
  | { readonly fill: 'ramp' }
  /** Odd multiples of half a step, up to `steps` steps from 0: ties. */
  | { readonly fill: 'ties'; readonly step: number; readonly steps: number }
  | { readonly fill: 'constant'; readonly value: number }
  /** The elements themselves; repeated where there are fewer than the operand has. */
  | { readonly data: readonly number[] };

/** One computation with what goes in: data, so that it can be listed, repeated and shrunk. */
export interface Case<O extends OpName = OpName> {
  /** Unique, and the seed of its random numbers: `qgemm/k-258/u8s8`. */
  readonly id: string;
  readonly op: O;
  readonly spec: OpSpecs[O];
  /** By operand; what is left out has the recipe of its kind (see `operandsOf`). */
  readonly inputs: Readonly<Record<string, Recipe>>;
  /** Results that are known from elsewhere, by output; the oracle is not asked for these. */
  readonly expected?: Readonly<Record<string, readonly number[]>>;
  /** Where `expected` comes from, or why the case is there. */
  readonly origin?: string;
  readonly tags: readonly string[];
}

/** Makes a case of an op. */
export function makeCase<O extends OpName>(
  op: O,
  name: string,
  spec: OpSpecs[O],
  inputs: Readonly<Record<string, Recipe>> = {},
  ...tags: readonly string[]
): Case<O> {
  return { id: `${op}/${name}`, op, spec, inputs, tags };
}
