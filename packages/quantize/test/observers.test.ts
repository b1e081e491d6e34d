import { isHalftoneError } from '@halftone/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { meanMinMaxObserver, methods, minMaxObserver } from '../src/index.ts';

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
const sample = fc.array(finite, { minLength: 3, maxLength: 3 });
const samples = fc.array(sample, { minLength: 1, maxLength: 12 });

const flat = (list: readonly (readonly number[])[]): Float32Array => Float32Array.from(list.flat());
const close = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

describe('minMaxObserver', () => {
  test('neither the order of batches nor their size matters', () => {
    fc.assert(
      fc.property(samples, fc.nat(12), (list, cut) => {
        const whole = minMaxObserver('t');
        whole.observe(flat(list), list.length);
        const parts = minMaxObserver('t');
        parts.observe(flat(list.slice(cut)), Math.max(1, list.length - cut));
        parts.observe(flat(list.slice(0, cut)), Math.max(1, Math.min(cut, list.length)));
        expect(parts.range()).toEqual(whole.range());
        const all = Array.from(flat(list));
        expect(whole.range()).toEqual({ min: Math.min(...all), max: Math.max(...all) });
      }),
    );
  });
});

describe('meanMinMaxObserver', () => {
  test('takes the mean over samples, however they are cut into batches', () => {
    fc.assert(
      fc.property(samples, (list) => {
        const whole = meanMinMaxObserver('t');
        whole.observe(flat(list), list.length);
        const single = meanMinMaxObserver('t');
        for (const one of list) single.observe(Float32Array.from(one), 1);
        expect(single.range()).toEqual(whole.range());
        const mean = (f: (...v: number[]) => number): number =>
          list.reduce((sum, one) => sum + f(...Float32Array.from(one)), 0) / list.length;
        expect(close(whole.range().min, mean(Math.min))).toBe(true);
        expect(close(whole.range().max, mean(Math.max))).toBe(true);
      }),
    );
  });

  test('one outlier weighs as one sample', () => {
    const observer = meanMinMaxObserver('t');
    observer.observe(Float32Array.of(-1, 1, -1, 1, -1, 1, 0, 41), 4);
    expect(observer.range()).toEqual({ min: -0.75, max: 11 });
  });
});

describe.each(Object.entries(methods))('%s', (_, make) => {
  test('skips and counts NaN', () => {
    const observer = make('t');
    observer.observe(Float32Array.of(NaN, -2, 3, NaN), 1);
    observer.observe(Float32Array.of(NaN), 1);
    expect(observer.range()).toEqual({ min: -2, max: 3 });
    expect(observer.skipped).toBe(3);
  });

  test('has the range [0, 0] where nothing was seen', () => {
    const observer = make('t');
    expect(observer.range()).toEqual({ min: 0, max: 0 });
    observer.observe(new Float32Array(0), 1);
    observer.observe(Float32Array.of(NaN), 1);
    expect(observer.range()).toEqual({ min: 0, max: 0 });
  });

  test.each([Infinity, -Infinity])('refuses %s and names the tensor', (infinite) => {
    const observer = make('conv1_out');
    const error = caught(() => observer.observe(Float32Array.of(1, infinite), 1));
    expect(isHalftoneError(error, 'HT_DATA_INVALID')).toBe(true);
    expect(error).toMatchObject({ details: { tensor: 'conv1_out' } });
  });
});

function caught(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
