import { floatFields } from 'halftone';
import { worked } from './lib/worked.mjs';

const six = floatFields({ bits: 0x40c00000 });
const half = floatFields(-0.5);
const fields = [half.sign, half.exponent.toString(2).padStart(8, '0'), half.fraction];
const biases = ['float32', 'float64', 'float16'].map((format) => floatFields(1, format).bias);
const normal = floatFields(0.232e4);

export default worked(import.meta, {
  title: 'Fields of IEEE 754 numbers',
  document: 'CMSC5743 lecture 06, "Quantization"',
  rows: [
    ['0x40C00000 as float32', '6.0', six.value],
    ['spelled by its fields', '', six.formula],
    ['bits of -0.5', '0xbf000000', half.hex],
    ['its sign, exponent and fraction', '1 01111110 0', fields],
    ['biases of 32, 64 and 16 bits', '127 1023 15', biases],
    ['0.232e4 = 2.32e3', '2320', normal.value],
    ['its normal form', '', `${normal.significand} * 2^${normal.power}`],
    ['least float16, a subnormal number', '', floatFields({ bits: 1 }, 'float16').formula],
  ],
  remark: 'The document says "fp15" for fp16; its formula lacks subnormal numbers, infinities and NaN.',
});
