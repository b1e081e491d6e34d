import { dequantizeTensor, quantizeTensor, tensor } from 'halftone';
import { worked } from './lib/worked.mjs';

const w = tensor('float32', [0.0114, -0.0231, 0.0445, 0, 0, 0, -0.0409, -0.0435, -0.04], [3, 3]);
const q = quantizeTensor(w, { scale: 1 / 255 });
const products = Array.from(w.data, (v) => v * 255);
const reals = [...dequantizeTensor(q).data];
const errors = reals.map((v, i) => w.data[i] - v);

export default worked(import.meta, {
  title: 'A tensor with the scale 1/255, and its error',
  document: '"Neural Network Quantization"',
  rows: [
    ['W * 255', '2.9070 -5.8905 11.3475 0 0 0 -10.4295 -11.0925 -10.2000', products],
    ['codes', '3 -6 11 0 0 0 -10 -11 -10', [...q.codes.data]],
    ['codes * scale', '.011765 -.023529 .043137 0 0 0 -.039216 -.043137 -.039216', reals],
    ['W less its estimate', '.0004 -.0004 -.0014 0 0 0 .0017 .0004 .0008', errors],
  ],
  remark: 'The document prints the estimate less W, and says "divide by scale" where it multiplies.',
});
