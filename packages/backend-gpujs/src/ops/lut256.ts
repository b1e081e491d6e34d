// y = table[x], table[x + 128] of int8
import type { DeviceOp, Lut256Spec } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { elementSource, pick, sameSource } from '../glsl.ts';

export function lut256(device: Device): DeviceOp<Surface, Lut256Spec> {
  return {
    prepare(spec) {
      const { from, to, shape } = spec;
      const layout = device.layout({ dtype: to, shape });
      const table = device.layout({ dtype: to, shape: [256] });
      const source = `${pick}${elementSource('entry', 'user_table', table)}vec4 texel(float x, float y) {
  ${sameSource('v', 'user_x', layout)}
  ivec4 at = ivec4(v)${from === 'int8' ? ' + 128' : ''};
  return vec4(entry(at.x), entry(at.y), entry(at.z), entry(at.w));
}`;
      const inputs = ['x', 'table'];
      return device.prepare('lut256', spec, {
        variant: 'lut256_texels',
        inputs,
        output: 'y',
        layout,
        source,
      });
    },
  };
}
