import { describe, expect, test } from 'vitest';
import { dropRedundantClamps } from '../../src/passes/index.ts';
import { Builder, ops } from './build.ts';

/** Operators that are left of `clamps` in front of a QuantizeLinear. */
function left(
  scale: number,
  zero: number | undefined,
  dtype: 'int8' | 'uint8',
  clamps: (b: Builder, x: string) => string,
): string[] {
  const b = new Builder();
  b.quantize(clamps(b, b.input('x', [4])), scale, zero, dtype, 'y');
  return ops(dropRedundantClamps(b.graph('y')));
}

const clip =
  (lo: number | undefined, hi: number | undefined) =>
  (b: Builder, x: string): string =>
    b.node('Clip', [
      x,
      lo === undefined ? '' : b.float([lo], []),
      ...(hi === undefined ? [] : [b.float([hi], [])]),
    ]);
const relu = (b: Builder, x: string): string => b.node('Relu', [x]);

describe('dropRedundantClamps', () => {
  test.each<[string, number, number | undefined, 'int8' | 'uint8', (b: Builder, x: string) => string]>([
    ['Relu at zero point 0', 0.1, 0, 'uint8', relu],
    ['Relu without a zero point', 0.1, undefined, 'uint8', relu],
    ['Relu at zero point -128', 0.1, -128, 'int8', relu],
    ['Clip to 6 of a scale 6 / 255', 6 / 255, 0, 'uint8', clip(0, 6)],
    ['Clip to 6 of a smaller scale', 5 / 255, 0, 'uint8', clip(0, 6)],
    ['Clip without bounds', 1, 3, 'uint8', clip(undefined, undefined)],
    ['Clip with a low bound below all codes', 1, 3, 'uint8', clip(-3, undefined)],
    ['Clip whose bound rounds to the last code', 1, 0, 'uint8', clip(0, 254.6)],
    ['Relu and Clip in a row', 6 / 255, 0, 'uint8', (b, x) => clip(0, 6)(b, relu(b, x))],
  ])('drops %s', (_, scale, zero, dtype, clamps) => {
    expect(left(scale, zero, dtype, clamps)).toEqual(['QuantizeLinear']);
  });

  test.each<[string, number, number | undefined, 'int8' | 'uint8', (b: Builder, x: string) => string]>([
    ['Relu at zero point 1', 0.1, 1, 'uint8', relu],
    ['Relu on int8 without a zero point', 0.1, 0, 'int8', relu],
    ['Clip to 6 of a larger scale', 7 / 255, 0, 'uint8', clip(0, 6)],
    ['Clip whose bound rounds to the code before', 1, 0, 'uint8', clip(0, 254.5)],
    [
      'Clip with a bound that is no constant',
      1,
      0,
      'uint8',
      (b, x) => b.node('Clip', [x, b.input('lo', [])]),
    ],
    ['a bound that is no number', 1, 0, 'uint8', clip(Number.NaN, undefined)],
    ['Sigmoid', 1, 0, 'uint8', (b, x) => b.node('Sigmoid', [x])],
  ])('keeps %s', (_, scale, zero, dtype, clamps) => {
    expect(left(scale, zero, dtype, clamps)).toHaveLength(2);
  });

  test('keeps a clamp that another node reads, that is an output, or whose scales are along an axis', () => {
    for (const kind of ['reader', 'output', 'opaque', 'axis', 'input']) {
      const b = new Builder();
      const clamp = relu(b, b.input('x', [2, 2]));
      const scale =
        kind === 'input' ? b.input('s', []) : kind === 'axis' ? b.float([1, 2]) : b.float([1], []);
      b.node('QuantizeLinear', [clamp, scale], {}, 'y');
      const extra =
        kind === 'reader'
          ? [b.node('Tanh', [clamp])]
          : kind === 'opaque'
            ? [b.opaque('If', [], 'z', [clamp])]
            : kind === 'output'
              ? [clamp]
              : [];
      expect(ops(dropRedundantClamps(b.graph('y', ...extra)))).toContain('Relu');
    }
  });

  test('leaves the given graph as it is', () => {
    const b = new Builder();
    b.quantize(relu(b, b.input('x', [2])), 1, 0, 'uint8', 'y');
    const before = b.graph('y');
    dropRedundantClamps(before);
    expect(ops(before)).toEqual(['Relu', 'QuantizeLinear']);
  });
});
