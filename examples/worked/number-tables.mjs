import { fixedPoint, slopeBias } from 'halftone';
import { worked } from './lib/worked.mjs';

const values = (table) => table.map(({ value }) => value);
const qmn = (fractionBits) => values(fixedPoint.table({ bits: 3, fractionBits, signed: false }));
const format = { bits: 3, signed: false, slope: 1.5, bias: 10 };

export default worked(import.meta, {
  title: 'All numbers of 3 bits: Qm.n, and slope and bias',
  document: 'CMSC5743 lecture 06, "Quantization"',
  rows: [
    ['step 1', '0 1 2 3 4 5 6 7', qmn(0)],
    ['step 1/4', '0 0.25 0.5 0.75 1 1.25 1.5 1.75', qmn(2)],
    ['step 4', '0 4 8 12 16 20 24 28', qmn(-2)],
    ['slope 1.5, bias 10', '10 11.5 13 14.5 16 17.5 19 20.5', values(slopeBias.table(format))],
    ['as a zero point, -bias / slope', '', -format.bias / format.slope],
    ['a zero point for ONNX', '', slopeBias.zeroPoint(format) ?? 'none'],
  ],
  remark: 'A real bias is another type than a zero point, which must be a code.',
});
