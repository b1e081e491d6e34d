import { type DType, dtypes, type Reduction } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { nameOfShape } from './shared.ts';
import { uneven } from './gemm.ts';

const functions: readonly Reduction[] = [
  'l1',
  'l2',
  'logSum',
  'logSumExp',
  'max',
  'mean',
  'min',
  'prod',
  'sum',
  'sumSquare',
];

export function reduceCases(): readonly Case<'reduce'>[] {
  const ways = [
    [[], []],
    [[7], []],
    [[7], [0]],
    [[3, 4], [1]],
    [[3, 4], [0]],
    [
      [3, 4],
      [0, 1],
    ],
    [
      [2, 3, 4],
      [0, 2],
    ],
    [[2, 300, 3], [1]],
    [[2, 0, 3], [1]],
    [[0, 3], [1]],
    [[9, 5, 7], [1]],
    [[5, 33], [0]],
  ] as const;
  const kinds: readonly (readonly [string, Recipe])[] = [
    ['uneven', uneven],
    ['special', { fill: 'special' }],
  ];
  return functions.flatMap((name) =>
    ways.flatMap(([shape, axes]) =>
      kinds.map(([kind, x]) =>
        makeCase(
          'reduce',
          `${name}/${nameOfShape(shape)}-along-${axes.join('') || 'nothing'}-${kind}`,
          { function: name, shape, axes },
          { x },
        ),
      ),
    ),
  );
}

export function argExtremeCases(): readonly Case<'argExtreme'>[] {
  const types = (Object.keys(dtypes) as DType[]).filter((dtype) => dtype !== 'bool');
  return types.flatMap((dtype) =>
    [false, true].flatMap((largest) =>
      [false, true].flatMap((selectLast) =>
        (
          [
            [1, 1, 1],
            [3, 9, 2],
            [1, 300, 1],
            [0, 3, 1],
            [5, 4, 17],
          ] as const
        ).map(([outer, extent, inner]) =>
          makeCase(
            'argExtreme',
            `${largest ? 'max' : 'min'}-${selectLast ? 'last' : 'first'}/${outer}x${extent}x${inner}/${dtype}`,
            { largest, selectLast, dtype: dtype as Exclude<DType, 'bool'>, outer, extent, inner },
            // Few values, so that several are equal.
            dtype === 'float32' ? { x: { fill: 'special' } } : { x: { fill: 'uniform', lo: 0, hi: 4 } },
          ),
        ),
      ),
    ),
  );
}
