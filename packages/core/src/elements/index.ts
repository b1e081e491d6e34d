import type { HostOp } from '../backend/host-backend.ts';
import type { OpSpecs } from '../ops/catalogue.ts';
import { argExtreme } from './arg-extreme.ts';
import { binary } from './binary.ts';
import { cast } from './cast.ts';
import { gather } from './gather.ts';
import { compare, logical, where } from './logic.ts';
import { concat, transpose } from './move.ts';
import { pad } from './pad.ts';
import { expand, slice } from './walk.ts';

/** Ops of single elements: moves, conversions, comparisons, and arithmetic, which every IEEE machine rounds alike. */
export type ElementOp =
  | 'argExtreme'
  | 'binary'
  | 'cast'
  | 'compare'
  | 'concat'
  | 'expand'
  | 'gather'
  | 'logical'
  | 'pad'
  | 'slice'
  | 'transpose'
  | 'where';

/**
 * The element ops over typed arrays: the graph computes what is constant with them before a model runs,
 * and any host backend may offer them as they stand.
 */
export const elementOps: { readonly [O in ElementOp]: HostOp<OpSpecs[O]> } = {
  argExtreme,
  binary,
  cast,
  compare,
  concat,
  expand,
  gather,
  logical,
  pad,
  slice,
  transpose,
  where,
};
