// Convolutions whose kernels have forms of their own: by fewer products, without patches, channel by channel.
import { codeRange, type QConv2dSpec } from '@halftone/core';
import type { Recipe } from '../case.ts';
import { zeroPoints } from './shared.ts';

/** What is special about a convolution: its name, what differs from the plain one, and operands. */
export type Special = readonly [
  name: string,
  change: Partial<QConv2dSpec>,
  inputs?: Readonly<Record<string, Recipe>>,
];

const ends: Recipe = { fill: 'extremes' };
const one = [1, 1, 1, 1] as const;

/** Results of every parity, one tile of 2 x 2 and more than fit a group of tiles, borders of every width, tails of channels. */
const tiled: readonly Special[] = (
  [
    [2, 2, 17, 3, one],
    [4, 4, 4, 1, [0, 0, 0, 0]],
    [5, 5, 7, 7, one],
    [6, 7, 8, 8, [2, 2, 2, 2]],
    [7, 4, 9, 9, [2, 0, 1, 2]],
    [9, 8, 16, 17, [0, 1, 2, 0]],
    [3, 32, 12, 5, one],
    [14, 15, 5, 9, one],
  ] as const
).map(([h, w, c, o, pads]) => [
  `3x3-${h}x${w}-c${c}-o${o}`,
  { h, w, c, o, pads, wZeroPoint: 'per-channel' },
  { x: ends, w: ends },
]);

/** Large enough to be shared by threads: many windows, many filters, many channels. */
const shared: readonly Special[] = [
  ['3x3-24x24-c16-o16', { h: 24, w: 24, c: 16, o: 16, pads: one }],
  ['3x3-6x6-c64-o66', { h: 6, w: 6, c: 64, o: 66, pads: one }],
  ['1x1-30x31-c20-o24', { h: 30, w: 31, c: 20, o: 24, kernel: [1, 1] }],
  ['depthwise-48x48-c40', { h: 48, w: 48, c: 40, o: 40, groups: 40, pads: one }],
  [
    'depthwise-48x48-c40-stride-2',
    { n: 2, h: 48, w: 48, c: 40, o: 40, groups: 40, pads: one, strides: [2, 2] },
  ],
];

const pixels: readonly Special[] = [
  ['1x1-batch', { n: 3, h: 5, w: 7, c: 9, o: 10, kernel: [1, 1] }],
  ['1x1-groups', { n: 2, h: 5, w: 7, c: 18, o: 4, groups: 2, kernel: [1, 1] }],
  ['1x1-padded', { h: 4, w: 6, c: 8, o: 9, kernel: [1, 1], pads: [1, 0, 2, 1] }],
  ['1x1-stride-2', { h: 7, w: 6, c: 8, o: 9, kernel: [1, 1], strides: [2, 2] }],
];

const depthwise: readonly Special[] = (
  [
    ...[1, 2, 4, 5, 6, 7, 8, 13].map((w) => [`w${w}`, { w, pads: one }] as const),
    ...[2, 5, 8, 9, 14].map((w) => [`w${w}-stride-2`, { w, pads: one, strides: [2, 2] }] as const),
    ['strides-1-2', { w: 9, strides: [1, 2] }],
    ['strides-2-1', { w: 9, strides: [2, 1] }],
    ['strides-3-3', { h: 11, w: 12, strides: [3, 3], pads: [2, 1, 0, 2] }],
    ['strides-past-kernel', { h: 13, w: 12, strides: [5, 4], kernel: [2, 2] }],
    ['1x1', { kernel: [1, 1] }],
    ['2x2', { kernel: [2, 2], pads: [1, 0, 0, 1] }],
    ['4x3', { h: 8, kernel: [4, 3], pads: [2, 2, 1, 0] }],
    ['5x5', { h: 7, w: 11, kernel: [5, 5], pads: [2, 2, 2, 2] }],
    ['5x5-stride-2', { h: 8, w: 11, kernel: [5, 5], pads: [2, 1, 2, 3], strides: [2, 2] }],
    ['7x3', { h: 9, w: 6, kernel: [7, 3], pads: [3, 1, 3, 1] }],
    ['dilations-2-1', { h: 8, w: 7, dilations: [2, 1], pads: [2, 1, 2, 1] }],
    ['dilations-1-2', { h: 6, w: 9, dilations: [1, 2], pads: [1, 2, 1, 2] }],
    ['dilations-3-2-strides-2', { h: 11, w: 12, dilations: [3, 2], strides: [2, 2], pads: [2, 2, 3, 3] }],
    ['padding-alone', { h: 2, w: 2, kernel: [2, 2], pads: [3, 3, 3, 3] }],
    ['batch', { n: 3, h: 4, w: 6, pads: one }],
    ['no-column', { h: 5, w: 2 }],
    ['no-row', { h: 2, w: 5 }],
  ] satisfies readonly (readonly [string, Partial<QConv2dSpec>])[]
).map(([name, change]) => [
  `depthwise-${name}`,
  { c: 10, o: 10, groups: 10, wZeroPoint: 'per-channel', ...change },
  { x: ends, w: ends },
]);

/**
 * Sums of the largest magnitude: all codes at the end that is farthest from their zero point. Forms that give four times a sum
 * modulo 2^32 tell sums below 2^29 apart, which those of 917 channels are, and those of 918 are not.
 */
function extremes({ x, weights }: Pick<QConv2dSpec, 'x' | 'weights'>): readonly Special[] {
  const [lowX, highX] = codeRange(x);
  const [lowW, highW] = codeRange(weights);
  const all = (value: number): Recipe => ({ fill: 'constant', value });
  return [917, 918].flatMap((c) =>
    (
      [
        ['positive', highX, lowX, highW, lowW],
        ['negative', lowX, highX, highW, lowW],
      ] as const
    ).map(
      ([sign, codeX, zeroX, codeW, zeroW]): Special => [
        `largest-${sign}-c${c}`,
        { h: 4, w: 4, c, o: 2 },
        {
          x: all(codeX),
          w: all(codeW),
          xZeroPoint: { data: [zeroX] },
          wZeroPoint: { data: [zeroW] },
        },
      ],
    ),
  );
}

/** Zero points at the ends of both types, borders among the codes. */
function zeros({ x, weights }: Pick<QConv2dSpec, 'x' | 'weights'>): readonly Special[] {
  return zeroPoints(x).flatMap((zx) =>
    zeroPoints(weights).flatMap((zw): Special[] => {
      const inputs = { x: ends, w: ends, xZeroPoint: { data: [zx] }, wZeroPoint: { data: [zw] } };
      return [
        [`tiles-zeros-${zx}-${zw}`, { h: 4, w: 5, c: 6, pads: one }, inputs],
        [`depthwise-zeros-${zx}-${zw}`, { h: 4, w: 5, c: 6, o: 6, groups: 6, pads: one }, inputs],
      ];
    }),
  );
}

/** All of them, for codes of these types. */
export function specialWindows(types: Pick<QConv2dSpec, 'x' | 'weights'>): readonly Special[] {
  return [...tiled, ...shared, ...pixels, ...depthwise, ...extremes(types), ...zeros(types)];
}
