import type { Conv2dSpec, ConvTranspose2dSpec } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { uneven } from './gemm.ts';
import { windows } from './shared.ts';

const groups = [
  [6, 6, 2],
  [6, 12, 6],
  [17, 17, 17],
  [8, 4, 2],
] as const;

export function conv2dCases(): readonly Case<'conv2d'>[] {
  const plain: Conv2dSpec = { ...windows[0]![1], o: 4, groups: 1, bias: false };
  const of = (
    name: string,
    change: Partial<Conv2dSpec>,
    inputs: Readonly<Record<string, Recipe>> = {},
  ): Case<'conv2d'> => makeCase('conv2d', name, { ...plain, ...change }, inputs);
  return [
    ...windows.flatMap(([name, window]) => [
      of(name, window),
      of(`${name}-bias-relu`, { ...window, bias: true, clamp: [0, Infinity] }, { x: uneven }),
    ]),
    ...groups.map(([c, o, n]) =>
      of(`groups-${c}-${o}-${n}`, { c, o, groups: n, pads: [1, 1, 1, 1], bias: true }),
    ),
    // Taps outside the image are no products: an infinite weight there makes no NaN.
    of(
      'infinite-weights-in-padding',
      { pads: [1, 1, 1, 1] },
      {
        x: { fill: 'uniform', lo: 1, hi: 2 },
        w: { data: Array.from({ length: 27 }, (_, i) => (i === 0 || i === 26 ? Infinity : i - 13)) },
      },
    ),
    of('special', { bias: true }, { x: { fill: 'special' }, w: { fill: 'special' } }),
    of('zeros-by-infinity', {}, { x: { data: [0, 1, 0, 0, 2, 0, 0] }, w: { data: [1, Infinity, 2] } }),
    of(
      'clamp-special',
      { kernel: [1, 1], c: 1, h: 9, clamp: [-1, 1] },
      { x: { data: [NaN, Infinity, -Infinity, 0.5, -3, 0, 1] } },
    ),
    of(
      'subnormal',
      { kernel: [2, 2] },
      { x: { fill: 'constant', value: 1e-20 }, w: { fill: 'constant', value: 3e-20 } },
    ),
    of('long-sums', { c: 130, h: 3, w: 3 }, { x: uneven, w: uneven }),
    of('clamp', { clamp: [-0.5, 0.5] }),
  ];
}

export function convTranspose2dCases(): readonly Case<'convTranspose2d'>[] {
  const plain: ConvTranspose2dSpec = {
    ...windows[0]![1],
    o: 4,
    groups: 1,
    bias: false,
    outputPadding: [0, 0],
  };
  const of = (
    name: string,
    change: Partial<ConvTranspose2dSpec>,
    inputs: Readonly<Record<string, Recipe>> = {},
  ): Case<'convTranspose2d'> => makeCase('convTranspose2d', name, { ...plain, ...change }, inputs);
  return [
    ...windows.flatMap(([name, window]) => [
      of(name, window),
      of(`${name}-bias-relu`, { ...window, bias: true, clamp: [0, Infinity] }, { x: uneven }),
    ]),
    ...groups.map(([c, o, n]) =>
      of(`groups-${c}-${o}-${n}`, { c, o, groups: n, strides: [2, 2], bias: true }),
    ),
    of('output-padding', { strides: [3, 2], outputPadding: [2, 1] }),
    of('special', { bias: true }, { x: { fill: 'special' }, w: { fill: 'special' } }),
    of('zeros-by-infinity', {}, { x: { data: [0, 1, 0, 0, 2, 0, 0] }, w: { data: [1, Infinity, 2] } }),
    of(
      'clamp-special',
      { kernel: [1, 1], c: 1, h: 9, clamp: [-1, 1] },
      { x: { data: [NaN, Infinity, -Infinity, 0.5, -3, 0, 1] } },
    ),
    of(
      'subnormal',
      { kernel: [2, 2] },
      { x: { fill: 'constant', value: 1e-20 }, w: { fill: 'constant', value: 3e-20 } },
    ),
  ];
}
