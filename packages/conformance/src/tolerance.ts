import { catalogue, type HostIO, type OpDefinition } from '@halftone/core';
import type { Case } from './case.ts';

/** How far each element may be from what the oracle says, by output; none where the formula gives every bit. */
export function tolerancesOf(item: Case, operands: HostIO): Readonly<Record<string, Float64Array>> {
  const bound = (catalogue[item.op] as OpDefinition<Case['spec']>).errorBound?.(item.spec);
  if (bound === undefined) return {};
  return Object.fromEntries(
    Object.entries(bound.magnitudes(operands)).map(([name, magnitudes]) => [
      name,
      magnitudes.map((magnitude) => bound.part * magnitude),
    ]),
  );
}
