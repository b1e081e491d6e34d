// Large products: operands are laid out as tiles without their zero points, 2 rows or columns by 4 of K in a texel, so that a
// texel of each gives sixteen products. A float holds two codes, `low + 512 * high`: both are within 255, so it is exact, and
// floor(v / 512 + 1 / 2) is the high one.
import type { HandleKernel, QGemmSpec } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { place } from '../device.ts';
import { carry, float, offsets, placeSource, rowSource } from '../glsl.ts';
import type { Pass, Texture } from '../kernels.ts';
import { OFFSET_LIMIT } from '../layout.ts';
import { passing } from '../passing.ts';
import type { PackedB } from './qgemm-packed.ts';
import { columnSource, EXACT_PRODUCTS, formOf, wayOut, wayOutFunctions, wayOutInputs } from './way-out.ts';

/** How many tiles stand above and beside one another, of one matrix of the batch. */
interface Tiles {
  readonly m: number;
  readonly n: number;
  /** Filled up to whole steps of the loop. */
  readonly k: number;
}

/** Fewer products are not worth three more passes. */
const WORTH = 2_097_152;
/** Tiles of K at a time, and of those how many one step of the loop takes. */
const CHUNK = EXACT_PRODUCTS / 4;
const UNROLLED = 4;

/** The tiles of a product that is worth it, and whose sums fit the form `offset`. */
export function tilesOf(device: Device, { batch, m, n, k }: QGemmSpec): Tiles | undefined {
  const tiles = { m: Math.ceil(m / 2), n: Math.ceil(n / 2), k: Math.ceil(k / 4 / UNROLLED) * UNROLLED };
  const sides = Math.max(batch * tiles.m, tiles.n, batch * tiles.k);
  const worth = batch * m * n * k >= WORTH && Math.min(m, n) >= 8;
  return device.dialect.bits && worth && sides <= device.side && k * 255 * 255 <= OFFSET_LIMIT
    ? tiles
    : undefined;
}

export function prepareTiles(
  device: Device,
  spec: QGemmSpec,
  tiles: Tiles,
  packed: PackedB | undefined,
): HandleKernel<Surface> {
  const form = formOf(device, spec, spec.k);
  const layouts = device.layouts('qgemm', spec, form);
  const layout = layouts['y']!;
  const passes = {
    a: tilesOfA(device, spec, tiles),
    b: tilesOfB(device, spec, tiles),
    sums: productsOf(spec, tiles),
    y: resultOf(device, spec, tiles),
  };
  const others = wayOutInputs(spec);
  return {
    variant: 'qgemm_tiles',
    run(io) {
      const operands = { ...io, ...packed?.surfaces };
      const result = io['y']!;
      device.timeline.enqueue(() =>
        passing(async (handOver) => {
          const texture = async (name: string): Promise<Texture> =>
            await device.textureOf(operands[name]!, layouts[name]!, handOver);
          const drawB = async (): Promise<Texture> =>
            await device.draw(passes.b, [await texture('b'), await texture('bZeroPoint')]);
          const a = handOver(await device.draw(passes.a, [await texture('a'), await texture('aZeroPoint')]));
          const b = packed ? await packed.tiles(drawB) : handOver(await drawB());
          const values = [handOver(await device.draw(passes.sums, [a, b]))];
          for (const name of others) values.push(await texture(name));
          place(result, await device.draw(passes.y, values), layout);
        }),
      );
    },
  };
}

/** Declares `name`, the elements 2 * at and 2 * at + 1, at an int, of a row. */
function pairSource(
  name: string,
  sampler: string,
  row: string,
  at: string,
  layout: Parameters<typeof rowSource>[4],
): string {
  return `${rowSource(`${name}4`, sampler, row, `float(${at} / 2)`, layout)}
  vec2 ${name} = ${at} - ${at} / 2 * 2 == 0 ? ${name}4.xy : ${name}4.zw;`;
}

/** Declares `inside`, which of the four of K at a tile there are. */
function insideSource(tile: string, k: number): string {
  return `bvec4 inside = lessThan(4 * ${tile} + ivec4(0, 1, 2, 3), ivec4(${k}));`;
}

/** Declares the matrix `stack` of the batch and the tile's line `line` in it. */
function lineSource(lines: number): string {
  return `int stack = int(y) / ${lines}, line = int(y) - stack * ${lines};`;
}

/** Texel (i, k): rows 2i and 2i + 1 of A, columns 4k to 4k + 3. */
function tilesOfA(device: Device, spec: QGemmSpec, tiles: Tiles): Pass {
  const { batch, m, k } = spec;
  const { a, aZeroPoint } = device.layouts('qgemm', spec);
  const source = `vec4 texel(float x, float y) {
  ${lineSource(tiles.m)}
  float row = float(stack * ${m} + 2 * line);
  bool both = 2 * line + 1 < ${m};
  ${insideSource('int(x)', k)}
  if (!inside.x) return vec4(0.0);
  ${rowSource('p', 'user_a', 'row', 'x', a!)}
  ${rowSource('q', 'user_a', '(both ? row + 1.0 : row)', 'x', a!)}
  ${rowSource('zero', 'user_aZeroPoint', '0.0', '0.0', aZeroPoint!)}
  p = mix(vec4(0.0), p - zero.x, inside);
  q = mix(vec4(0.0), q - zero.x, inside) * float(both);
  return vec4(p.xy + 512.0 * p.zw, q.xy + 512.0 * q.zw);
}`;
  return { inputs: ['a', 'aZeroPoint'], width: tiles.k, height: batch * tiles.m, source };
}

/** Texel (k, j): rows 4k to 4k + 3 of B, columns 2j and 2j + 1. */
function tilesOfB(device: Device, spec: QGemmSpec, tiles: Tiles): Pass {
  const { batch, n, k, transposeB } = spec;
  const { b, bZeroPoint } = device.layouts('qgemm', spec);
  const parts = ['x', 'y', 'z', 'w'];
  /** Four of K in each of two columns: `first` and `second`. */
  const columns = transposeB
    ? `float row = float(stack * ${n} + 2 * at);
  bool both = 2 * at + 1 < ${n};
  ${rowSource('first', 'user_b', 'row', 'float(line)', b!)}
  ${rowSource('second', 'user_b', '(both ? row + 1.0 : row)', 'float(line)', b!)}`
    : `int row = stack * ${k} + 4 * line;
  vec4 first = vec4(0.0), second = vec4(0.0);
  ${parts
    .map(
      (part, i) => `if (inside.${part}) {
    ${pairSource('p', 'user_b', `float(row + ${i})`, 'at', b!)}
    first.${part} = p.x; second.${part} = p.y;
  }`,
    )
    .join('\n  ')}`;
  const zero =
    spec.bZeroPoint === 'per-channel'
      ? pairSource('zero', 'user_bZeroPoint', '0.0', 'at', bZeroPoint!)
      : `${rowSource('zero1', 'user_bZeroPoint', '0.0', '0.0', bZeroPoint!)} vec2 zero = zero1.xx;`;
  const source = `vec4 texel(float x, float y) {
  ${lineSource(tiles.k)}
  int at = int(x);
  ${insideSource('line', k)}
  if (!inside.x) return vec4(0.0);
  ${columns}
  ${zero}
  first = mix(vec4(0.0), first - zero.x, inside);
  second = mix(vec4(0.0), second - zero.y, inside);
  vec4 low = vec4(first.x, second.x, first.y, second.y), high = vec4(first.z, second.z, first.w, second.w);
  return low + 512.0 * high;
}`;
  return { inputs: ['b', 'bZeroPoint'], width: tiles.n, height: batch * tiles.k, source };
}

/** Texel (i, j): sums of rows 2i and 2i + 1, columns 2j and 2j + 1, in the form `offset`. */
function productsOf({ batch }: QGemmSpec, tiles: Tiles): Pass {
  const height = batch * tiles.m;
  const bHeight = batch * tiles.k;
  const step = (i: number): string => `{
      vec4 p = texture(user_a, vec2((k + ${float(i + 0.5)}) * ${float(1 / tiles.k)}, v));
      vec4 q = texture(user_b, vec2(u, (k + (from + ${float(i + 0.5)})) * ${float(1 / bHeight)}));
      vec4 ph = floor(p * ${float(1 / 512)} + 0.5), qh = floor(q * ${float(1 / 512)} + 0.5);
      p -= ph * 512.0;
      q -= qh * 512.0;
      sum += p.xxzz * q.xyxy + p.yyww * q.zwzw + ph.xxzz * qh.xyxy + ph.yyww * qh.zwzw;
    }`;
  const steps = Array.from({ length: UNROLLED }, (_, i) => step(i)).join(' ');
  const loop = (count: number, begin: string): string => `sum = vec4(0.0);
    for (int i = 0; i < ${count / UNROLLED}; i++) { float k = float(i) * ${float(UNROLLED)} + ${begin}; ${steps} }
    carry(high, low, sum);`;
  const full = Math.floor(tiles.k / CHUNK);
  const rest = tiles.k % CHUNK;
  const source = `${carry}${offsets}vec4 texel(float x, float y) {
  float u = (x + 0.5) * ${float(1 / tiles.n)}, v = (y + 0.5) * ${float(1 / height)};
  float from = float(int(y) / ${tiles.m} * ${tiles.k});
  vec4 high = vec4(0.0), low = vec4(0.0), sum;
  ${full > 0 ? `for (int c = 0; c < ${full}; c++) { ${loop(CHUNK, `float(c) * ${float(CHUNK)}`)} }` : ''}
  ${rest > 0 ? loop(rest, float(full * CHUNK)) : ''}
  settle(high, low);
  return toOffset(high, low);
}`;
  return { inputs: ['a', 'b'], width: tiles.n, height, source };
}

/** The result's own texels of the sums. */
function resultOf(device: Device, spec: QGemmSpec, tiles: Tiles): Pass {
  const { batch, m, n } = spec;
  const form = formOf(device, spec, spec.k);
  const layout = device.layouts('qgemm', spec, form)['y']!;
  const scale = `vec2(${float(1 / tiles.n)}, ${float(1 / (batch * tiles.m))})`;
  const functions = wayOutFunctions(form) + (form === 'offset' ? '' : offsets);
  const source = `${functions}${carry}vec4 texel(float x, float y) {
  ${placeSource(layout)}
  ${columnSource(form)}
  int stack = int(row) / ${m}, i = int(row) - stack * ${m}, line = i / 2;
  vec2 at = vec2(2.0 * column, float(stack * ${tiles.m} + line)) + 0.5;
  vec4 p = texture(user_sums, at * ${scale});
  vec4 q = texture(user_sums, vec2(min(at.x + 1.0, ${float(tiles.n - 0.5)}), at.y) * ${scale});
  vec4 four = i - 2 * line == 0 ? vec4(p.xy, q.xy) : vec4(p.zw, q.zw);
  ${form === 'offset' ? 'return four;' : `vec4 high, low; fromOffset(four, high, low); ${wayOut(device, spec, n, form)}`}
}`;
  return { inputs: ['sums', ...wayOutInputs(spec)], width: layout.width, height: layout.height, source };
}
