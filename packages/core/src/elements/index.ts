import type { HostOp } from '../backend/host-backend.ts';
import type { OpSpecs } from '../ops/catalogue.ts';
import { cast } from './cast.ts';
import { gather } from './gather.ts';
import { concat, transpose } from './move.ts';
import { pad } from './pad.ts';
import { expand, slice } from './walk.ts';

/** Ops that move or convert elements. */
export type ElementOp = 'cast' | 'concat' | 'expand' | 'gather' | 'pad' | 'slice' | 'transpose';

/**
 * The element ops over typed arrays: the graph computes what is constant with them before a model runs,
 * and any host backend may offer them as they stand.
 */
export const elementOps: { readonly [O in ElementOp]: HostOp<OpSpecs[O]> } = {
  cast,
  concat,
  expand,
  gather,
  pad,
  slice,
  transpose,
};
