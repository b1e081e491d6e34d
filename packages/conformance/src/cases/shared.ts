// What the cases of several ops are made of.
import { type CodeType, codeRange, type DType, type WindowSpec } from '@halftone/core';
import type { Recipe } from '../case.ts';

export const signs: readonly CodeType[] = ['int8', 'uint8'];
export const signPairs: readonly (readonly [a: CodeType, b: CodeType])[] = signs.flatMap((a) =>
  signs.map((b) => [a, b] as const),
);

/** `u8s8` of uint8 and int8. */
export function short(...types: readonly string[]): string {
  return types.map((type) => `${type.startsWith('u') ? 'u' : 's'}${/\d+/.exec(type)![0]}`).join('');
}

/** Extents just at, under and over the widths that kernels work in, with primes between. */
export const tails: readonly number[] = [
  1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 23, 31, 32, 33, 47, 48, 49, 63, 64, 65, 95, 97, 127, 128, 129, 191,
  193, 255, 256, 257, 383, 384, 385, 511, 512, 513,
];

/** The ends of a code type, and a code between that is no power of two. */
export function zeroPoints(dtype: CodeType): readonly number[] {
  const [lo, hi] = codeRange(dtype);
  return [lo, lo + 117, hi];
}

/** Shapes of every rank, with empty and single axes. */
export const shapes: readonly (readonly number[])[] = [
  [],
  [1],
  [7],
  [0],
  [2, 3],
  [5, 0, 3],
  [1, 1, 1, 1],
  [2, 3, 5],
  [2, 3, 4, 5],
  [1, 2, 3, 1, 2],
];

const plainWindow: WindowSpec = {
  n: 1,
  h: 5,
  w: 5,
  c: 3,
  kernel: [3, 3],
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
};

/** Windows over images, by what is special about each. */
export const windows: readonly (readonly [name: string, window: WindowSpec])[] = (
  [
    ['plain', {}],
    ['1x1', { kernel: [1, 1] }],
    ['one-pixel', { h: 1, w: 1, kernel: [1, 1] }],
    ['whole-image', { kernel: [5, 5] }],
    ['1xn', { kernel: [1, 4] }],
    ['nx1', { kernel: [4, 1] }],
    ['even', { kernel: [2, 2] }],
    ['padded', { pads: [1, 1, 1, 1] }],
    ['padded-top', { pads: [2, 0, 0, 0] }],
    ['padded-left', { pads: [0, 2, 0, 0] }],
    ['padded-bottom', { pads: [0, 0, 2, 0] }],
    ['padded-right', { pads: [0, 0, 0, 2] }],
    ['padded-unevenly', { pads: [0, 1, 2, 3], kernel: [3, 4] }],
    ['padding-alone', { h: 2, w: 2, kernel: [2, 2], pads: [3, 3, 3, 3] }],
    ['stride-2', { strides: [2, 2], h: 7, w: 8 }],
    ['strides-differ', { strides: [3, 1], h: 8, w: 6 }],
    ['strides-differ-on-a-square', { strides: [2, 1], h: 7, w: 7 }],
    ['stride-past-kernel', { strides: [3, 4], kernel: [2, 2], h: 9, w: 11 }],
    ['stride-and-padding', { strides: [2, 2], pads: [0, 0, 1, 1], h: 8, w: 8 }],
    ['dilated', { dilations: [2, 2], h: 7, w: 7 }],
    ['dilations-differ', { dilations: [1, 3], h: 4, w: 9, pads: [1, 2, 1, 2] }],
    ['dilated-stride-padded', { dilations: [2, 3], strides: [2, 2], pads: [2, 1, 1, 2], h: 9, w: 10 }],
    ['batch-3', { n: 3 }],
    ['one-channel', { c: 1 }],
    ['channels-17', { c: 17 }],
    ['channels-64', { c: 64, h: 3, w: 3 }],
    ['row', { h: 1, w: 9, kernel: [1, 3] }],
    ['column', { h: 9, w: 1, kernel: [3, 1] }],
    ['no-output', { h: 2, w: 2, kernel: [3, 3] }],
    ['no-image', { n: 0 }],
    ['no-channel', { c: 0 }],
  ] as const satisfies readonly (readonly [string, Partial<WindowSpec>])[]
).map(([name, change]) => [name, { ...plainWindow, ...change }] as const);

/** Pairs of shapes that broadcast, in each of the ways that kernels treat by themselves. */
export const broadcasts: readonly (readonly [a: readonly number[], b: readonly number[]])[] = [
  [[], []],
  [[1], [1]],
  [[17], [17]],
  [[257], [1]],
  [[], [33]],
  [[0], [1]],
  [
    [2, 3],
    [2, 3],
  ],
  [[4, 5], [5]],
  [
    [4, 5],
    [4, 1],
  ],
  [
    [4, 1],
    [1, 5],
  ],
  [
    [2, 3, 4],
    [3, 1],
  ],
  [
    [1, 3, 1],
    [2, 1, 4],
  ],
  [[2, 1, 3, 1], [4]],
  [
    [2, 0, 3],
    [2, 1, 3],
  ],
];

export function nameOfShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('x');
}

/** Elements that arithmetic, or a narrower type, would not leave as they are: what moves elements moves these. */
export function anyElements(dtype: DType): Recipe {
  switch (dtype) {
    case 'float32':
      return { data: [-0, 1e-45, NaN, -Infinity, 0, 1.1754942106924411e-38, 16777215, -0.1, Infinity] };
    case 'int32':
      return { data: [2147483647, -2147483648, 16777217, -16777219, 32768, -1, 0] };
    case 'int64':
      return { data: [-9223372036854775808, 4611686018427387904, 4294967297, -4294967296, -1, 0, 65536] };
    default:
      return { fill: 'uniform' };
  }
}
