import type { QConv2dSpec } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { statedWaysOut, waysOut } from './accumulator.ts';
import { specialWindows } from './qconv2d-forms.ts';
import { short, signPairs, tails, windows, zeroPoints } from './shared.ts';

const plain: QConv2dSpec = {
  ...windows[0]![1],
  o: 4,
  groups: 1,
  x: 'uint8',
  weights: 'int8',
  wZeroPoint: 'per-tensor',
  bias: 'none',
  output: { type: 'int32' },
};

function of(
  name: string,
  change: Partial<QConv2dSpec>,
  inputs: Readonly<Record<string, Recipe>> = {},
  ...tags: readonly string[]
): Case<'qconv2d'> {
  const spec = { ...plain, ...change };
  return makeCase('qconv2d', `${name}/${short(spec.x, spec.weights)}`, spec, inputs, ...tags);
}

function ofTypes(x: QConv2dSpec['x'], weights: QConv2dSpec['weights']): Case<'qconv2d'>[] {
  const types = { x, weights };
  const ends: Recipe = { fill: 'extremes' };
  const padded = { pads: [1, 1, 1, 1] } as const;
  const groups = [
    [6, 6, 2],
    [6, 6, 3],
    [6, 12, 6],
    [16, 16, 16],
    [17, 17, 17],
    [33, 33, 33],
    [8, 4, 2],
  ] as const;
  return [
    ...windows.map(([name, window]) => of(name, { ...types, ...window })),
    ...specialWindows(types).map(([name, change, inputs]) => of(name, { ...types, ...change }, inputs)),
    // Padding is the zero point of the image, not the code 0.
    ...zeroPoints(x).flatMap((zx) =>
      zeroPoints(weights).map((zw) =>
        of(
          `zeros-${zx}-${zw}`,
          { ...types, ...padded },
          { x: ends, w: ends, xZeroPoint: { data: [zx] }, wZeroPoint: { data: [zw] } },
        ),
      ),
    ),
    of('zero-point-a-channel', { ...types, ...padded, wZeroPoint: 'per-channel' }),
    ...groups.flatMap(([c, o, n]) => [
      of(`groups-${c}-${o}-${n}`, { ...types, ...padded, c, o, groups: n }),
      of(`groups-${c}-${o}-${n}-columns`, {
        ...types,
        ...padded,
        c,
        o,
        groups: n,
        strides: [2, 2],
        wZeroPoint: 'per-channel',
      }),
    ]),
    ...tails
      .filter((extent) => extent <= 129)
      .flatMap((extent) => [
        of(`c-${extent}`, { ...types, c: extent, h: 3, w: 3, o: 3 }, { x: ends, w: ends }),
        of(`o-${extent}`, { ...types, c: 2, h: 3, w: 4, o: extent, kernel: [2, 2] }),
        of(`depthwise-${extent}`, { ...types, ...padded, c: extent, o: extent, groups: extent, h: 4, w: 3 }),
      ]),
    ...statedWaysOut().map(({ name, spec, inputs, form, channels }) =>
      of(
        `out-${name}`,
        { ...types, ...spec, o: channels, h: 3, w: 4 },
        { ...inputs, w: { fill: 'constant', value: 0 }, wZeroPoint: { data: [0] } },
        ...(form ? ['form'] : []),
      ),
    ),
    ...waysOut(4).map(({ name, spec, inputs, form }) =>
      of(`out-${name}`, { ...types, ...spec, ...padded }, inputs, ...(form ? ['form'] : [])),
    ),
    ...waysOut(6)
      .filter(({ form }) => !form)
      .map(({ name, spec, inputs }) =>
        of(`depthwise-out-${name}`, { ...types, ...spec, ...padded, c: 6, o: 6, groups: 6 }, inputs),
      ),
  ];
}

export function qconv2dCases(): readonly Case<'qconv2d'>[] {
  return signPairs.flatMap(([x, weights]) => ofTypes(x, weights));
}
