import { klDivergence } from 'halftone';
import { worked } from './lib/worked.mjs';

const counts = [400, 300, 200, 120, 60, 30, 10, 4, 0, 0, 0, 0, 0, 0, 0, 1];
const sum = (bins) => bins.reduce((a, b) => a + b, 0);
const normal = (bins) => bins.map((v) => v / sum(bins));
// The first bins, the tail in the last of them, against 4 levels spread over the bins that are not empty.
const divergence = (kept) => {
  const p = counts.slice(0, kept).with(-1, sum(counts.slice(kept - 1)));
  const level = (i) => Math.floor((i * 4) / kept);
  const peers = (i) => counts.filter((v, j) => v > 0 && j < kept && level(j) === level(i));
  const q = p.map((v, i) => (v > 0 && peers(i).length > 0 ? sum(peers(i)) / peers(i).length : 0));
  return klDivergence(normal(p), normal(q));
};

export default worked(import.meta, {
  title: 'Kullback-Leibler divergence, and a threshold chosen by it',
  document: 'CMSC5743 lecture 06, "Quantization"',
  rows: [
    ['P = .5 .5 against Q = .25 .75, in nats', '0.143841', klDivergence([0.5, 0.5], [0.25, 0.75])],
    ['Q against P', '0.130812', klDivergence([0.25, 0.75], [0.5, 0.5])],
    ['where Q alone is 0', '', klDivergence([0.5, 0.5], [1, 0])],
    ['4 6 8 10 12 16 bins kept of 16', '', [4, 6, 8, 10, 12, 16].map(divergence)],
  ],
  remark: 'The document does not say that cut values join the last bin, nor what Q = 0 means.',
});
