import type { ElementType, SymbolicShape } from './ir.ts';

/** What inference knows of a value. */
export interface ValueType {
  readonly elementType: ElementType | undefined;
  readonly shape: SymbolicShape | undefined;
}

/** Types of a graph's values by name. */
export type ValueTypes = ReadonlyMap<string, ValueType>;

export const unknownType: ValueType = { elementType: undefined, shape: undefined };
