// acc[n, oh, ow, o] = sum over kh, kw, i of (x[n, ih, iw, g * c/groups + i] - xZeroPoint) * (w[o, kh, kw, i] - wZeroPoint[o])
// modulo 2^32, and its way out
import type { DeviceOp, QConv2dSpec } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { carry, float, placeSource, rowSource } from '../glsl.ts';
import type { Layout } from '../layout.ts';
import { parameter } from './parameter.ts';
import {
  columnSource,
  EXACT_PRODUCTS,
  formOf,
  supportsWayOut,
  wayOut,
  wayOutFunctions,
  wayOutInputs,
} from './way-out.ts';
import { pixelSource, tapsSource } from './window.ts';

const parts = ['x', 'y', 'z', 'w'] as const;

export function qconv2d(device: Device): DeviceOp<Surface, QConv2dSpec> {
  return {
    supports: supportsWayOut,
    prepare(spec) {
      const { o, kernel, c, groups } = spec;
      const form = formOf(device, spec, (kernel[0] * kernel[1] * c) / groups);
      const layouts = device.layouts('qconv2d', spec, form);
      const layout = layouts['y']!;
      const inputs = ['x', 'xZeroPoint', 'w', 'wZeroPoint', ...wayOutInputs(spec)];
      const { variant, products, each } = productsOf(spec, layouts);
      const source = `${wayOutFunctions(form)}${carry}vec4 texel(float x, float y) {
  ${placeSource(layout)}
  ${columnSource(form)}
  ${pixelSource(spec)}
  ${parameter(device, 'xZeroPoint', spec.x, [1], undefined)}
  float zx = xZeroPoint.x;
  ${parameter(device, 'wZeroPoint', spec.weights, [1, o], spec.wZeroPoint === 'per-channel' ? 1 : undefined)}
  vec4 zw = wZeroPoint;
  float first = 4.0 * column;
  vec4 high = vec4(0.0), low = vec4(0.0), sum = vec4(0.0);
  ${tapsSource(
    spec,
    `float tap = float(ty) * ${float(kernel[1])} + float(tx);
    ${products}
    ${kernel[0] * kernel[1] * each > EXACT_PRODUCTS ? 'carry(high, low, sum); sum = vec4(0.0);' : ''}`,
  )}
  carry(high, low, sum);
  ${wayOut(device, spec, o, form)}
}`;
      return device.prepare('qconv2d', spec, { variant, inputs, output: 'y', layout, source });
    },
  };
}

interface Products {
  readonly variant: string;
  /** Adds the products of one tap to `sum`, and to `high` and `low` what is too much for it. */
  readonly products: string;
  /** How many of them one tap leaves in `sum`. */
  readonly each: number;
}

function productsOf(spec: QConv2dSpec, layouts: Readonly<Record<string, Layout>>): Products {
  const { c, o, groups, kernel } = spec;
  const depth = c / groups;
  const [xLayout, wLayout] = [layouts['x']!, layouts['w']!];
  const taps = float(kernel[0] * kernel[1]);
  /** Declares `q`, the texel `at` of the weights of filter `first + i`. */
  const filter = (i: number, at: string): string =>
    rowSource(
      'q',
      'user_w',
      `min(first + ${float(i)}, ${float(Math.max(o - 1, 0))}) * ${taps} + tap`,
      at,
      wLayout,
    );

  if (groups > 1 && depth === 1 && o === c)
    return {
      variant: 'qconv_channels_texels',
      products: `${rowSource('p', 'user_x', 'pixel', 'column', xLayout)} vec4 f;
    ${parts.map((part, i) => `{ ${filter(i, '0.0')} f.${part} = q.x; }`).join(' ')}
    sum += (p - zx) * (f - zw);`,
      each: 1,
    };

  const texels = EXACT_PRODUCTS / 4;
  // Groups whose channels fill texels, on both sides: the four filters of a texel see the same channels.
  const aligned = groups === 1 || (depth % 4 === 0 && (o / groups) % 4 === 0);
  if (aligned) {
    const count = Math.ceil(depth / 4);
    const rest = depth % 4;
    const begin = groups === 1 ? 'at' : `at + float(int(first) / ${o / groups} * ${depth / 4})`;
    return {
      variant: groups === 1 ? 'qconv_texels' : 'qconv_groups_texels',
      products: `for (int i = 0; i < ${count}; i++) {
      float at = float(i);
      ${rowSource('p', 'user_x', 'pixel', `(${begin})`, xLayout)}
      p -= zx;
      ${rest > 0 ? `if (i == ${count - 1}) p *= vec4(${parts.map((_, e) => (e < rest ? '1.0' : '0.0')).join(', ')});` : ''}
      ${parts.map((part, e) => `{ ${filter(e, 'at')} sum.${part} += dot(p, q - zw.${part}); }`).join('\n      ')}
      ${count > texels ? carryEach(texels) : ''}
    }`,
      each: 4 * Math.min(count, texels),
    };
  }
  return {
    variant: 'qconv_groups_elements',
    products: `for (int i = 0; i < ${depth}; i++) {
      int at = i / 4;
      float part = float(i - 4 * at);
      ${parts
        .map(
          (part, e) => `{
        int channel = int(min(first + ${float(e)}, ${float(o - 1)})) / ${o / groups} * ${depth} + i, texel = channel / 4;
        ${rowSource('p', 'user_x', 'pixel', 'float(texel)', xLayout)}
        ${filter(e, 'float(at)')}
        sum.${part} += (pick(p, float(channel - 4 * texel)) - zx) * (pick(q, part) - zw.${part});
      }`,
        )
        .join('\n      ')}
      ${depth > EXACT_PRODUCTS ? carryEach(EXACT_PRODUCTS) : ''}
    }`,
    each: Math.min(depth, EXACT_PRODUCTS),
  };
}

/** Carries after every `count` steps of a loop over i. */
function carryEach(count: number): string {
  return `if (i - i / ${count} * ${count} == ${count - 1}) { carry(high, low, sum); sum = vec4(0.0); }`;
}
