import { slopeBias } from 'halftone';
import { worked } from './lib/worked.mjs';

const [qa, qb] = [5, -3];
const a = { bits: 8, slope: 0.5, bias: 2 };
const b = { bits: 8, slope: 0.25, bias: -1 };
const terms = [a.slope * b.slope * qa * qb, a.slope * qa * b.bias, b.slope * qb * a.bias, a.bias * b.bias];
const sum = (values) => values.reduce((x, y) => x + y, 0);
const real = (code, format) => slopeBias.dequantize(code, format);
const plain = (format) => ({ ...format, bias: 0 });

export default worked(import.meta, {
  title: 'The product of two numbers with scale and bias has four terms',
  document: 'CMSC5743 lecture 06, "Quantization"',
  rows: [
    ['sA sB QA QB, sA QA bB, sB QB bA, bA bB', '', terms],
    ['their sum', '', sum(terms)],
    ['A B', '', real(qa, a) * real(qb, b)],
    ['A B without bias', '', real(qa, plain(a)) * real(qb, plain(b))],
    ['sA sB QA QB', '', terms[0]],
  ],
  remark: 'Without bias one integer product is left; a zero point still needs sums of codes.',
});
