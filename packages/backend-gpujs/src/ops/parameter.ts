import { type DType, sizeOf } from '@halftone/core';
import type { Device } from '../device.ts';
import { rowSource } from '../glsl.ts';

/** Declares a vec4 by the name of a parameter: that of each of the four elements at `row` and `column` of a tensor. Needs `pick`. */
export function parameter(
  device: Device,
  name: string,
  dtype: DType,
  shape: readonly number[],
  axis: number | undefined,
): string {
  const sampler = `user_${name}`;
  if (axis === undefined) {
    const layout = device.layout({ dtype, shape: [1] });
    return `${rowSource(`${name}1`, sampler, '0.0', '0.0', layout)}\n  vec4 ${name} = vec4(${name}1.x);`;
  }
  const channels = shape[axis]!;
  const layout = device.layout({ dtype, shape: [channels] });
  if (axis === shape.length - 1) return rowSource(name, sampler, '0.0', 'column', layout);
  const inner = Math.max(sizeOf(shape.slice(axis + 1, -1)), 1);
  return `int ${name}I = int(row) / ${inner};
  ${name}I -= ${name}I / ${channels} * ${channels};
  int ${name}At = ${name}I / 4;
  ${rowSource(`${name}4`, sampler, '0.0', `float(${name}At)`, layout)}
  vec4 ${name} = vec4(pick(${name}4, float(${name}I - 4 * ${name}At)));`;
}
