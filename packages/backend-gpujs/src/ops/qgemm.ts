// acc[i, j] = sum over k of (a[i, k] - aZeroPoint) * (b[k, j] - bZeroPoint[j])   modulo 2^32, and its way out
import type { DeviceOp, Handles, HandleKernel, QGemmSpec } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import { carry, float, placeSource, rowSource } from '../glsl.ts';
import type { Layout } from '../layout.ts';
import { parameter } from './parameter.ts';
import { packedB, PackedB } from './qgemm-packed.ts';
import { prepareTiles, tilesOf } from './qgemm-tiles.ts';
import {
  columnSource,
  EXACT_PRODUCTS,
  formOf,
  supportsWayOut,
  wayOut,
  wayOutFunctions,
  wayOutInputs,
} from './way-out.ts';

/** Texels of K whose products float32 sums exactly. */
const CHUNK = EXACT_PRODUCTS / 4;

export function qgemm(device: Device): DeviceOp<Surface, QGemmSpec> {
  return {
    supports: supportsWayOut,
    pack: (_spec, weights) => packedB(device, weights),
    prepare(spec, packed) {
      const weights = packed instanceof PackedB ? packed : undefined;
      const tiles = tilesOf(device, spec);
      return tiles
        ? prepareTiles(device, spec, tiles, weights)
        : prepareRows(device, spec, weights?.surfaces);
    },
  };
}

/** Each texel of the result: four columns of a row. */
function prepareRows(device: Device, spec: QGemmSpec, fixed?: Handles<Surface>): HandleKernel<Surface> {
  const form = formOf(device, spec, spec.k);
  const layouts = device.layouts('qgemm', spec, form);
  const layout = layouts['y']!;
  const inputs = ['a', 'aZeroPoint', 'b', 'bZeroPoint', ...wayOutInputs(spec)];
  const perChannel = spec.bZeroPoint === 'per-channel' ? 1 : undefined;
  const source = `${wayOutFunctions(form)}${carry}vec4 texel(float x, float y) {
  ${placeSource(layout)}
  ${columnSource(form)}
  float first = 4.0 * column;
  float bRow = float(int(row) / ${Math.max(spec.m, 1)} * ${spec.transposeB ? spec.n : spec.k});
  ${parameter(device, 'aZeroPoint', spec.a, [1], undefined)}
  float za = aZeroPoint.x;
  ${parameter(device, 'bZeroPoint', spec.b, [1, spec.n], perChannel)}
  vec4 zb = bZeroPoint;
  vec4 high = vec4(0.0), low = vec4(0.0), sum, sums;
  ${chunksSource(spec, layouts)}
  ${wayOut(device, spec, spec.n, form)}
}`;
  return device.prepare('qgemm', spec, { variant: 'qgemm_rows', inputs, output: 'y', layout, source }, fixed);
}

/** Adds all products to `high` and `low`, chunk by chunk. */
function chunksSource({ n, k, transposeB }: QGemmSpec, layouts: Readonly<Record<string, Layout>>): string {
  const last = float(Math.max(n - 1, 0));
  /** Adds the products of the texel `at` of K, of which `count` elements are in the row. */
  const products = (at: string, count: number): string => {
    const parts = ['x', 'y', 'z', 'w'];
    const terms = transposeB
      ? parts.map(
          (part, i) =>
            `{ ${rowSource('q', 'user_b', `min(first + ${float(i)}, ${last}) + bRow`, at, layouts['b']!)} sum.${part} += dot(p, q); }`,
        )
      : parts
          .slice(0, count)
          .map(
            (part, i) =>
              `{ ${rowSource('q', 'user_b', `bRow + 4.0 * ${at} + ${float(i)}`, 'column', layouts['b']!)} sum += p.${part} * q; }`,
          );
    const mask =
      count < 4 ? `p *= vec4(${parts.map((_, i) => (i < count ? '1.0' : '0.0')).join(', ')});` : '';
    return `{ ${rowSource('p', 'user_a', 'row', at, layouts['a']!)} p -= za; ${mask} sums += p; ${terms.join(' ')} }`;
  };
  // Zero points of B are taken off once a chunk: sum p (q - zb) = sum p q - zb sum p, each of them below 2^24.
  const chunk = (steps: string): string =>
    `sum = vec4(0.0); sums = vec4(0.0); ${steps} carry(high, low, sum - zb * dot(sums, vec4(1.0)));`;
  const whole = Math.floor(k / 4);
  const full = Math.floor(whole / CHUNK);
  const rest = whole % CHUNK;
  const loop = (count: number, from: string): string =>
    chunk(`for (int i = 0; i < ${count}; i++) { float at = float(i) + ${from}; ${products('at', 4)} }`);
  return [
    full > 0 ? `for (int c = 0; c < ${full}; c++) { ${loop(CHUNK, `float(c) * ${float(CHUNK)}`)} }` : '',
    rest > 0 ? loop(rest, float(full * CHUNK)) : '',
    k % 4 > 0 ? chunk(products(float(whole), k % 4)) : '',
  ].join('\n  ');
}
