import { quantizeTensor, tensor } from 'halftone';
import { worked } from './lib/worked.mjs';

const [a, b] = [tensor('float32', [-2.2, -1.1, 1.1, 2.2]), tensor('float32', [0.5, 0.3, 0.3, 0.5])];
const product = (options) => {
  const [x, y] = [quantizeTensor(a, options), quantizeTensor(b, options)];
  const sum = x.codes.data.reduce((s, v, i) => s + v * y.codes.data[i], 0);
  return { a: [...x.codes.data], b: [...y.codes.data], sum, real: sum * x.scale[0] * y.scale[0] };
};
const [full, restricted] = ['symmetric-full', 'symmetric'].map((scheme) => product({ scheme }));

export default worked(import.meta, {
  title: 'The bias of a range with one code more below zero: A B is 0',
  document: 'CMSC5743 lecture 06, "Quantization"',
  rows: [
    ['A on [-128, 127]', '-128 -64 64 127', full.a],
    ['B on [-128, 127]', '127 77 77 127', full.b],
    ['A B', '-127', full.sum],
    ['A B as a real', '-0.00853', full.real],
    ['A on [-127, 127]', '-127 -64 64 127', restricted.a],
    ['B on [-127, 127]', '127 76 76 127', restricted.b],
    ['A B', '0', restricted.sum],
    ['A B with halves rounded up, as Math.round', '', product({ rounding: 'half-up' }).sum],
  ],
  remark: '1.1 * 127 / 2.2 is exactly 63.5: a rounding that is not symmetric brings the bias back.',
});
