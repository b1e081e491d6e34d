import { dequantizeTensor, quantizeTensor, roundHalfEven, tensor } from 'halftone';
import { worked } from './lib/worked.mjs';

const x = tensor('float32', [-1, 0, 1]);
const wide = quantizeTensor(x, { dtype: 'uint8', arithmetic: 'f64' });
const single = quantizeTensor(x, { dtype: 'uint8', arithmetic: 'f32' });
const inFloat64 = [-1, 0, 1].map((v) => Math.min(roundHalfEven(v / (2 / 255)) + 128, 255));

export default worked(import.meta, {
  title: 'The reals from -1 to 1 on the codes 0 to 255',
  document: '"Speeding up Deep Learning with Quantization"',
  rows: [
    ['scale', '0.007843', wide.scale[0]],
    ['offset, derived in float64', '128', wide.zeroPoint[0]],
    ['offset, derived in float32', '128', single.zeroPoint[0]],
    ['codes of -1 0 1, divided in float64', '0 128 255', inFloat64],
    ['codes, divided in float32', '0 128 255', [...wide.codes.data]],
    ['codes with the offset 127', '', [...single.codes.data]],
    ['their reals', '', [...dequantizeTensor(single).data]],
  ],
  remark: '127.5 rounds to 128; float32 has 127.49999 there: the precision belongs to the scheme.',
});
