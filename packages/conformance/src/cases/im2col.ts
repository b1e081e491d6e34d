import { type Case, makeCase } from '../case.ts';
import { short, signs, windows, zeroPoints } from './shared.ts';

export function im2colCases(): readonly Case<'im2col'>[] {
  return signs.flatMap((dtype) => [
    ...windows.map(([name, window]) =>
      makeCase('im2col', `${name}/${short(dtype)}`, { ...window, dtype, channels: [0, window.c] }),
    ),
    ...zeroPoints(dtype).map((zero) =>
      makeCase(
        'im2col',
        `padding-is-zero-point-${zero}/${short(dtype)}`,
        { ...windows[0]![1], pads: [1, 2, 2, 1], dtype, channels: [0, 3] },
        { zeroPoint: { data: [zero] } },
      ),
    ),
    // The channels of one group.
    ...(
      [
        [0, 2],
        [2, 2],
        [5, 1],
        [1, 5],
        [3, 0],
      ] as const
    ).map(([first, count]) =>
      makeCase('im2col', `channels-${first}-${count}/${short(dtype)}`, {
        ...windows[0]![1],
        c: 6,
        pads: [1, 0, 0, 1],
        dtype,
        channels: [first, count],
      }),
    ),
  ]);
}
