// y = saturate(roundHalfEven(fround(x / scale)) + zeroPoint)
import { codeRange, type CodeType, type DeviceOp, type QuantizeSpec } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { float, halfEven, pick, placeSource, sameSource, subnormals } from '../glsl.ts';
import { parameter } from './parameter.ts';

export function quantize(device: Device): DeviceOp<Surface, QuantizeSpec> {
  return {
    // The division of a GPU may be a step off.
    numericClass: 'f32-relaxed',
    supports: ({ to, block }) => {
      if (to !== 'int8' && to !== 'uint8') return { reason: `codes are int8 and uint8, not ${to}` };
      return block === undefined || { reason: 'parameters of blocks are not supported' };
    },
    prepare(spec) {
      const { shape, axis, to } = spec;
      const layout = device.layout({ dtype: to as CodeType, shape });
      const [lo, hi] = codeRange(to as CodeType);
      const source = `${halfEven}${pick}${subnormals(device.dialect)}float ratio(float v, float scale) {
  return isTiny(scale) ? lift(v) / lift(scale) : v / scale;
}
float within(float q) {
  // NaN becomes the lowest code.
  return q > -1024.0 ? (q < 1024.0 ? q : 1024.0) : -1024.0;
}
vec4 texel(float x, float y) {
  ${placeSource(layout)}
  ${sameSource('v', 'user_x', layout)}
  ${parameter(device, 'scale', 'float32', shape, axis)}
  ${parameter(device, 'zeroPoint', to as CodeType, shape, axis)}
  vec4 q = vec4(ratio(v.x, scale.x), ratio(v.y, scale.y), ratio(v.z, scale.z), ratio(v.w, scale.w));
  q = vec4(within(q.x), within(q.y), within(q.z), within(q.w));
  return clamp(half_even(q) + zeroPoint, ${float(lo)}, ${float(hi)});
}`;
      const inputs = ['x', 'scale', 'zeroPoint'];
      return device.prepare('quantize', spec, {
        variant: 'quantize_texels',
        inputs,
        output: 'y',
        layout,
        source,
      });
    },
  };
}
