// qadd: t = fround(fround(c0 + fround(a * ra)) + fround(b * rb)). qmul: t = fround(fround((a - za) * (b - zb) * m) + zy).
// y = saturate(roundHalfEven(t)); shapes broadcast as ONNX's do.
import {
  broadcastShape,
  broadcastStrides,
  codeRange,
  type DeviceOp,
  type QAddSpec,
  type QMulSpec,
} from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import {
  elementSource,
  float,
  halfEven,
  oneSource,
  pick,
  placeSource,
  rowSource,
  sameSource,
} from '../glsl.ts';
import type { Layout } from '../layout.ts';
import { stridedSource } from './strides.ts';

export function qadd(device: Device): DeviceOp<Surface, QAddSpec> {
  return pairwise(device, 'qadd', 3, '(f.z + a * f.x * one) + b * f.y * one');
}

export function qmul(device: Device): DeviceOp<Surface, QMulSpec> {
  return pairwise(device, 'qmul', 4, '(a - f.x) * (b - f.y) * f.w * one + f.z');
}

function pairwise(
  device: Device,
  name: 'qadd' | 'qmul',
  factors: number,
  formula: string,
): DeviceOp<Surface, QAddSpec | QMulSpec> {
  return {
    supports: ({ mode }) => mode === 'ort-x86' || { reason: `mode ${mode} is not supported` },
    prepare(spec) {
      const { aShape, bShape, dtype, clamp } = spec;
      const shape = broadcastShape(name, aShape, bShape);
      const layout = device.layout({ dtype, shape });
      const [lo, hi] = clamp ?? codeRange(dtype);
      const a = operand(device, 'a', aShape, shape, layout);
      const b = operand(device, 'b', bShape, shape, layout);
      const source = `${halfEven}${pick}${a.functions}${b.functions}vec4 texel(float x, float y) {
  ${placeSource(layout)}
  int e = int(row) * ${layout.columns} + 4 * int(column);
  ${rowSource('f', 'user_factors', '0.0', '0.0', device.layout({ dtype: 'float32', shape: [factors] }))}
  ${oneSource('user_factors')}
  ${a.value}
  ${b.value}
  return half_even(clamp(${formula}, ${float(lo)}, ${float(hi)}));
}`;
      const inputs = ['a', 'b', 'factors'];
      return device.prepare(name, spec, { variant: `${name}_texels`, inputs, output: 'y', layout, source });
    },
  };
}

/** The four codes of an operand that meet a texel of the result. */
function operand(
  device: Device,
  name: string,
  shape: readonly number[],
  result: readonly number[],
  layout: Layout,
): { readonly functions: string; readonly value: string } {
  const sampler = `user_${name}`;
  if (shape.join() === result.join()) return { functions: '', value: sameSource(name, sampler, layout) };
  const from = device.layout({ dtype: 'uint8', shape });
  const functions = `${elementSource(`element_${name}`, sampler, from)}float from_${name}(int e) {
  ${stridedSource(result, broadcastStrides(shape, result))}
  return element_${name}(at);
}
`;
  const each = [0, 1, 2, 3].map((i) => `from_${name}(e + ${i})`);
  return { functions, value: `vec4 ${name} = vec4(${each.join(', ')});` };
}
