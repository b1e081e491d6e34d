// Mistakes in the float ops of networks that are neither products nor moves, and in truths.
import { codeRange } from '@halftone/core';
import { elements, type Mutant, put, right, wrongCall, wrongOp } from './mutate.ts';

const { fround } = Math;

export const networks: readonly Mutant[] = [
  wrongCall(
    'resize',
    'takes half_pixel as asymmetric',
    'the coordinates of another framework',
    (spec, io) => [spec.coordinates === 'half_pixel' ? { ...spec, coordinates: 'asymmetric' } : spec, io],
  ),
  wrongCall('resize', 'counts taps outside', 'exclude_outside is not read', (spec, io) => [
    { ...spec, excludeOutside: false },
    io,
  ]),
  wrongCall('lstm', 'mixes the gates', 'gates in the order of another framework', (spec, io) => {
    const w = elements(io, 'w').slice();
    w.copyWithin(w.length / 4, w.length / 2, (3 * w.length) / 4);
    return [spec, put(io, 'w', w)];
  }),
  wrongCall('lstm', 'runs forwards', 'the direction is not read', (spec, io) => [
    { ...spec, reverse: false },
    io,
  ]),
  wrongCall('convTranspose2d', 'turns the padding round', 'begins and ends changed places', (spec, io) => {
    const [top, left, bottom, rightmost] = spec.pads;
    return [{ ...spec, pads: [bottom, rightmost, top, left] }, io];
  }),
  wrongCall('argExtreme', 'takes the last of equals', 'a comparison with >=', (spec, io) => [
    { ...spec, selectLast: true },
    io,
  ]),
  wrongOp('reduce', 'adds in float32', 'a sum in the type of its terms', (spec, io) => {
    right.reduce(spec, io);
    if (spec.function !== 'sum' || elements(io, 'y').length !== 1) return;
    let sum = 0;
    for (const x of elements(io, 'x')) sum = fround(sum + x);
    elements(io, 'y')[0] = sum;
  }),
  wrongOp(
    'normalize',
    'takes the variance in one pass',
    'the mean of squares minus the square of the mean',
    (spec, io) => {
      right.normalize(spec, io);
      const { outer, extent, centred, epsilon } = spec;
      const [x, y] = [elements(io, 'x'), elements(io, 'y')];
      for (let o = 0; centred && o < outer; o++) {
        let [sum, squares] = [0, 0];
        for (const v of x.slice(o * extent, (o + 1) * extent)) {
          sum = fround(sum + v);
          squares = fround(squares + fround(v * v));
        }
        const mean = fround(sum / extent);
        const deviation = Math.sqrt(fround(squares / extent) - fround(mean * mean) + epsilon);
        for (let i = o * extent; i < (o + 1) * extent; i++) y[i] = fround((x[i]! - mean) / deviation);
      }
    },
  ),
  wrongOp('cast', 'rounds', 'a conversion to integers that rounds instead of cutting off', (spec, io) => {
    right.cast(spec, io);
    if (spec.from !== 'float32' || spec.to !== 'int32') return;
    const [x, y] = [elements(io, 'x'), elements(io, 'y')];
    for (let i = 0; i < y.length; i++) if (Math.abs(x[i]!) < 1e6) y[i] = Math.floor(x[i]! + 0.5);
  }),
  wrongOp('compare', 'finds NaN equal to itself', 'compares bits', (spec, io) => {
    right.compare(spec, io);
    const [a, b, y] = [elements(io, 'a'), elements(io, 'b'), elements(io, 'y')];
    if (spec.function !== 'equal' || spec.dtype !== 'float32') return;
    for (let i = 0; i < y.length; i++) {
      const [p, q] = [a[Math.floor(i / b.length) % a.length]!, b[i % b.length]!];
      if (Number.isNaN(p) && Number.isNaN(q)) y[i] = 1;
    }
  }),
  wrongCall('logical', 'takes xor as or', 'the third of three cases falls through', (spec, io) => [
    spec.function === 'xor' ? { ...spec, function: 'or' } : spec,
    io,
  ]),
  wrongOp('fakeQuantize', 'does not saturate', 'rounds to the grid and leaves out the ends', (spec, io) => {
    right.fakeQuantize(spec, io);
    const [x, y, scale, zero] = ['x', 'y', 'scale', 'zeroPoint'].map((name) => elements(io, name)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Int8Array,
    ];
    if (scale.length !== 1) return;
    const [lo, hi] = codeRange(spec.dtype);
    for (let i = 0; i < x.length; i++) {
      const code = Math.floor(x[i]! / scale[0]! + 0.5) + zero[0]!;
      if (code < lo || code > hi) y[i] = fround((code - zero[0]!) * scale[0]!);
    }
  }),
];
