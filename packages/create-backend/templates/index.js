// A backend of Halftone: kernels over host memory. `npm test` says whether they are right.
import { hostBackend, sizeOf } from '@halftone/core';

/**
 * Any function of an 8-bit code, as a table of its 256 results; the table begins with the lowest code.
 * @param {import('@halftone/core').Lut256Spec} spec
 * @param {import('@halftone/core').HostIO} io operands and results, by the names that the op has in core
 */
function lut256(spec, { x, table, y }) {
  const lowest = spec.from === 'int8' ? -128 : 0;
  for (let i = 0; i < x.data.length; i++) y.data[i] = table.data[x.data[i] - lowest];
}

/**
 * Codes back to reals: y = fround(fround(x - zeroPoint) * scale). int32 codes, which are sums, have no zero point.
 * @param {import('@halftone/core').DequantizeSpec} spec
 * @param {import('@halftone/core').HostIO} io
 */
function dequantize(spec, { x, scale, zeroPoint, y }) {
  const inner = spec.axis === undefined ? x.data.length : sizeOf(spec.shape.slice(spec.axis + 1));
  for (let i = 0; i < x.data.length; i++) {
    // One scale of all elements, or one for each index of an axis.
    const p = spec.axis === undefined ? 0 : Math.floor(i / inner) % spec.shape[spec.axis];
    y.data[i] = Math.fround(x.data[i] - (zeroPoint?.data[p] ?? 0)) * scale.data[p];
  }
}

export default hostBackend({
  name: '{{name}}',
  device: 'JavaScript',
  // Integer ops are exact on every backend. A float op that only comes close is 'f32-relaxed'.
  numericClass: () => 'exact',
  ops: {
    lut256,
    dequantize: {
      run: dequantize,
      // What a kernel does not cover is refused with a reason; users get it from the next backend.
      supports: (spec) => spec.block === undefined || { reason: 'one scale for each block is not covered' },
    },
    // Next: quantize, requantize and qgemm, which make the backend complete.
  },
});
