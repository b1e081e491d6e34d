import { isHalftoneError } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import gpujs, { type GpujsOptions } from '../src/index.ts';

async function codeOf(options: object): Promise<string> {
  try {
    await gpujs.create(options as GpujsOptions);
  } catch (error) {
    return isHalftoneError(error) ? error.code : `not ours: ${String(error)}`;
  }
  return 'none';
}

describe('in Node, without the package gl', () => {
  test('it is unavailable, and says so without throwing', async () => {
    expect(await gpujs.probe()).toEqual({ available: false, reason: expect.any(String) });
    expect(await codeOf({})).toBe('HT_UNAVAILABLE');
  });

  test('a package gl without a display is unavailable', async () => {
    expect(await codeOf({ gl: () => null })).toBe('HT_UNAVAILABLE');
  });

  test.each([
    { GPU: 7 },
    { GPU: {} },
    { GPU: () => 1 },
    { GPU: class {} },
    { gl: 'gl' },
    { allowSoftware: 1 },
  ])('refuses %o', async (options) => {
    expect(await codeOf(options)).toBe('HT_INVALID_ARGUMENT');
    expect(await gpujs.probe(options as GpujsOptions)).toMatchObject({ available: false });
  });
});
