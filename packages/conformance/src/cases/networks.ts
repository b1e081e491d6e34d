// Float ops of real networks that are neither products nor elementwise.
import type { LstmSpec, NearestMode, ResizeCoordinates, ResizeSpec } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { uneven } from './gemm.ts';

export function normalizeCases(): readonly Case<'normalize'>[] {
  return [false, true].flatMap((centred) =>
    [false, true].flatMap((statistics) =>
      (
        [
          [1, 1],
          [3, 7],
          [2, 257],
          [5, 64],
          [0, 4],
          [3, 0],
        ] as const
      ).flatMap(([outer, extent]) =>
        (
          [
            ['uneven', uneven],
            ['equal', { fill: 'constant', value: 3 }],
            ['special', { fill: 'special' }],
          ] as const satisfies readonly (readonly [string, Recipe])[]
        ).map(([kind, x]) =>
          makeCase(
            'normalize',
            `${centred ? 'layer' : 'rms'}-${outer}x${extent}-${kind}${statistics ? '-statistics' : ''}`,
            { outer, extent, centred, epsilon: Math.fround(1e-5), statistics },
            { x },
          ),
        ),
      ),
    ),
  );
}

export function lstmCases(): readonly Case<'lstm'>[] {
  const plain: LstmSpec = {
    steps: 3,
    batch: 2,
    input: 4,
    hidden: 5,
    reverse: false,
    bias: false,
    peephole: false,
  };
  const of = (
    name: string,
    change: Partial<LstmSpec>,
    inputs: Readonly<Record<string, Recipe>> = {},
  ): Case<'lstm'> => makeCase('lstm', name, { ...plain, ...change }, inputs);
  return [
    ...[false, true].flatMap((bias) =>
      [false, true].map((peephole) =>
        of(`gates${bias ? '-bias' : ''}${peephole ? '-peephole' : ''}`, { bias, peephole }),
      ),
    ),
    of('reverse', { reverse: true }),
    of('one-step', { steps: 1 }),
    of('many-steps', { steps: 20, bias: true }),
    of('one-cell', { hidden: 1, input: 1, batch: 1 }),
    of('wide', { hidden: 33, input: 17 }),
    of('saturated', { bias: true }, { x: { fill: 'uniform', lo: -90, hi: 90 } }),
    of(
      'subnormal-state',
      {},
      {
        ...Object.fromEntries(['x', 'w', 'r', 'h0'].map((name) => [name, { fill: 'constant', value: 0 }])),
        c0: { fill: 'constant', value: 1e-39 },
      },
    ),
    of('no-steps', { steps: 0 }),
    of('no-batch', { batch: 0 }),
  ];
}

const coordinates: readonly ResizeCoordinates[] = [
  'align_corners',
  'asymmetric',
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'tf_crop_and_resize',
];
const nearest: readonly NearestMode[] = ['ceil', 'floor', 'round_prefer_ceil', 'round_prefer_floor'];

export function resizeCases(): readonly Case<'resize'>[] {
  const axis = (index: number, from: number, to: number): ResizeSpec['axes'][number] => ({
    axis: index,
    extent: to,
    scale: Math.fround(to / from),
    crop: [Math.fround(0.1), Math.fround(1.2)],
  });
  const sizes = [
    ['up', [axis(1, 4, 9), axis(2, 5, 13)]],
    ['down', [axis(1, 4, 2), axis(2, 5, 3)]],
    ['one-axis', [axis(2, 5, 8)]],
    ['to-one', [axis(1, 4, 1)]],
    ['none', []],
    ['to-nothing', [axis(2, 5, 0)].map((a) => ({ ...a, scale: 0.1 }))],
  ] as const;
  const plain = {
    dtype: 'float32',
    shape: [2, 4, 5, 3],
    cubic: -0.75,
    excludeOutside: false,
    extrapolation: 7,
    nearest: 'floor',
  } as const;
  return coordinates.flatMap((mode) =>
    sizes.flatMap(([name, axes]) => [
      makeCase('resize', `linear/${mode}/${name}`, { ...plain, axes, coordinates: mode, mode: 'linear' }),
      ...[false, true].map((excludeOutside) =>
        makeCase('resize', `cubic/${mode}/${name}${excludeOutside ? '-inside' : ''}`, {
          ...plain,
          axes,
          coordinates: mode,
          mode: 'cubic',
          excludeOutside,
        }),
      ),
      ...nearest.flatMap((rounding) =>
        (['float32', 'uint8', 'int64'] as const).map((dtype) =>
          makeCase('resize', `nearest-${rounding}/${mode}/${name}/${dtype}`, {
            ...plain,
            dtype,
            axes,
            coordinates: mode,
            mode: 'nearest',
            nearest: rounding,
          }),
        ),
      ),
    ]),
  );
}
