import { dequantizeTensor, mse, quantizeTensor, tensor } from 'halftone';
import { worked } from './lib/worked.mjs';

const w = tensor('float32', [0.0114, -0.0231, 0.0445, 0, 0, 0, -0.0409, -0.0435, -0.04], [3, 3]);
const rows = quantizeTensor(w, { granularity: 'per-row' });
const multiplier = [0.0445, 127, 0.0435].map((absmax) => Math.fround(127 / Math.fround(absmax)));
const products = Array.from(w.data, (v, i) => Math.fround(v * multiplier[Math.floor(i / 3)]));
const error = (q) => mse(w.data, dequantizeTensor(q).data);

export default worked(import.meta, {
  title: 'One scale a row, also for a row of zeros',
  document: '"Neural Network Quantization", the scheme of GNMT',
  rows: [
    ['127 / absmax in float32', '2853.9326 1.0 2919.5403', multiplier],
    ['1 / step in float32', '2853.9326 1.0 2919.5403', [...rows.multiplier()]],
    ['steps', '', [...rows.step()]],
    ['W times 127 / absmax', '32.534832 -65.92584 127 0 0 0 -119.409195 -127 -116.78161', products],
    ['codes', '33 -66 127 0 0 0 -119 -127 -117', [...rows.codes.data]],
    ['mean squared error, scale 1/255', '', error(quantizeTensor(w, { scale: 1 / 255 }))],
    ['mean squared error, per tensor', '', error(quantizeTensor(w))],
    ['mean squared error, per row', '', error(rows)],
  ],
  remark: 'Its 127 is 2^7 - 1, not 2^8 - 1; its "scale" was a step before and is a multiplier here.',
});
