// Large products: operands are laid out as tiles of 2 by 2 without their zero points, so that a texel of each gives eight products.
import type { HandleKernel, QGemmSpec } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { place } from '../device.ts';
import { carry, float, offsets, placeSource, rowSource } from '../glsl.ts';
import type { Pass, Texture } from '../kernels.ts';
import { OFFSET_LIMIT } from '../layout.ts';
import { passing } from '../passing.ts';
import type { PackedB } from './qgemm-packed.ts';
import { columnSource, EXACT_PRODUCTS, formOf, wayOut, wayOutFunctions, wayOutInputs } from './way-out.ts';

/** Tiles of two by two: how many stand above and beside one another, of one matrix of the batch. */
interface Tiles {
  readonly m: number;
  readonly n: number;
  /** Filled up to whole steps of the loop. */
  readonly k: number;
}

/** Fewer products are not worth three more passes. */
const WORTH = 2_097_152;
/** Tiles of K at a time, and of those how many one step of the loop takes. */
const CHUNK = EXACT_PRODUCTS / 2;
const UNROLLED = 4;

/** The tiles of a product that is worth it, and whose sums fit the form `offset`. */
export function tilesOf(device: Device, { batch, m, n, k }: QGemmSpec): Tiles | undefined {
  const tiles = { m: Math.ceil(m / 2), n: Math.ceil(n / 2), k: Math.ceil(k / 2 / UNROLLED) * UNROLLED };
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

/** Declares the matrix `stack` of the batch and the tile's line `line` in it. */
function lineSource(lines: number): string {
  return `int stack = int(y) / ${lines}, line = int(y) - stack * ${lines};`;
}

/** Texel (i, k): rows 2i and 2i + 1 of A, columns 2k and 2k + 1. */
function tilesOfA(device: Device, spec: QGemmSpec, tiles: Tiles): Pass {
  const { batch, m, k } = spec;
  const { a, aZeroPoint } = device.layouts('qgemm', spec);
  const source = `vec4 texel(float x, float y) {
  ${lineSource(tiles.m)}
  int at = int(x), row = stack * ${m} + 2 * line;
  vec2 columns = vec2(2 * at < ${k}, 2 * at + 1 < ${k});
  if (columns.x < 0.5) return vec4(0.0);
  bool both = 2 * line + 1 < ${m};
  ${pairSource('p', 'user_a', 'float(row)', 'at', a!)}
  ${pairSource('q', 'user_a', 'float(both ? row + 1 : row)', 'at', a!)}
  ${rowSource('zero', 'user_aZeroPoint', '0.0', '0.0', aZeroPoint!)}
  return vec4((p - zero.x) * columns, (q - zero.x) * columns * float(both));
}`;
  return { inputs: ['a', 'aZeroPoint'], width: tiles.k, height: batch * tiles.m, source };
}

/** Texel (k, j): rows 2k and 2k + 1 of B, columns 2j and 2j + 1. */
function tilesOfB(device: Device, spec: QGemmSpec, tiles: Tiles): Pass {
  const { batch, n, k, transposeB } = spec;
  const { b, bZeroPoint } = device.layouts('qgemm', spec);
  const body = transposeB
    ? `int first = stack * ${n} + 2 * at;
  bool both = 2 * at + 1 < ${n};
  ${pairSource('p', 'user_b', 'float(first)', 'line', b!)}
  ${pairSource('q', 'user_b', 'float(both ? first + 1 : first)', 'line', b!)}
  vec4 tile = vec4(p.x, q.x, p.y, q.y);`
    : `int first = stack * ${k} + 2 * line;
  ${pairSource('p', 'user_b', 'float(first)', 'at', b!)}
  ${pairSource('q', 'user_b', 'float(rows.y ? first + 1 : first)', 'at', b!)}
  vec4 tile = vec4(p, q);`;
  const zero =
    spec.bZeroPoint === 'per-channel'
      ? pairSource('zero', 'user_bZeroPoint', '0.0', 'at', bZeroPoint!)
      : `${rowSource('zero1', 'user_bZeroPoint', '0.0', '0.0', bZeroPoint!)} vec2 zero = zero1.xx;`;
  const source = `vec4 texel(float x, float y) {
  ${lineSource(tiles.k)}
  int at = int(x);
  bvec2 rows = bvec2(2 * line < ${k}, 2 * line + 1 < ${k});
  if (!rows.x) return vec4(0.0);
  ${body}
  ${zero}
  return (tile - zero.xyxy) * vec4(1.0, 1.0, vec2(rows.y));
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
      sum += p.xxzz * q.xyxy + p.yyww * q.zwzw;
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
