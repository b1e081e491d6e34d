// y = table[x] (uint8 codes), table[x + 128] (int8 codes)
import type { CodeType } from '../dtype.ts';
import type { OpDefinition } from './definition.ts';

export interface Lut256Spec {
  readonly shape: readonly number[];
  readonly from: CodeType;
  readonly to: CodeType;
}

/** Any function of one 8-bit code, as a table of its 256 results in ascending order of the code. */
export const lut256: OpDefinition<Lut256Spec> = {
  name: 'lut256',
  tier: 'integer',
  check: () => {},
  inputs: (spec) => ({ x: { dtype: spec.from, shape: spec.shape }, table: { dtype: spec.to, shape: [256] } }),
  outputs: (spec) => ({ y: { dtype: spec.to, shape: spec.shape } }),
};
