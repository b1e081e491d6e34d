import * as h from 'halftone';
import { worked } from './lib/worked.mjs';

const codes = (values, max) => h.quantizeTensor(h.tensor('float32', values), { range: { min: -max, max } });
const times = ([a, b, c, d], [x, y]) => [a * x + b * y, c * x + d * y];
const [m, v] = [codes([-1.54, 0.22, -0.26, 0.65], 2), codes([0.35, -0.51], 1)];
const exact = times([-1.54, 0.22, -0.26, 0.65], [0.35, -0.51]);
const sums = times(m.codes.data, v.codes.data);
const multiplier = h.requantizeMultiplier(m.scale, v.scale, 3 / 127);
const q = h.fixedPoint.decompose(127 / 3 / (63.5 * 127));
const requantized = h.requantizeTensor(h.tensor('int32', sums), { dtype: 'int8', multiplier });
const down = h.requantizeTensor(h.tensor('int32', sums), { dtype: 'int8', multiplier, mode: 'shift-floor' });

export default worked(import.meta, {
  title: 'A matrix product in integers, requantized to [-3, 3]',
  document: 'CMSC5743 lecture 06, "Quantization"',
  rows: [
    ['product in floats', '-0.651 -0.423', exact],
    ['codes of matrix and vector', '-98 14 -17 41 44 -65', [...m.codes.data, ...v.codes.data]],
    ['sums', '-5222 -3413', sums],
    ['sums as reals', '-0.648 -0.423', sums.map((s) => s * m.scale[0] * v.scale[0])],
    ['multiplier as 31 bits and a shift', '', [q.multiplier, q.shift]],
    ['requantized', '-27 -18', [...requantized.data]],
    ['requantized with a floor', '', [...down.data]],
    ['the float product quantized', '', [...codes(exact, 3).codes.data]],
  ],
  remark: 'The exact -0.4225 prints as -0.423 only where halves go away from zero.',
});
