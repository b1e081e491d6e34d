import { type Arrays, fround, type Mutant, mutateOp, respec, spoil } from './mutate.ts';

const TINY = 1.1754943508222875e-38;

/** A float product whose sums are made otherwise; plain layouts without bias alone. */
function gemm(sum: (a: readonly number[], b: readonly number[]) => number): Mutant['provider'] {
  return mutateOp('gemm', (spec, arrays, right) => {
    const { batch, m, n, k, transposeA, transposeB, bias, clamp } = spec;
    if (batch !== 1 || transposeA || transposeB || bias || clamp) return right();
    const { a, b, y } = arrays;
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++)
        y[i * n + j] = sum(
          Array.from({ length: k }, (_, p) => a[i * k + p]),
          Array.from({ length: k }, (_, p) => b[p * n + j]),
        );
  });
}

function flush({ y }: Arrays): void {
  for (let i = 0; i < y.length; i++) if (Math.abs(y[i]) < TINY) y[i] = 0;
}

const dot =
  (step: (sum: number, a: number, b: number) => number) =>
  (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, i) => step(sum, x, b[i]!), 0);

export const floatMutants: readonly Mutant[] = [
  {
    name: 'contracted-multiply-add',
    bug: 'the compiler fuses a * b + sum',
    breaks: ['gemm'],
    provider: gemm(dot((sum, a, b) => fround(a * b + sum))),
  },
  {
    name: 'sums-in-f64',
    bug: 'adds in double precision and rounds once',
    breaks: ['gemm'],
    provider: gemm(dot((sum, a, b) => sum + fround(a * b))),
  },
  {
    name: 'sums-in-reverse',
    bug: 'blocks of K added from the last to the first',
    breaks: ['gemm'],
    provider: gemm((a, b) =>
      dot((sum, x, z) => fround(sum + fround(x * z)))([...a].reverse(), [...b].reverse()),
    ),
  },
  {
    name: 'sums-in-lanes',
    bug: 'four partial sums, as a vector has them',
    breaks: ['gemm'],
    provider: gemm((a, b) => {
      const lanes = [0, 0, 0, 0];
      a.forEach((x, i) => {
        lanes[i % 4] = fround(lanes[i % 4]! + fround(x * b[i]!));
      });
      return fround(fround(lanes[0]! + lanes[1]!) + fround(lanes[2]! + lanes[3]!));
    }),
  },
  {
    name: 'flush-to-zero',
    bug: 'subnormal results are flushed, as after -ffast-math',
    breaks: ['gemm'],
    provider: spoil('gemm', flush),
  },
  {
    name: 'flush-to-zero-elementwise',
    bug: 'subnormal results are flushed',
    breaks: ['binary'],
    provider: spoil('binary', (arrays, { dtype }) => {
      if (dtype === undefined || dtype === 'float32') flush(arrays);
    }),
  },
  {
    name: 'exp-off-by-one-ulp',
    bug: 'a table of exponentials whose last bit is wrong',
    breaks: ['unary', 'softmax'],
    provider: spoil('unary', ({ y }, spec) => {
      if (spec.function === 'exp')
        new Int32Array(y.buffer, y.byteOffset, y.length).forEach((bits, i, view) => {
          if (Number.isFinite(y[i]) && y[i] > 1) view[i] = bits + 1;
        });
    }),
  },
  {
    name: 'softmax-without-max',
    bug: 'exponentials of the values themselves',
    breaks: ['softmax'],
    provider: spoil('softmax', ({ x, y }) => {
      for (let i = 0; i < y.length; i++) if (x[i] > 89) y[i] = NaN;
    }),
  },
  {
    name: 'relu-loses-nan',
    bug: 'max(x, 0) by a comparison: NaN becomes 0',
    breaks: ['unary'],
    provider: spoil('unary', ({ x, y }, spec) => {
      if (spec.function === 'clamp')
        for (let i = 0; i < y.length; i++) if (Number.isNaN(x[i])) y[i] = spec.clamp[0];
    }),
  },
  {
    name: 'negative-zero-lost',
    bug: 'x + 0',
    breaks: ['unary'],
    provider: spoil('unary', ({ y }) => {
      for (let i = 0; i < y.length; i++) y[i] += 0;
    }),
  },
  {
    name: 'conv-padding-multiplies',
    bug: 'multiplies weights by the zeros of the padding: an infinite one gives NaN',
    breaks: ['conv2d'],
    provider: spoil('conv2d', ({ w, y }, { pads }) => {
      if (pads.some((pad) => pad > 0) && w.some((v: number) => Math.abs(v) === Infinity)) y.fill(NaN);
    }),
  },
  {
    name: 'cast-rounds',
    bug: 'float to integer by rounding instead of truncation',
    breaks: ['cast'],
    provider: spoil('cast', ({ x, y }, { from, to }) => {
      if (from === 'float32' && to === 'int32')
        for (let i = 0; i < y.length; i++) if (Math.abs(x[i]) < 1e6) y[i] = Math.floor(x[i] + 0.5);
    }),
  },
  {
    name: 'transpose-inverse',
    bug: 'applies the permutation the other way round',
    breaks: ['transpose'],
    provider: respec('transpose', (spec) => ({
      ...spec,
      perm: spec.perm.map((_, axis) => spec.perm.indexOf(axis)),
    })),
  },
  {
    name: 'gather-negative-index',
    bug: 'takes a negative index as 0',
    breaks: ['gather'],
    provider: mutateOp('gather', (_spec, { indices }, right) => {
      const kept = indices.slice();
      for (let i = 0; i < indices.length; i++)
        if (indices[i] < 0) indices[i] = typeof indices[i] === 'bigint' ? 0n : 0;
      right();
      indices.set(kept);
    }),
  },
  {
    name: 'argmax-takes-last',
    bug: 'compares with >=: the last of equals',
    breaks: ['argExtreme'],
    provider: respec('argExtreme', (spec) => ({ ...spec, selectLast: true })),
  },
  {
    name: 'sum-in-f32',
    bug: 'adds in float32 where the op adds in double',
    breaks: ['reduce'],
    provider: mutateOp('reduce', (spec, { x, y }, right) => {
      right();
      if (spec.function === 'sum' && y.length === 1)
        y[0] = x.reduce((sum: number, v: number) => fround(sum + v), 0);
    }),
  },
  {
    name: 'variance-in-one-pass',
    bug: 'mean of squares minus square of the mean, in float32',
    breaks: ['normalize'],
    provider: spoil('normalize', ({ x, y }, { outer, extent, centred, epsilon }) => {
      if (!centred) return;
      for (let o = 0; o < outer; o++) {
        let [s, q] = [0, 0];
        for (let i = 0; i < extent; i++) {
          s = fround(s + x[o * extent + i]);
          q = fround(q + fround(x[o * extent + i] * x[o * extent + i]));
        }
        const mean = fround(s / extent);
        const deviation = fround(Math.sqrt(fround(fround(q / extent) - fround(mean * mean)) + epsilon));
        for (let i = 0; i < extent; i++)
          y[o * extent + i] = fround(fround(x[o * extent + i] - mean) / deviation);
      }
    }),
  },
  {
    name: 'half-pixel-forgotten',
    bug: 'asymmetric coordinates where half_pixel is asked for',
    breaks: ['resize'],
    provider: respec('resize', (spec) =>
      spec.coordinates === 'half_pixel' ? { ...spec, coordinates: 'asymmetric' } : spec,
    ),
  },
  {
    name: 'lstm-gates-mixed',
    bug: 'gates in the order i, f, g, o of other frameworks',
    breaks: ['lstm'],
    provider: mutateOp('lstm', ({ hidden }, { w }, right) => {
      const kept = w.slice();
      const gate = w.length / 4;
      void hidden;
      w.copyWithin(gate, 2 * gate, 3 * gate);
      right();
      w.set(kept);
    }),
  },
];
