// qmaxpool: the largest code of each window. qavgpool: requantize(sum of (x - xZeroPoint), multiplier[count - 1])
import {
  codeRange,
  type CodeType,
  type DeviceOp,
  type QAvgPoolSpec,
  type QMaxPoolSpec,
  windowOutput,
  type WindowSpec,
} from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { carry, elementSource, float, halfEven, pick, placeSource, rowSource } from '../glsl.ts';
import type { Layout } from '../layout.ts';
import { parameter } from './parameter.ts';
import { toCodes } from './way-out.ts';
import { pixelSource, tapsSource } from './window.ts';

export function qmaxpool(device: Device): DeviceOp<Surface, QMaxPoolSpec> {
  return {
    prepare(spec) {
      const layout = outputOf(device, spec, spec.dtype);
      const source = `vec4 texel(float x, float y) {
  ${placeSource(layout)}
  ${pixelSource(spec)}
  vec4 most = vec4(${float(codeRange(spec.dtype)[0])});
  ${over(device, spec, 'most = max(most, p);')}
  return most;
}`;
      return device.prepare('qmaxpool', spec, {
        variant: 'qmaxpool_texels',
        inputs: ['x'],
        output: 'y',
        layout,
        source,
      });
    },
  };
}

export function qavgpool(device: Device): DeviceOp<Surface, QAvgPoolSpec> {
  return {
    supports: ({ mode }) => mode === 'ort-f32' || { reason: `mode ${mode} is not supported` },
    prepare(spec) {
      const { to, dtype, kernel, countIncludePad } = spec;
      const layout = outputOf(device, spec, to);
      const factors = device.layout({ dtype: 'float32', shape: [kernel[0] * kernel[1]] });
      const source = `${halfEven}${pick}${carry}${elementSource('factor', 'user_multiplier', factors)}vec4 texel(float x, float y) {
  ${placeSource(layout)}
  ${pixelSource(spec)}
  ${parameter(device, 'xZeroPoint', dtype, [1], undefined)}
  ${parameter(device, 'zeroPoint', to, [1], undefined)}
  vec4 high = vec4(0.0), low = vec4(0.0);
  int count = 0;
  ${over(device, spec, 'carry(high, low, p - xZeroPoint); count++;')}
  ${countIncludePad ? `count = ${kernel[0] * kernel[1]};` : 'if (count == 0) return zeroPoint;'}
  settle(high, low);
  return ${toCodes('(high * 65536.0 + low) * factor(count - 1)', codeRange(to))};
}`;
      const inputs = ['x', 'xZeroPoint', 'multiplier', 'zeroPoint'];
      return device.prepare('qavgpool', spec, {
        variant: 'qavgpool_texels',
        inputs,
        output: 'y',
        layout,
        source,
      });
    },
  };
}

function outputOf(device: Device, spec: WindowSpec, dtype: CodeType): Layout {
  return device.layout({ dtype, shape: [spec.n, ...windowOutput(spec), spec.c] });
}

/** Does `step` with each texel p of the window that is inside the image. */
function over(device: Device, spec: WindowSpec & { readonly dtype: CodeType }, step: string): string {
  const { n, h, w, c, dtype } = spec;
  const from = device.layout({ dtype, shape: [n, h, w, c] });
  return tapsSource(spec, `${rowSource('p', 'user_x', 'pixel', 'column', from)}\n    ${step}`);
}
