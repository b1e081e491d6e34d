import { codeRange, type QGemmSpec } from '@halftone/core';
import { type Arrays, clamp, fround, type Mutant, mutateOp, reoperand, respec, spoil } from './mutate.ts';

/** What may go wrong while products are added up. */
interface Faults {
  /** Products of one sum, in ascending k, to the sum. Default: exact, modulo 2^32. */
  readonly sum?: (products: readonly number[]) => number;
  /** How many of `k` products count. */
  readonly terms?: (k: number) => number;
  /** How many rows and columns are computed. */
  readonly rows?: (m: number) => number;
  readonly columns?: (n: number) => number;
}

function exact(products: readonly number[]): number {
  let sum = 0;
  for (const product of products) sum = (sum + product) | 0;
  return sum;
}

function at(spec: QGemmSpec, batch: number, k: number, j: number): number {
  return batch * spec.k * spec.n + (spec.transposeB ? j * spec.k + k : k * spec.n + j);
}

/** Products of raw codes and zero points, for the plain way out alone. */
function products(
  spec: QGemmSpec,
  { a, b, aZeroPoint, bZeroPoint }: Arrays,
  place: readonly number[],
  terms: number,
): number[] {
  const [batch, i, j] = place as [number, number, number];
  const zb = bZeroPoint[spec.bZeroPoint === 'per-channel' ? j : 0];
  return Array.from(
    { length: terms },
    (_, k) => (a[(batch * spec.m + i) * spec.k + k] - aZeroPoint[0]) * (b[at(spec, batch, k, j)] - zb),
  );
}

function gemm(faults: Faults): Mutant['provider'] {
  const { sum = exact, terms = (k) => k, rows = (m) => m, columns = (n) => n } = faults;
  return mutateOp('qgemm', (spec, arrays, right) => {
    if (spec.output.type !== 'int32' || spec.bias !== 'none') return right();
    for (let batch = 0; batch < spec.batch; batch++)
      for (let i = 0; i < rows(spec.m); i++)
        for (let j = 0; j < columns(spec.n); j++)
          arrays['y'][(batch * spec.m + i) * spec.n + j] = sum(
            products(spec, arrays, [batch, i, j], terms(spec.k)),
          );
  });
}

/** vpmaddubsw: neighbouring products of unsigned by signed bytes saturate at 16 bits. */
function saturatingPairs(): Mutant['provider'] {
  return mutateOp('qgemm', (spec, arrays, right) => {
    if (spec.output.type !== 'int32' || spec.bias !== 'none' || spec.a !== 'uint8' || spec.b !== 'int8')
      return right();
    const { a, b, y } = arrays;
    right();
    for (let i = 0; i < spec.m; i++)
      for (let j = 0; j < spec.n; j++)
        for (let k = 0; k + 1 < spec.k; k += 2) {
          const pair =
            a[i * spec.k + k] * b[at(spec, 0, k, j)] + a[i * spec.k + k + 1] * b[at(spec, 0, k + 1, j)];
          y[i * spec.n + j] += clamp(pair, -32768, 32767) - pair;
        }
  });
}

const whole = (width: number) => (count: number) => count - (count % width);

export const qgemmMutants: readonly Mutant[] = [
  {
    name: 'saturating-pairs',
    bug: 'vpmaddubsw without a spare bit in the weights',
    breaks: ['qgemm'],
    provider: saturatingPairs(),
  },
  {
    name: 'f32-accumulation',
    bug: 'sums in float32, as on a GPU without integers',
    breaks: ['qgemm'],
    provider: gemm({ sum: (list) => list.reduce((total, product) => fround(total + product), 0) }),
  },
  {
    name: 'saturating-accumulation',
    bug: 'sums that saturate at int32 instead of wrapping',
    breaks: ['qgemm'],
    provider: gemm({
      sum: (list) =>
        clamp(
          list.reduce((total, product) => total + product, 0),
          -2147483648,
          2147483647,
        ),
    }),
  },
  {
    name: 'int16-accumulation',
    bug: 'sums of eight products in 16 bits before they are widened',
    breaks: ['qgemm'],
    provider: gemm({
      sum: (list) => {
        let total = 0;
        for (let k = 0; k < list.length; k += 8)
          total += (list.slice(k, k + 8).reduce((s, p) => s + p, 0) << 16) >> 16;
        return total | 0;
      },
    }),
  },
  {
    name: 'k-tail-of-4',
    bug: 'products by fours, the rest forgotten',
    breaks: ['qgemm'],
    provider: gemm({ terms: whole(4) }),
  },
  {
    name: 'k-tail-of-64',
    bug: 'the tail of K is left out past the first block of 64',
    breaks: ['qgemm'],
    provider: gemm({ terms: (k) => (k > 64 ? whole(64)(k) : k) }),
  },
  {
    name: 'k-block-of-256',
    bug: 'the second block of 256 begins one too late',
    breaks: ['qgemm'],
    provider: gemm({ sum: (list) => exact(list.filter((_, k) => k !== 256)) }),
  },
  {
    name: 'n-tail-of-16',
    bug: 'columns by sixteens, the rest forgotten past the first',
    breaks: ['qgemm'],
    provider: gemm({ columns: (n) => (n > 16 ? whole(16)(n) : n) }),
  },
  {
    name: 'm-tail-of-4',
    bug: 'rows by fours, the rest forgotten past the first',
    breaks: ['qgemm'],
    provider: gemm({ rows: (m) => (m > 4 ? whole(4)(m) : m) }),
  },
  {
    name: 'm-tail-of-32',
    bug: 'rows by thirty-twos, the rest forgotten past the first',
    breaks: ['qgemm'],
    provider: gemm({ rows: (m) => (m > 32 ? whole(32)(m) : m) }),
  },
  {
    name: 'a-zero-point-sign',
    bug: 'a + aZeroPoint',
    breaks: ['qgemm'],
    provider: reoperand(
      'qgemm',
      ({ aZeroPoint }, { a }) => void aZeroPoint.set([clamp(-aZeroPoint[0], ...codeRange(a))]),
    ),
  },
  {
    name: 'a-zero-point-ignored',
    bug: 'takes activations as symmetric',
    breaks: ['qgemm'],
    provider: reoperand('qgemm', ({ aZeroPoint }) => void aZeroPoint.fill(0)),
  },
  {
    name: 'b-zero-point-first-alone',
    bug: 'one zero point where there is one a column',
    breaks: ['qgemm'],
    provider: reoperand('qgemm', ({ bZeroPoint }) => void bZeroPoint.fill(bZeroPoint[0] ?? 0)),
  },
  {
    name: 'layout-ignored',
    bug: 'reads [n, k] as [k, n]',
    breaks: ['qgemm'],
    provider: respec('qgemm', (spec) => ({ ...spec, transposeB: false })),
  },
  {
    name: 'batch-shares-weights',
    bug: 'every product of a batch reads the first B',
    breaks: ['qgemm'],
    provider: reoperand('qgemm', ({ b }, { batch }) => {
      for (let i = 1; i < batch; i++) b.copyWithin((b.length / batch) * i, 0, b.length / batch);
    }),
  },
  {
    name: 'signed-as-unsigned',
    bug: 'loads int8 weights as bytes',
    breaks: ['qgemm'],
    provider: spoil(
      'qgemm',
      ({ a, aZeroPoint, b, y }, { m, n, k, b: type, batch, bias, output, transposeB }) => {
        if (type !== 'int8' || batch !== 1 || bias !== 'none' || output.type !== 'int32') return;
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++)
            for (let p = 0; p < k; p++)
              if (b[transposeB ? j * k + p : p * n + j] < 0)
                y[i * n + j] += 256 * (a[i * k + p] - aZeroPoint[0]);
      },
    ),
  },
  {
    name: 'bias-saturates',
    bug: 'adds the bias with saturation',
    breaks: ['qgemm'],
    provider: mutateOp('qgemm', (spec, arrays, right) => {
      if (spec.bias !== 'int32' || spec.output.type !== 'int32') return right();
      const bias = arrays['bias'].slice();
      arrays['bias'].fill(0);
      right();
      arrays['bias'].set(bias);
      arrays['y'].forEach((acc: number, i: number) => {
        arrays['y'][i] = clamp(acc + bias[i % spec.n], -2147483648, 2147483647);
      });
    }),
  },
  {
    name: 'bias-forgotten',
    bug: 'leaves the bias out where the way out is codes',
    breaks: ['qgemm'],
    provider: reoperand('qgemm', ({ bias }, { output }) => {
      if (output.type === 'codes') bias?.fill(0);
    }),
  },
  {
    name: 'bias-by-row',
    bug: 'adds the bias of the row instead of that of the column',
    breaks: ['qgemm'],
    provider: reoperand('qgemm', ({ bias }) => void bias?.reverse()),
  },
  {
    name: 'multiplier-first-alone',
    bug: 'one multiplier where there is one a column',
    breaks: ['qgemm'],
    provider: reoperand('qgemm', ({ multiplier }) => void multiplier?.fill(multiplier[0] ?? 0)),
  },
  {
    name: 'fused-clamp-forgotten',
    bug: 'leaves the fused activation out',
    breaks: ['qgemm'],
    provider: respec('qgemm', (spec) => {
      if (spec.output.type !== 'codes') return spec;
      const { clamp: _clamp, ...output } = spec.output;
      return { ...spec, output };
    }),
  },
  {
    name: 'float-bias-fused',
    bug: 'scales and adds the float bias in one rounding, a contracted multiply-add',
    breaks: ['qgemm'],
    provider: mutateOp('qgemm', (spec, arrays, right) => {
      if (spec.bias !== 'float32' || spec.output.type !== 'float32') return right();
      const { multiplier, bias, y } = arrays;
      for (let i = 0; i < spec.m; i++)
        for (let j = 0; j < spec.n; j++) {
          const acc = exact(products(spec, arrays, [0, i, j], spec.k));
          y[i * spec.n + j] = fround(fround(acc) * multiplier[multiplier.length > 1 ? j : 0] + bias[j]);
        }
    }),
  },
  {
    name: 'epilogue-truncates',
    bug: 'the code of a fused requantization is cut off',
    breaks: ['qgemm'],
    provider: mutateOp('qgemm', (spec, arrays, right) => {
      const { output } = spec;
      if (output.type !== 'codes' || output.mode !== 'ort-f32' || spec.bias !== 'none') return right();
      const [lo, hi] = output.clamp ?? codeRange(output.dtype);
      const { multiplier, zeroPoint, y } = arrays;
      for (let i = 0; i < spec.m; i++)
        for (let j = 0; j < spec.n; j++) {
          const acc = exact(products(spec, arrays, [0, i, j], spec.k));
          y[i * spec.n + j] = clamp(
            Math.trunc(fround(fround(acc) * multiplier[multiplier.length > 1 ? j : 0])) + zeroPoint[0],
            lo,
            hi,
          );
        }
    }),
  },
];
