import { fixedMultiply, fixedPoint } from 'halftone';
import { worked } from './lib/worked.mjs';

const m = 0.0353;
const tries = fixedPoint.approximations(m, { maxShift: 13 });
const { multiplier, shift } = tries[13];
/** (p * 289) >> 13, and how far it may be from p M for any M that 289 / 2^13 stands for. */
const shifted = (p) => fixedMultiply['shift-floor'](p, multiplier, 31 - shift);
const worst = (p) => Math.max(...[288.5, 289.5].map((n) => Math.abs((p * n) / 8192 - shifted(p))));
const products = [1000, 4000, 7091, 8191];

export default worked(import.meta, {
  title: 'A multiplier below 1 as an integer over a power of two',
  document: 'openHPI "Applied Edge AI"',
  rows: [
    ['M0 for n = 0 to 13', '', tries.map((t) => t.multiplier)],
    ['M0 at n = 13', '289', multiplier],
    ['M0 / 2^n less M', '', tries[13].error],
    ['P', '', products],
    ['P M0 >> n', '', products.map(shifted)],
    ['worst error', '', products.map(worst)],
    ['P / 2^14 + 1', '', products.map((p) => p / 16384 + 1)],
  ],
  remark: '"Within one" holds for small P only, and the document gives neither P nor M.',
});
