import { type DType, dtypes, type PadMode, type TransposeSpec } from '@halftone/core';
import { type Case, makeCase } from '../case.ts';
import { anyElements, broadcasts, nameOfShape, tails } from './shared.ts';

const types = Object.keys(dtypes) as DType[];

export function transposeCases(): readonly Case<'transpose'>[] {
  const perms: readonly (readonly [shape: readonly number[], perm: readonly number[]])[] = [
    [[], []],
    [[5], [0]],
    [
      [2, 3],
      [0, 1],
    ],
    [
      [2, 3],
      [1, 0],
    ],
    [
      [2, 3, 4],
      [2, 0, 1],
    ],
    [
      [2, 3, 4],
      [1, 2, 0],
    ],
    [
      [2, 3, 4, 5],
      [0, 2, 3, 1],
    ],
    [
      [2, 4, 5, 3],
      [0, 3, 1, 2],
    ],
    [
      [1, 17, 1, 9],
      [3, 2, 1, 0],
    ],
    [
      [2, 0, 3],
      [2, 1, 0],
    ],
    [
      [2, 3, 2, 1, 2],
      [4, 1, 3, 0, 2],
    ],
    [
      [33, 65],
      [1, 0],
    ],
    // Three planes to pixels, as images come in.
    [
      [2, 3, 5, 37],
      [0, 2, 3, 1],
    ],
  ];
  const named = ({ shape, perm }: TransposeSpec): string =>
    `${nameOfShape(shape)}-by-${perm.join('') || 'nothing'}`;
  return types.flatMap((dtype) =>
    perms.map(([shape, perm]) => {
      const spec = { dtype, shape, perm };
      return makeCase('transpose', `${named(spec)}/${dtype}`, spec, { x: anyElements(dtype) });
    }),
  );
}

export function concatCases(): readonly Case<'concat'>[] {
  const lists = [
    [1, [3]],
    [1, [3, 4]],
    [2, [1, 2, 3]],
    [3, [0, 5, 0]],
    [0, [2, 2]],
    [4, [17, 1, 33, 64]],
    [1, Array.from({ length: 20 }, (_, i) => i)],
  ] as const;
  return types.flatMap((dtype) =>
    lists.map(([outer, extents]) =>
      makeCase(
        'concat',
        `${outer}x${extents.length > 8 ? 'many' : extents.join('+')}/${dtype}`,
        { dtype, outer, extents },
        Object.fromEntries(extents.map((_, i) => [`x${i}`, anyElements(dtype)])),
      ),
    ),
  );
}

export function sliceCases(): readonly Case<'slice'>[] {
  const cuts = [
    ['all', [4, 5], [0, 0], [1, 1], [4, 5]],
    ['middle', [4, 5], [1, 2], [1, 1], [2, 2]],
    ['steps', [9, 8], [1, 0], [3, 2], [3, 4]],
    ['backwards', [4, 5], [3, 4], [-1, -2], [4, 3]],
    ['one', [7], [6], [1], [1]],
    ['none', [4, 5], [0, 0], [1, 1], [0, 5]],
    ['scalar', [], [], [], []],
    ['rank-4', [2, 3, 4, 5], [1, 0, 3, 1], [1, 2, -1, 1], [1, 2, 3, 4]],
  ] as const;
  return types.flatMap((dtype) => [
    ...cuts.map(([name, shape, starts, steps, extents]) =>
      makeCase(
        'slice',
        `${name}/${dtype}`,
        { dtype, shape, starts, steps, extents },
        { x: anyElements(dtype) },
      ),
    ),
    ...tails.map((n) =>
      makeCase(
        'slice',
        `n-${n}/${dtype}`,
        { dtype, shape: [n + 2], starts: [1], steps: [1], extents: [n] },
        { x: anyElements(dtype) },
      ),
    ),
  ]);
}

export function padCases(): readonly Case<'pad'>[] {
  const modes: readonly PadMode[] = ['constant', 'reflect', 'edge', 'wrap'];
  const around = [
    ['none', [3, 4], [0, 0], [0, 0]],
    ['before', [3, 4], [1, 2], [0, 0]],
    ['after', [3, 4], [0, 0], [2, 3]],
    ['around', [3, 4], [2, 1], [1, 3]],
    ['more-than-there-is', [2, 3], [5, 7], [6, 8]],
    ['rank-4', [1, 3, 2, 2], [0, 1, 2, 0], [0, 2, 1, 0]],
    ['one-element', [1], [3], [2]],
  ] as const;
  const empty = types.map((dtype) =>
    makeCase('pad', `empty/${dtype}`, {
      dtype,
      shape: [0, 3],
      before: [0, 0],
      after: [0, 0],
      mode: 'constant',
    }),
  );
  const filled = types.map((dtype) =>
    makeCase('pad', `out-of-nothing/${dtype}`, {
      dtype,
      shape: [0, 3],
      before: [2, 0],
      after: [1, 1],
      mode: 'constant',
    }),
  );
  const padded = types.flatMap((dtype) =>
    modes.flatMap((mode) =>
      around.map(([name, shape, before, after]) =>
        makeCase(
          'pad',
          `${name}/${dtype}/${mode}`,
          { dtype, shape, before, after, mode },
          { x: anyElements(dtype) },
        ),
      ),
    ),
  );
  return [...padded, ...empty, ...filled];
}

export function expandCases(): readonly Case<'expand'>[] {
  return types.flatMap((dtype) => [
    ...broadcasts
      .filter(([a, b]) => a.every((extent, i) => extent === 1 || extent === b[b.length - a.length + i]))
      .map(([shape, to]) =>
        makeCase(
          'expand',
          `${nameOfShape(shape)}-to-${nameOfShape(to)}/${dtype}`,
          { dtype, shape, to },
          { x: anyElements(dtype) },
        ),
      ),
    makeCase('expand', `to-nothing/${dtype}`, { dtype, shape: [1, 3], to: [0, 3] }),
    makeCase('expand', `row/${dtype}`, { dtype, shape: [1, 7], to: [5, 7] }, { x: anyElements(dtype) }),
    makeCase('expand', `column/${dtype}`, { dtype, shape: [5, 1], to: [5, 7] }, { x: anyElements(dtype) }),
    makeCase('expand', `many/${dtype}`, { dtype, shape: [1], to: [129] }),
    makeCase(
      'expand',
      `middle/${dtype}`,
      { dtype, shape: [2, 1, 3], to: [4, 2, 5, 3] },
      { x: anyElements(dtype) },
    ),
  ]);
}

export function gatherCases(): readonly Case<'gather'>[] {
  return types.flatMap((dtype) =>
    (['int32', 'int64'] as const).flatMap((indices) =>
      (
        [
          [1, 5, 1, 3],
          [2, 7, 3, 9],
          [3, 1, 4, 2],
          [1, 300, 2, 257],
          [2, 4, 0, 3],
          [2, 4, 3, 0],
        ] as const
      ).map(([outer, extent, inner, count]) =>
        makeCase(
          'gather',
          `${outer}x${extent}x${inner}-at-${count}/${dtype}/${indices}`,
          { dtype, indices, outer, extent, inner, count },
          // Negative ones count from the end.
          { x: anyElements(dtype), indices: { fill: 'uniform', lo: -extent, hi: extent - 1 } },
        ),
      ),
    ),
  );
}
