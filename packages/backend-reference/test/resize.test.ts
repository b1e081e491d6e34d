import { tensor } from '@halftone/core';
import { expect, it } from 'vitest';
import { backend } from './support.ts';

it.each(['int64', 'int32', 'float32'] as const)(
  'resize of %s has the value of points outside a cut',
  async (dtype) => {
    const values = dtype === 'int64' ? [1n, 2n, 3n] : [1, 2, 3];
    const spec = {
      dtype,
      shape: [3],
      axes: [{ axis: 0, extent: 4, scale: Math.fround(4 / 3), crop: [0, 1.5] as const }],
      mode: 'nearest',
      coordinates: 'tf_crop_and_resize',
      nearest: 'floor',
      cubic: 0,
      excludeOutside: false,
      extrapolation: -7.5,
    } as const;
    const { y } = await backend.call('resize', spec, { x: tensor(dtype, values as number[]) });
    // Points 0, 1, 2 and 3 of an image whose last is 2.
    expect([...y!.data].map(Number)).toEqual([1, 2, 3, dtype === 'float32' ? -7.5 : -7]);
  },
);
