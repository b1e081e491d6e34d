import { type AnyCodeType, codeTypes, isCodeType } from '../dtype.ts';
import { HalftoneError } from '../errors.ts';
import type { Tensor, TensorDesc } from '../tensor.ts';

/** How much of an op a backend owes; see the tier table of the architecture. */
export type Tier = 'required' | 'derived' | 'integer' | 'float';

/** Operands or results of an op by name. */
export type Descs = Readonly<Record<string, TensorDesc>>;

/** One op of the catalogue: what its spec may say, and which tensors it takes and gives. */
export interface OpDefinition<Spec> {
  readonly name: string;
  readonly tier: Tier;
  /** Throws HT_INVALID_ARGUMENT or HT_SHAPE_MISMATCH for a spec that describes no computation. */
  check(spec: Spec): void;
  inputs(spec: Spec): Descs;
  outputs(spec: Spec): Descs;
  /** Inputs that a backend may pack ahead of time: the weights with their zero points. */
  readonly packable?: readonly string[];
  /** For specs whose formula leaves the last bits open, how many; undefined where it gives every bit. */
  errorBound?(spec: Spec): ErrorBound | undefined;
}

/** How far results may be from those of the formula in f64: `part` of the sum of the magnitudes of their terms. */
export interface ErrorBound {
  readonly part: number;
  /** The sum of magnitudes of each element, by output. */
  magnitudes(io: Readonly<Record<string, Tensor>>): Readonly<Record<string, Float64Array>>;
}

export function requireSpec(op: string, condition: boolean, rule: string, spec: object): asserts condition {
  if (!condition) throw new HalftoneError('HT_INVALID_ARGUMENT', `${op}: ${rule}`, { op, spec });
}

export function requireShape(op: string, condition: boolean, rule: string, spec: object): asserts condition {
  if (!condition) throw new HalftoneError('HT_SHAPE_MISMATCH', `${op}: ${rule}`, { op, spec });
}

export function requireCodeType(op: string, dtype: AnyCodeType, spec: object): void {
  requireSpec(
    op,
    isCodeType(dtype),
    `dtype ${String(dtype)} has no codes; one of ${codeTypes.join(', ')} is needed`,
    spec,
  );
}

export function isExtent(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

/**
 * Shape of the parameters of an array of `shape`: one, one for each index of `axis`, or with `block` the array's shape with
 * ceil(extent / block) along `axis`. Throws HT_SHAPE_MISMATCH for an axis that is not there, HT_INVALID_ARGUMENT for a bad block.
 */
export function paramShape(op: string, spec: BlockedSpec): readonly number[] {
  const { shape, axis, block } = spec;
  const extent = paramCount(op, shape, axis);
  if (block === undefined) return [extent];
  requireSpec(op, axis !== undefined, 'block needs an axis', spec);
  requireSpec(op, Number.isInteger(block) && block > 0, 'block is an integer > 0', spec);
  return shape.with(axis, Math.ceil(extent / block));
}

/** What a spec says of parameters: one of all elements, one for each index of `axis`, or one for each `block` of indices. */
export interface BlockedSpec {
  readonly shape: readonly number[];
  readonly axis?: number;
  /** An optional form. */
  readonly block?: number;
}

/** Checks `axis` against `shape` and gives its extent; 1 where the parameters are per tensor. */
export function paramCount(op: string, shape: readonly number[], axis: number | undefined): number {
  if (axis === undefined) return 1;
  const extent = Number.isInteger(axis) && axis >= 0 ? shape[axis] : undefined;
  if (extent === undefined) {
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `${op}: axis ${axis} is not an axis of [${shape.join(', ')}]`,
      { op, axis, shape },
    );
  }
  return extent;
}
