// What becomes of sums that are high and low parts: int32, or float32, or codes.
import { codeRange, type CodeType, type QConv2dSpec, type QGemmSpec } from '@halftone/core';
import type { Device } from '../device.ts';
import { float, halfEven, offsets, oneSource, pick, rowSource } from '../glsl.ts';
import { type Form, OFFSET_LIMIT } from '../layout.ts';
import { parameter } from './parameter.ts';

type WayOut = Pick<QGemmSpec | QConv2dSpec, 'output' | 'bias'>;

/** What float32 sums exactly: products of codes without their zero points, within 255 * 255 each, below 2^24. */
export const EXACT_PRODUCTS = 256;

/** Why a way out is not offered. */
export function supportsWayOut({ output }: WayOut): true | { readonly reason: string } {
  return (
    output.type !== 'codes' || output.mode === 'ort-f32' || { reason: `mode ${output.mode} is not supported` }
  );
}

/** Operands of the way out. */
export function wayOutInputs({ output, bias }: WayOut): string[] {
  return [
    ...(bias === 'none' ? [] : ['bias']),
    ...(output.type === 'int32' ? [] : ['multiplier']),
    ...(output.type === 'codes' ? ['zeroPoint'] : []),
  ];
}

/** How the results of sums of so many products stand. */
export function formOf({ dialect }: Device, { output, bias }: WayOut, depth: number): Form {
  if (output.type !== 'int32') return 'floats';
  return dialect.bits && bias === 'none' && depth * 255 * 255 <= OFFSET_LIMIT ? 'offset' : 'pairs';
}

/** The functions that `columnSource` and `wayOut` need besides `carry`. */
export function wayOutFunctions(form: Form): string {
  return form === 'offset' ? pick + offsets : pick + halfEven;
}

/** Makes `column` that of four sums, where a texel of the result holds two of them. */
export function columnSource(form: Form): string {
  return form === 'pairs' ? 'float place = column; column = floor((place + 0.5) * 0.5);' : '';
}

/** Returns the texel of `high` and `low`, sums of four columns of n at `row` and `column`. */
export function wayOut(device: Device, { output, bias }: WayOut, n: number, form: Form): string {
  if (form === 'offset') return 'settle(high, low); return toOffset(high, low);';
  const steps: string[] = [];
  if (bias === 'int32') {
    const layout = device.layout({ dtype: 'int32', shape: [n] });
    const last = float(Math.max(layout.texels - 1, 0));
    steps.push(
      rowSource('bias0', 'user_bias', '0.0', '(2.0 * column)', layout),
      rowSource('bias1', 'user_bias', '0.0', `min(2.0 * column + 1.0, ${last})`, layout),
      'high += vec4(bias0.xz, bias1.xz); low += vec4(bias0.yw, bias1.yw);',
    );
  }
  steps.push('settle(high, low);');
  if (output.type === 'int32')
    return [
      ...steps,
      'return place - 2.0 * column < 0.5 ? vec4(high.x, low.x, high.y, low.y) : vec4(high.z, low.z, high.w, low.w);',
    ].join('\n  ');
  steps.push(
    'vec4 v = high * 65536.0 + low;',
    parameter(device, 'multiplier', 'float32', [1, n], output.multiplier === 'per-channel' ? 1 : undefined),
  );
  if (output.type === 'codes')
    steps.push(
      parameter(device, 'zeroPoint', output.dtype, [1], undefined),
      `return ${toCodes('v * multiplier', output.clamp ?? codeRange(output.dtype as CodeType))};`,
    );
  else if (bias === 'float32')
    steps.push(
      parameter(device, 'bias', 'float32', [1, n], 1),
      oneSource('user_bias'),
      'return v * multiplier * one + bias;',
    );
  else steps.push('return v * multiplier;');
  return steps.join('\n  ');
}

/** Codes of a vec4 in units of their scale, `zeroPoint` apart. Needs `half_even`; the clamp keeps a product from being fused. */
export function toCodes(value: string, [lo, hi]: readonly [number, number]): string {
  return `half_even(clamp(${value}, ${float(lo)} - zeroPoint, ${float(hi)} - zeroPoint)) + zeroPoint`;
}
