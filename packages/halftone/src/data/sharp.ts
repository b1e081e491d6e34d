import type { Sharp, SharpOptions } from 'sharp';
import { HalftoneError } from '@halftone/core';

/** The part of the sharp package that is used. */
export type SharpFactory = (input: Uint8Array, options?: SharpOptions) => Sharp;

/**
 * Loads the optional package sharp, which decodes and resizes JPEG and PNG.
 * Throws HT_UNAVAILABLE, with the command that installs it.
 */
export async function loadSharp(
  load: () => Promise<{ default: SharpFactory }> = () => import('sharp'),
): Promise<SharpFactory> {
  try {
    return (await load()).default;
  } catch (cause) {
    throw new HalftoneError(
      'HT_UNAVAILABLE',
      'images are read by the package sharp, which is not installed or does not load here; run: npm install sharp',
      { package: 'sharp', install: 'npm install sharp' },
      { cause },
    );
  }
}
