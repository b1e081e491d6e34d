// Pieces of GLSL that its first version has too, where a dialect has no bits: floats and ints, no remainders, loops with constant ends.
import type { Dialect } from './dialect.ts';
import { elementsPerTexel, type Layout } from './layout.ts';

/** A number as GLSL writes a float. */
export function float(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Declares `name`, the texel at these coordinates, from 0 on. */
function texelSource(name: string, sampler: string, x: string, y: string, { width, height }: Layout): string {
  return `vec4 ${name} = texture(${sampler}, vec2((${x} + 0.5) * ${float(1 / width)}, (${y} + 0.5) * ${float(1 / height)}));`;
}

/** Declares `name`, the texel `column` of row `row`, both floats. */
export function rowSource(
  name: string,
  sampler: string,
  row: string,
  column: string,
  layout: Layout,
): string {
  const { fold, texels, width } = layout;
  if (fold === 1) return texelSource(name, sampler, column, `(${row})`, layout);
  if (fold > 1)
    return `int ${name}Row = int(${row}), ${name}Line = ${name}Row / ${fold};
  ${texelSource(name, sampler, `(float((${name}Row - ${name}Line * ${fold}) * ${texels}) + ${column})`, `float(${name}Line)`, layout)}`;
  return `int ${name}T = int(${row}) * ${texels} + int(${column}), ${name}Line = ${name}T / ${width};
  ${texelSource(name, sampler, `float(${name}T - ${name}Line * ${width})`, `float(${name}Line)`, layout)}`;
}

/** Declares `name`, the texel of a tensor that stands as the result does. */
export function sameSource(name: string, sampler: string, layout: Layout): string {
  return texelSource(name, sampler, 'x', 'y', layout);
}

/** Declares `row` and `column`, in texels, of the result's texel at x and y. */
export function placeSource({ fold, width, texels }: Layout): string {
  if (fold === 1) return 'float row = y, column = x;';
  if (fold > 1)
    return `int beside = int(x) / ${texels};
  float row = float(int(y) * ${fold} + beside), column = float(int(x) - beside * ${texels});`;
  return `int t = int(y) * ${width} + int(x), line = t / ${texels};
  float row = float(line), column = float(t - line * ${texels});`;
}

/** half_even(t): the nearest integers, those of even parity in the middle. */
export const halfEven = `vec4 half_even(vec4 t) {
  vec4 f = floor(t);
  vec4 d = t - f;
  vec4 odd = f - 2.0 * floor(f * 0.5);
  return f + vec4(greaterThan(d, vec4(0.5))) + vec4(equal(d, vec4(0.5))) * odd;
}
`;

/** pick(v, i): one of four. */
export const pick = `float pick(vec4 v, float i) {
  return i < 1.5 ? (i < 0.5 ? v.x : v.y) : (i < 2.5 ? v.z : v.w);
}
`;

/**
 * Declares `one`, which is 1 and which no compiler knows: a product that is multiplied by it is rounded before anything is added,
 * whatever is fused.
 */
export function oneSource(sampler: string): string {
  return `float one = float(1 + ${sampler}Size.x / 1048576);`;
}

/**
 * Declares `name`, the four int32s at `row` and `column` of a result of four elements a texel, each rounded to float32 once; those
 * behind the last of a row are anything.
 */
export function wholesSource(name: string, sampler: string, layout: Layout): string {
  return `${rowSource(`${name}0`, sampler, 'row', '(2.0 * column)', layout)}
  ${rowSource(`${name}1`, sampler, 'row', `min(2.0 * column + 1.0, ${float(Math.max(layout.texels - 1, 0))})`, layout)}
  vec4 ${name} = vec4(${name}0.xz, ${name}1.xz) * 65536.0 + vec4(${name}0.yw, ${name}1.yw);`;
}

/** Sums as high and low parts: carry(high, low, sum) adds a sum below 2^24, settle(high, low) brings both into 16 bits. */
export const carry: string = `void carry(inout vec4 high, inout vec4 low, vec4 sum) {
  vec4 upper = floor(sum * ${float(1 / 65536)});
  high += upper;
  low += sum - upper * 65536.0;
}
void settle(inout vec4 high, inout vec4 low) {
  vec4 over = floor(low * ${float(1 / 65536)});
  low -= over * 65536.0;
  high += over;
  high -= floor((high + 32768.0) * ${float(1 / 65536)}) * 65536.0;
}
`;

/** Parts that are settled, as the form `offset`, and back. */
export const offsets: string = `vec4 toOffset(vec4 high, vec4 low) {
  return intBitsToFloat(ivec4(high) * 65536 + ivec4(low) + 1073741824);
}
void fromOffset(vec4 v, out vec4 high, out vec4 low) {
  ivec4 whole = floatBitsToInt(v) - 1073741824;
  high = vec4(whole >> 16);
  low = vec4(whole & 65535);
}
`;

/** A function `name(e)`: element e, an int, of a tensor of one float an element, in row-major order. Needs `pick`. */
export function elementSource(name: string, sampler: string, layout: Layout): string {
  return `float ${name}(int e) {
  ${elementPlace(layout)}
  return pick(v, float(column - at * 4));
}
`.replace('FETCH', rowSource('v', sampler, 'float(row)', 'float(at)', layout));
}

/** A function `name(e)`: high and low parts of element e of an int32 tensor. */
function partsSource(name: string, sampler: string, layout: Layout): string {
  const value =
    layout.form === 'pairs'
      ? 'return column - at * 2 == 0 ? v.xy : v.zw;'
      : 'vec4 high, low; fromOffset(v, high, low); float i = float(column - at * 4); return vec2(pick(high, i), pick(low, i));';
  return `vec2 ${name}(int e) {
  ${elementPlace(layout)}
  ${value}
}
`.replace('FETCH', rowSource('v', sampler, 'float(row)', 'float(at)', layout));
}

function elementPlace({ columns, form }: Layout): string {
  return `int row = e / ${Math.max(columns, 1)};
  int column = e - row * ${columns};
  int at = column / ${elementsPerTexel(form)};
  FETCH`;
}

/** A tensor as it stands, for a shape with as many elements, in the form that kernels read. */
export function againSource(from: Layout, to: Layout): string {
  const each = elementsPerTexel(to.form);
  const begin = `vec4 texel(float x, float y) {
  ${placeSource(to)}
  int e = int(row) * ${to.columns} + ${each} * int(column);`;
  if (to.form === 'floats')
    return `${pick}${elementSource('element', 'user_x', from)}${begin}
  return vec4(element(e), element(e + 1), element(e + 2), element(e + 3));
}`;
  return `${pick}${from.form === 'offset' ? offsets : ''}${partsSource('parts', 'user_x', from)}${begin}
  return vec4(parts(e), parts(e + 1));
}`;
}

const subnormalBits = `bool isTiny(float v) {
  return (floatBitsToInt(v) & 2147483647) < 226492416;
}
float lift(float v) {
  int bits = floatBitsToInt(v);
  int magnitude = bits & 2147483647;
  if (magnitude >= 8388608) return v * 37778931862957161709568.0 * 18889465931478580854784.0;
  return bits < 0 ? -float(magnitude) : float(magnitude);
}
float lower(float q) {
  float size = abs(q);
  if (size >= 8388608.0) return q * 2.6469779601696886e-23 * 5.293955920339377e-23;
  int bits = int(size);
  return intBitsToFloat(q < 0.0 ? bits - 2147483647 - 1 : bits);
}
`;

/**
 * Subnormal floats, which arithmetic of a GPU may take for 0: lift(v) is v * 2^149, computed from its bits where it is subnormal;
 * lower(q) is q * 2^-149, built from bits where it would be; isTiny(v) says where both are needed. Without bits: nowhere.
 */
export function subnormals({ bits }: Dialect): string {
  return bits
    ? subnormalBits
    : `bool isTiny(float v) { return false; }
float lift(float v) { return v; }
float lower(float q) { return q; }
`;
}
