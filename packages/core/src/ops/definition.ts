import { HalftoneError } from '../errors.ts';
import type { TensorDesc } from '../tensor.ts';

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
}

export function requireSpec(op: string, condition: boolean, rule: string, spec: object): asserts condition {
  if (!condition) throw new HalftoneError('HT_INVALID_ARGUMENT', `${op}: ${rule}`, { op, spec });
}

export function requireShape(op: string, condition: boolean, rule: string, spec: object): asserts condition {
  if (!condition) throw new HalftoneError('HT_SHAPE_MISMATCH', `${op}: ${rule}`, { op, spec });
}

export function isExtent(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
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
