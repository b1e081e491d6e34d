// Mistakes in products by weights that are quantized in blocks.
import {
  type BlockGemmSpec,
  type BlockWeights,
  blockWeights,
  type HostIO,
  type HostOp,
} from '@halftone/core';
import { elements, type Mutant, put, right, wrongCall, wrongOp } from './mutate.ts';

const { abs, ceil, floor, fround, max, min } = Math;

/** One block of a sum. */
interface Block {
  readonly a: readonly number[];
  /** Codes less their zero points. */
  readonly w: readonly number[];
  readonly scale: number;
}

/** How int8-block adds a block to a sum. */
type Add = (sum: number, block: Block) => number;

const even = (x: number): number => {
  const below = floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
};

const absmaxOf = (a: readonly number[]): number => a.reduce((most, x) => (abs(x) > most ? abs(x) : most), 0);

function codesOf(a: readonly number[], absmax: number, round = even): number[] {
  const r = fround(127 / absmax);
  return a.map((x) => (Number.isFinite(r) ? round(fround(x * r)) : 0));
}

const dotOf = (q: readonly number[], w: readonly number[]): number =>
  q.reduce((sum, x, i) => sum + (x | 0) * w[i]!, 0);

const scaleOf = (a: readonly number[]): number =>
  a.every((x) => Number.isFinite(x)) ? fround(absmaxOf(a) / 127) : NaN;

const rightAdd: Add = (sum, { a, w, scale }) =>
  fround(sum + fround(dotOf(codesOf(a, absmaxOf(a)), w) * fround(scaleOf(a) * scale)));

const adds: readonly (readonly [name: string, bug: string, add: Add])[] = [
  [
    'contracts',
    'the scaled dot product and the sum are one fused multiply-add',
    (sum, { a, w, scale }) => fround(sum + dotOf(codesOf(a, absmaxOf(a)), w) * fround(scaleOf(a) * scale)),
  ],
  [
    'scales one after the other',
    'the dot product is multiplied by the scale of A, then by that of B',
    (sum, { a, w, scale }) =>
      fround(sum + fround(fround(dotOf(codesOf(a, absmaxOf(a)), w) * scaleOf(a)) * scale)),
  ],
  [
    'divides by the scale',
    'elements of A are divided by sa instead of multiplied by 127 / absmax',
    (sum, { a, w, scale }) => {
      const sa = scaleOf(a);
      const q = a.map((x) => (Number.isFinite(fround(127 / absmaxOf(a))) ? even(fround(x / sa)) : 0));
      return fround(sum + fround(dotOf(q, w) * fround(sa * scale)));
    },
  ],
  [
    'rounds half up',
    'codes of A are floor(t + 0.5)',
    (sum, { a, w, scale }) =>
      fround(
        sum +
          fround(
            dotOf(
              codesOf(a, absmaxOf(a), (t) => floor(t + 0.5)),
              w,
            ) * fround(scaleOf(a) * scale),
          ),
      ),
  ],
  [
    'truncates A',
    'codes of A are converted towards 0',
    (sum, { a, w, scale }) =>
      fround(sum + fround(dotOf(codesOf(a, absmaxOf(a), Math.trunc), w) * fround(scaleOf(a) * scale))),
  ],
  [
    'forgets the sign of the largest',
    'the range of a block is its largest value, not its largest magnitude',
    (sum, { a, w, scale }) => {
      const most = a.reduce((x, y) => max(x, y), 0);
      const q = codesOf(a, most).map((x) => min(127, max(-127, x)));
      return fround(sum + fround(dotOf(q, w) * fround(fround(most / 127) * scale)));
    },
  ],
  [
    'lets 127 / absmax overflow',
    'tiny blocks become codes of 127',
    (sum, { a, w, scale }) => {
      const r = fround(127 / absmaxOf(a));
      const q = a.map((x) => (x === 0 || Number.isFinite(r) ? even(fround(x * r)) : 127 * Math.sign(x)));
      return fround(sum + fround(dotOf(q, w) * fround(scaleOf(a) * scale)));
    },
  ],
  [
    'loses NaN',
    'what is not finite is left out of the largest magnitude',
    (sum, { a, w, scale }) => {
      const finite = a.map((x) => (Number.isFinite(x) ? x : 0));
      return rightAdd(sum, { a: finite, w, scale });
    },
  ],
  [
    'saturates pair sums',
    'vpmaddubsw on the codes of 8 bits as they are',
    (sum, { a, w, scale }) => {
      const q = codesOf(a, absmaxOf(a));
      let dot = 0;
      for (let i = 0; i < q.length; i += 2)
        dot += max(-32768, min(32767, (q[i]! | 0) * w[i]! + ((q[i + 1] ?? 0) | 0) * (w[i + 1] ?? 0)));
      return fround(sum + fround(dot * fround(scaleOf(a) * scale)));
    },
  ],
  [
    'sums a block in 16 bits',
    'the pair sums of a whole block are added in int16',
    (sum, { a, w, scale }) =>
      fround(sum + fround(((dotOf(codesOf(a, absmaxOf(a)), w) << 16) >> 16) * fround(scaleOf(a) * scale))),
  ],
];

/** int8-block out of its steps; the other computations are the reference's. */
function adding(
  add: Add,
  order: (blocks: Block[]) => Block[] = (blocks) => blocks,
  biasFirst = false,
): HostOp<BlockGemmSpec> {
  return (spec, io) => {
    if (spec.computation !== 'int8-block') return right.blockGemm(spec, io);
    const { m, n, k, block } = spec;
    const weights = blockWeights(spec, io);
    const [a, y] = [elements(io, 'a'), elements(io, 'y')];
    for (let i = 0; i < m; i++) {
      const row = Array.from(a.subarray(i * k, (i + 1) * k));
      for (let j = 0; j < n; j++) {
        const bias = spec.bias ? elements(io, 'bias')[j]! : undefined;
        let sum = biasFirst ? (bias ?? 0) : 0;
        for (const part of order(blocksOf(row, weights, j, k, block))) sum = add(sum, part);
        y[i * n + j] = bias === undefined || biasFirst ? sum : fround(sum + bias);
      }
    }
  };
}

function blocksOf(
  row: readonly number[],
  weights: BlockWeights,
  j: number,
  k: number,
  block: number,
): Block[] {
  const count = ceil(k / block);
  return Array.from({ length: count }, (_, t) => {
    const [first, end] = [t * block, min(k, (t + 1) * block)];
    return {
      a: row.slice(first, end),
      w: Array.from(weights.centred.subarray(j * k + first, j * k + end)),
      scale: weights.scale[j * count + t]!,
    };
  });
}

/** The kernel that these mutants are made of, right. */
export const blockGemmOf: HostOp<BlockGemmSpec> = adding(rightAdd);

/** One scale and range of A for a whole row. */
const byRow: HostOp<BlockGemmSpec> = (spec, io) => {
  if (spec.computation !== 'int8-block') return right.blockGemm(spec, io);
  const { m, k } = spec;
  const a = elements(io, 'a');
  const rounded = Float32Array.from(a);
  for (let i = 0; i < m; i++) {
    const row = Array.from(a.subarray(i * k, (i + 1) * k));
    const sa = scaleOf(row);
    codesOf(row, absmaxOf(row)).forEach((q, e) => (rounded[i * k + e] = q * sa));
  }
  right.blockGemm(spec, put(io, 'a', rounded));
};

/** A float in so many bits of significand. */
function shortened(x: number, bits: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const unit = 2 ** (floor(Math.log2(abs(x))) - bits + 1);
  return even(x / unit) * unit;
}

const shorten =
  (bits: number, of: BlockGemmSpec['computation']) =>
  (spec: BlockGemmSpec, io: HostIO): readonly [BlockGemmSpec, HostIO] =>
    spec.computation === of
      ? [
          spec,
          put(
            io,
            'a',
            Array.from(elements(io, 'a'), (x) => shortened(x, bits)),
          ),
        ]
      : [spec, io];

const isNbits = ({ layout }: BlockGemmSpec): boolean => layout === 'nbits';
const isNarrow = ({ b }: BlockGemmSpec): boolean => b === 'int4' || b === 'uint4';

export const blocks: readonly Mutant[] = [
  ...adds.map(([name, bug, add]) => wrongOp('blockGemm', name, bug, adding(add))),
  wrongOp(
    'blockGemm',
    'sums blocks in reverse',
    'the loop over blocks counts down',
    adding(rightAdd, (parts) => parts.reverse()),
  ),
  wrongOp(
    'blockGemm',
    'adds the bias first',
    'the sum begins with the bias',
    adding(rightAdd, (parts) => parts, true),
  ),
  wrongOp('blockGemm', 'has one scale a row', 'A is quantized by rows, not by blocks', byRow),
  wrongCall(
    'blockGemm',
    'takes the high nibble first',
    'packed codes are read from the high bits on',
    (spec, io) => [
      spec,
      isNbits(spec) && isNarrow(spec)
        ? put(
            io,
            'b',
            Array.from(elements(io, 'b'), (byte) => ((byte & 15) << 4) | (byte >> 4)),
          )
        : io,
    ],
  ),
  wrongCall(
    'blockGemm',
    'ignores zero points',
    'codes are taken less the default of the format',
    (spec, io) => [
      spec,
      put(
        io,
        'zeroPoint',
        Array.from(elements(io, 'zeroPoint'), () => (isNbits(spec) ? (isNarrow(spec) ? 0x88 : 128) : 0)),
      ),
    ],
  ),
  wrongCall(
    'blockGemm',
    'packs zero points without end',
    'rows of zero points do not begin at whole bytes',
    (spec, io) => {
      const count = ceil(spec.k / spec.block);
      if (!isNbits(spec) || !isNarrow(spec) || count % 2 === 0) return [spec, io];
      const zeros = elements(io, 'zeroPoint');
      const nibble = (at: number): number => (zeros[at >> 1]! >> (4 * (at & 1))) & 15;
      const packed = new Uint8Array(zeros.length);
      const width = (count + 1) / 2;
      for (let j = 0; j < spec.n; j++)
        for (let t = 0; t < count; t++)
          packed[j * width + (t >> 1)]! |= nibble(j * count + t) << (4 * (t & 1));
      return [spec, put(io, 'zeroPoint', packed)];
    },
  ),
  wrongCall('blockGemm', 'takes the sign of scales away', 'scales are thought to be positive', (spec, io) => [
    spec,
    put(io, 'scale', Array.from(elements(io, 'scale'), abs)),
  ]),
  wrongCall(
    'blockGemm',
    'reads signed codes as unsigned',
    'the fourth bit of int4 is no sign',
    (spec, io) => [
      spec.b === 'int4' ? { ...spec, b: 'uint4' } : spec,
      spec.b === 'int4'
        ? {
            ...io,
            b: {
              dtype: 'uint8',
              shape: io['b']!.shape,
              data: Uint8Array.from(elements(io, 'b'), (x) => x & 15),
            },
            zeroPoint: {
              dtype: 'uint8',
              shape: io['zeroPoint']!.shape,
              data: Uint8Array.from(elements(io, 'zeroPoint'), (x) => x & 15),
            },
          }
        : io,
    ],
  ),
  wrongCall('blockGemm', 'forgets the short block', 'what of K fills no block is left out', (spec, io) => {
    const whole = floor(spec.k / spec.block) * spec.block;
    if (whole === spec.k) return [spec, io];
    return [
      spec,
      put(
        io,
        'a',
        Array.from(elements(io, 'a'), (x, at) => (at % spec.k < whole ? x : 0)),
      ),
    ];
  }),
  wrongCall(
    'blockGemm',
    'rounds A to bfloat16',
    'dequant-f32 takes the kernel of bf16',
    shorten(8, 'dequant-f32'),
  ),
  wrongCall(
    'blockGemm',
    'has 16 bits of A',
    'dequant-f32 makes two bfloat16 of each element',
    shorten(15, 'dequant-f32'),
  ),
  wrongCall('blockGemm', 'has 5 bits of A', 'bf16 takes a narrower float', shorten(4, 'bf16')),
];
