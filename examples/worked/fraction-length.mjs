import { fractionalLength } from 'halftone';
import { worked } from './lib/worked.mjs';

const w = [0.0114, -0.0231, 0.0445, 0, 0, 0, -0.0409, -0.0435, -0.04];
const search = [4, 8, 16].map((bits) => fractionalLength(w, { bits }));

export default worked(import.meta, {
  title: 'The fraction length that is nearest to a tensor',
  document: 'CMSC5743 lecture 06, "Quantization": fl = argmin of sum |W - W(bw, fl)|',
  rows: [
    ['fraction lengths for 4, 8 and 16 bits', '', search.map(({ fractionBits }) => fractionBits)],
    ['sums of the errors', '', search.map(({ error }) => error)],
    ['two lengths are as near: the finer', '', fractionalLength([3.5], { bits: 8 }).fractionBits],
  ],
  remark: 'The document weighs every bit positive: the top bit of a signed code weighs -2^(bw - 1).',
});
