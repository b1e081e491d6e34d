// A partial backend: one op, and users get everything else from the next backend in their list.
import { hostBackend } from '@halftone/core';

/**
 * Any function of an 8-bit code, as a table of its 256 results; the table begins with the lowest code.
 * @param {import('@halftone/core').Lut256Spec} spec
 * @param {import('@halftone/core').HostIO} io operands and results, by the names that the op has in core
 */
function lut256(spec, { x, table, y }) {
  const lowest = spec.from === 'int8' ? -128 : 0;
  for (let i = 0; i < x.data.length; i++) y.data[i] = table.data[x.data[i] - lowest];
}

export default hostBackend({
  name: 'one-op',
  device: 'JavaScript',
  numericClass: () => 'exact',
  ops: { lut256 },
});
