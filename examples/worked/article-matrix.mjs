import { quantizeTensor, tensor } from 'halftone';
import { worked } from './lib/worked.mjs';

const w = [-0.18120981, -0.2904384, 0.49722983, 0.22141714];
const x = [0.77412377, 0.49299395];
const scheme = { scheme: 'symmetric-full', scale: 1 / 128 };
const codes = (v, rounding) => [...quantizeTensor(tensor('float32', v), { ...scheme, rounding }).codes.data];
const times = ([a, b, c, d], [u, v]) => [a * u + b * v, c * u + d * v];
const product = (rounding) => times(codes(w, rounding), codes(x, rounding));

export default worked(import.meta, {
  title: 'A matrix times a vector with 8-bit integers',
  document: '"How to accelerate and compress neural networks"',
  rows: [
    ['W x in floats', '-0.28346319 0.49407474', times(w, x)],
    ['codes of W and x, floor(128 w)', '-24 -38 63 28 99 63', codes([...w, ...x], 'floor')],
    ['codes of W, trunc', '', codes(w, 'trunc')],
    ['codes of W, half to even', '', codes(w, 'half-even')],
    ['product, floor', '4770 8001', product('floor')],
    ['product / 128^2', '-0.2911377 0.48834229', product('floor').map((v) => v / 16384)],
    ['product, half to even', '', product('half-even')],
    ['product / 128^2', '', product('half-even').map((v) => v / 16384)],
  ],
  remark: 'The document lost a sign: its own -0.2911377 is -4770 / 16384.',
});
