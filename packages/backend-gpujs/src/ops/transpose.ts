// y[i0, i1, ...] = x at these indices in the order of x
import { broadcastStrides, type DeviceOp, type TransposeSpec } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { elementSource, pick, placeSource } from '../glsl.ts';
import { stridedSource } from './strides.ts';

export function transpose(device: Device): DeviceOp<Surface, TransposeSpec> {
  return {
    supports: ({ dtype }) =>
      dtype === 'float32' || dtype === 'uint8' || dtype === 'int8' || { reason: `${dtype} is not supported` },
    prepare(spec) {
      const { shape, perm, dtype } = spec;
      const strides = broadcastStrides(shape, shape);
      const extents = perm.map((axis) => shape[axis]!);
      const layout = device.layout({ dtype, shape: extents });
      const source = `${pick}${elementSource('element', 'user_x', device.layout({ dtype, shape }))}float from(int e) {
  ${stridedSource(
    extents,
    perm.map((axis) => strides[axis]!),
  )}
  return element(at);
}
vec4 texel(float x, float y) {
  ${placeSource(layout)}
  int e = int(row) * ${layout.columns} + 4 * int(column);
  return vec4(from(e), from(e + 1), from(e + 2), from(e + 3));
}`;
      return device.prepare('transpose', spec, {
        variant: 'transpose_texels',
        inputs: ['x'],
        output: 'y',
        layout,
        source,
      });
    },
  };
}
