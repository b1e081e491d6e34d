// t = fround(fround(x) * multiplier); y = roundHalfEven(min(max(t, lo - zeroPoint), hi - zeroPoint)) + zeroPoint
import { codeRange, type DeviceOp, type RequantizeSpec } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { halfEven, pick, placeSource, wholesSource } from '../glsl.ts';
import { parameter } from './parameter.ts';
import { toCodes } from './way-out.ts';

export function requantize(device: Device): DeviceOp<Surface, RequantizeSpec> {
  return {
    supports: ({ mode }) => mode === 'ort-f32' || { reason: `mode ${mode} is not supported` },
    prepare(spec) {
      const { shape, axis, to, clamp } = spec;
      const layout = device.layout({ dtype: to, shape });
      const source = `${halfEven}${pick}vec4 texel(float x, float y) {
  ${placeSource(layout)}
  ${wholesSource('v', 'user_x', device.layout({ dtype: 'int32', shape }))}
  ${parameter(device, 'multiplier', 'float32', shape, axis)}
  ${parameter(device, 'zeroPoint', to, shape, undefined)}
  return ${toCodes('v * multiplier', clamp ?? codeRange(to))};
}`;
      const inputs = ['x', 'multiplier', 'zeroPoint'];
      return device.prepare('requantize', spec, {
        variant: 'requantize_texels',
        inputs,
        output: 'y',
        layout,
        source,
      });
    },
  };
}
