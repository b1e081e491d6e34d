// y = fround(fround(x - zeroPoint) * scale); int32 has no zero point
import type { CodeType, DequantizeSpec, DeviceOp } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { pick, placeSource, sameSource, subnormals, wholesSource } from '../glsl.ts';
import { parameter } from './parameter.ts';

export function dequantize(device: Device): DeviceOp<Surface, DequantizeSpec> {
  return {
    supports: ({ from, block }) => {
      if (from !== 'int8' && from !== 'uint8' && from !== 'int32')
        return { reason: `codes are int8, uint8 and int32, not ${from}` };
      return block === undefined || { reason: 'parameters of blocks are not supported' };
    },
    prepare(spec) {
      const { shape, axis, from } = spec;
      const layout = device.layout({ dtype: 'float32', shape });
      const whole = from === 'int32';
      const value = whole
        ? wholesSource('v', 'user_x', device.layout({ dtype: 'int32', shape }))
        : sameSource('v', 'user_x', layout);
      const source = `${pick}${subnormals(device.dialect)}float times(float v, float scale) {
  return isTiny(scale) ? lower(v * lift(scale)) : v * scale;
}
vec4 texel(float x, float y) {
  ${placeSource(layout)}
  ${value}
  ${parameter(device, 'scale', 'float32', shape, axis)}
  ${whole ? '' : `${parameter(device, 'zeroPoint', from as CodeType, shape, axis)} v -= zeroPoint;`}
  return vec4(times(v.x, scale.x), times(v.y, scale.y), times(v.z, scale.z), times(v.w, scale.w));
}`;
      const inputs = whole ? ['x', 'scale'] : ['x', 'scale', 'zeroPoint'];
      return device.prepare('dequantize', spec, {
        variant: 'dequantize_texels',
        inputs,
        output: 'y',
        layout,
        source,
      });
    },
  };
}
