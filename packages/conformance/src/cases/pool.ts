import { averageFactors, type RequantizeMode, requantizeModes, type WindowSpec } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { short, signs, windows, zeroPoints } from './shared.ts';

export function qmaxpoolCases(): readonly Case<'qmaxpool'>[] {
  return signs.flatMap((dtype) =>
    windows.flatMap(([name, window]) => [
      makeCase('qmaxpool', `${name}/${short(dtype)}`, { ...window, dtype }),
      makeCase(
        'qmaxpool',
        `${name}-lowest/${short(dtype)}`,
        { ...window, dtype },
        { x: { fill: 'constant', value: dtype === 'int8' ? -128 : 0 } },
      ),
    ]),
  );
}

const ties: WindowSpec = { ...windows[0]![1], h: 8, w: 8, c: 9, kernel: [2, 2] };

export function qavgpoolCases(): readonly Case<'qavgpool'>[] {
  const used = (mode: RequantizeMode, window: WindowSpec, sx = 0.021, sy = 0.013): Record<string, Recipe> => {
    const { multiplier, shift } = averageFactors(mode, sx, sy, window.kernel[0] * window.kernel[1]);
    return { multiplier: { data: [...multiplier] }, ...(shift ? { shift: { data: [...shift] } } : {}) };
  };
  return signs.flatMap((dtype) =>
    requantizeModes.flatMap((mode) => [
      // Powers of two: every second or fourth mean is a tie.
      ...[1, 2, 4].map((sy) =>
        makeCase(
          'qavgpool',
          `ties-step-${sy}/${short(dtype)}/${mode}`,
          { ...ties, dtype, to: dtype, mode, countIncludePad: false },
          { ...used(mode, ties, 1, sy), zeroPoint: { data: [zeroPoints(dtype)[1]!] } },
        ),
      ),
      ...windows.flatMap(([name, window]) =>
        [false, true].map((countIncludePad) =>
          makeCase(
            'qavgpool',
            `${name}-${countIncludePad ? 'counts-padding' : 'counts-pixels'}/${short(dtype)}/${mode}`,
            { ...window, dtype, to: dtype, mode, countIncludePad },
            { ...used(mode, window), zeroPoint: { data: [zeroPoints(dtype)[1]!] } },
          ),
        ),
      ),
    ]),
  );
}

export function maxpoolCases(): readonly Case<'maxpool'>[] {
  return windows.flatMap(([name, window]) => [
    makeCase('maxpool', name, window),
    makeCase('maxpool', `${name}-special`, window, { x: { fill: 'special' } }),
    // 0 is larger than -0, before it and behind.
    makeCase('maxpool', `${name}-zeros`, window, { x: { data: [-0, -1, -0, 0, -0, -2, -0] } }),
  ]);
}

export function avgpoolCases(): readonly Case<'avgpool'>[] {
  return windows.flatMap(([name, window]) =>
    [false, true].flatMap((countIncludePad) => [
      makeCase('avgpool', `${name}-${countIncludePad ? 'counts-padding' : 'counts-pixels'}`, {
        ...window,
        countIncludePad,
      }),
      makeCase(
        'avgpool',
        `${name}-${countIncludePad ? 'counts-padding' : 'counts-pixels'}-special`,
        { ...window, countIncludePad },
        { x: { fill: 'special' } },
      ),
    ]),
  );
}
