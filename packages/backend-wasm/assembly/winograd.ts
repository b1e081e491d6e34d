// Convolution 3 x 3 with stride 1 by fewer products, exactly: Winograd's F(2 x 2, 3 x 3) in integers.
//
//   Y = A'T [(G g GT) * (BT d B)] A / 4,   d a tile of 4 x 4 codes, Y 2 x 2 sums, G twice the usual one, * by elements
//
// 16 products of matrices [tiles, channels] by [channels, filters] stand for 36. Their operands are int16: codes without zero
// points are within 255, each row of BT adds two of them, and the rows of G add at most three: |d'| <= 4 * 255, |g'| <= 9 * 255.
// Sums are taken modulo 2^32, where what A'T and A make of them is 4 times the right sum. |sum| <= 9 * C * 255^2 is below 2^29
// while C <= 917: then 4 times it is an int32, and shifting it right is exact. Wider images have no such form.
//
// G = (2 0 0, 1 1 1, 1 -1 1, 0 0 2), BT = (1 0 -1 0, 0 1 1 0, 0 -1 1 0, 0 1 0 -1), A'T = (1 1 1 0, 0 1 -1 -1).
import { startOf } from './call';
import { load8 } from './codes';
import { Conv } from './conv';
import { Pack } from './gemm';
import { gather } from './im2col';
import { panelBytes } from './pack-wide';
import { addedOf, finish, sizeOf } from './product';
import { COLUMNS, COLUMNS_STEP, ROW_FOUR, ROWS, ROWS_FOUR, ROWS_STEP, stepsOf, sumsOf } from './tile';
import { Window } from './window';

/** Tiles at a time, whole blocks of rows: their sums for eight filters stay in the first cache. */
@inline const TILES = 48;
@inline const PLACES: usize = 16;
@inline const BLOCKS: usize = 8;
/** Bytes of the sums of one place of all tiles, and of two rows of results of each tile. */
@inline const SUMS: usize = 1536;
@inline const RESULTS: usize = 3072;
@inline const WINDOW: usize = 64;

@inline
function rowsBytes(c: i32): usize {
  return <usize>stepsOf<i16>(c) * ROWS_STEP;
}

/** Bytes of all rows of one place; a few more, so that places do not share sets of the first cache. */
@inline
function placeBytes(c: i32): usize {
  return BLOCKS * rowsBytes(c) + 192;
}

/** Bytes of filters: [panel of eight][place][step][filter][2 x int16]. */
export function winogradBytes(c: i32, o: i32): usize {
  return <usize>((o + COLUMNS - 1) / COLUMNS) * PLACES * panelBytes(c);
}

/** Bytes of scratch: how tiles go over the image, one tile, rows of all places, sums, and results. */
export function winogradScratchBytes(c: i32): usize {
  return WINDOW + PLACES * <usize>((c + 7) & ~7) + PLACES * placeBytes(c) + PLACES * SUMS + 2 * RESULTS;
}

/** Packs filters [n][3][3][channels]. */
export function packWinograd(call: Pack): void {
  const c = call.k / 9, signed = call.signed != 0, panel = panelBytes(c);
  memory.fill(call.to, 0, winogradBytes(c, call.n));
  for (let o = 0; o < call.n; o++) {
    const z = load8(call.zeroEach ? call.zero + o : call.zero, signed);
    const filter = call.b + <usize>(o * call.k);
    const to = call.to + <usize>(o / COLUMNS) * PLACES * panel + (<usize>(o % COLUMNS) << 2);
    // Few places at a time: panels may share sets of the first cache.
    for (let v: usize = 0; v < 4; v++) {
      for (let i = 0; i < c; i++) {
        const at = to + 4 * v * panel + <usize>(i >> 1) * COLUMNS_STEP + (<usize>(i & 1) << 1);
        const a = transformed(v, filter + i, 3 * c, z, signed), d = transformed(v, filter + i + c, 3 * c, z, signed);
        const e = transformed(v, filter + i + 2 * c, 3 * c, z, signed);
        store<i16>(at, <i16>(2 * a));
        store<i16>(at + panel, <i16>(a + d + e));
        store<i16>(at + 2 * panel, <i16>(a - d + e));
        store<i16>(at + 3 * panel, <i16>(2 * e));
      }
    }
  }
}

/** Row v of G by three weights. */
function transformed(v: usize, at: usize, step: usize, z: i32, signed: bool): i32 {
  const a = load8(at, signed) - z, b = load8(at + step, signed) - z, c = load8(at + 2 * step, signed) - z;
  return v == 0 ? 2 * a : v == 1 ? a + b + c : v == 2 ? a - b + c : 2 * c;
}

/** Parts have tiles where there are enough of them, else filters. */
export function winograd(call: Conv, part: i32): void {
  const g = call.window, c = g.c, o = call.outputs, parts = call.parts;
  const signed = call.xSigned != 0, zero = load8(call.xZeroPoint, signed);
  const window = call.scratch + <usize>part * winogradScratchBytes(c), patch = window + WINDOW;
  const rows = patch + PLACES * <usize>((c + 7) & ~7), place = placeBytes(c);
  const sums = rows + PLACES * place, results = sums + PLACES * SUMS;
  const over = changetype<Window>(window);
  memory.copy(window, changetype<usize>(g), offsetof<Window>());
  over.kernelH = over.kernelW = 4;
  over.strideH = over.strideW = 2;
  over.outH = (g.outH + 1) >> 1;
  over.outW = (g.outW + 1) >> 1;
  const tiles = g.n * over.outH * over.outW;
  const byTiles = tiles >= 2 * ROWS * parts;
  const last = byTiles ? startOf(tiles, ROWS, part + 1, parts) : tiles;
  const left = byTiles ? 0 : startOf(o, COLUMNS, part, parts), right = byTiles ? o : startOf(o, COLUMNS, part + 1, parts);
  const panel = panelBytes(c), steps = stepsOf<i16>(c), size = sizeOf(call);
  for (let first = byTiles ? startOf(tiles, ROWS, part, parts) : 0; first < last; first += TILES) {
    const count = min(TILES, last - first);
    for (let t = 0; t < count; t++) {
      gather(call.x, zero, over, first + t, 1, 0, c, patch, 0);
      spread(patch, c, zero, signed, rows + <usize>(t / ROWS) * rowsBytes(c) + <usize>(t % ROWS) * ROW_FOUR, place);
    }
    for (let j = left; j < right; j += COLUMNS) {
      const filters = call.b + <usize>(j / COLUMNS) * PLACES * panel;
      for (let p: usize = 0; p < PLACES; p++) {
        for (let t = 0; t < count; t += ROWS) {
          const a = rows + p * place + <usize>(t / ROWS) * rowsBytes(c);
          sumsOf<i16>(a, filters + p * panel, sums + p * SUMS + (<usize>t << 5), steps, min(ROWS, count - t));
        }
      }
      for (let t = 0; t < count; t++) {
        const to = results + (<usize>t << 6);
        join(sums + (<usize>t << 5), to);
        join(sums + (<usize>t << 5) + 16, to + 16);
      }
      const width = min(COLUMNS, right - j), added = addedOf(call, j);
      // Tiles side by side give two rows of results.
      let run = 0;
      for (let t = 0; t < count; t += run) {
        const tile = first + t, x = tile % over.outW, y = (tile / over.outW) % over.outH;
        run = min(count - t, over.outW - x);
        const wide = min(2 * run, g.outW - 2 * x);
        const pixel = (tile / (over.outW * over.outH) * g.outH + 2 * y) * g.outW + 2 * x;
        const to = call.y + (<usize>pixel * <usize>o + <usize>j) * size, from = results + (<usize>t << 6);
        finish(call, from, wide, j, width, added, to, o);
        if (2 * y + 1 < g.outH) finish(call, from + RESULTS, wide, j, width, added, to + <usize>(g.outW * o) * size, o);
      }
    }
  }
}

/** BT d B of a patch [4][4][c], its places `place` bytes apart. What is behind c meets weights of 0. */
function spread(patch: usize, c: i32, zero: i32, signed: bool, to: usize, place: usize): void {
  const zeros = i16x8.splat(<i16>(4 * zero)), none = i16x8.splat(0), line = <usize>(4 * c);
  for (let i = 0; i < c; i += 8) {
    const d0 = patch + i, d1 = d0 + line, d2 = d1 + line, d3 = d2 + line;
    four(d0, d2, false, c, signed, none, to, place);
    four(d1, d2, true, c, signed, zeros, to + 4 * place, place);
    four(d2, d1, false, c, signed, none, to + 8 * place, place);
    four(d1, d3, false, c, signed, none, to + 12 * place, place);
    to += ROWS_FOUR;
  }
}

/** A row of BT by two rows of codes, by B. Only where all is added are zero points left. */
@inline
function four(a: usize, b: usize, added: bool, c: usize, signed: bool, zeros: v128, to: usize, place: usize): void {
  let t0 = codes(a, signed), t1 = codes(a + c, signed), t2 = codes(a + 2 * c, signed), t3 = codes(a + 3 * c, signed);
  const u0 = codes(b, signed), u1 = codes(b + c, signed), u2 = codes(b + 2 * c, signed), u3 = codes(b + 3 * c, signed);
  t0 = added ? i16x8.add(t0, u0) : i16x8.sub(t0, u0);
  t1 = added ? i16x8.add(t1, u1) : i16x8.sub(t1, u1);
  t2 = added ? i16x8.add(t2, u2) : i16x8.sub(t2, u2);
  t3 = added ? i16x8.add(t3, u3) : i16x8.sub(t3, u3);
  v128.store(to, i16x8.sub(t0, t2));
  v128.store(to + place, i16x8.sub(i16x8.add(t1, t2), zeros));
  v128.store(to + 2 * place, i16x8.sub(t2, t1));
  v128.store(to + 3 * place, i16x8.sub(t1, t3));
}

@inline
function codes(at: usize, signed: bool): v128 {
  return signed ? v128.load_ext<i8>(at) : v128.load_ext<u8>(at);
}

/** A'T m A / 4 of four filters of a tile, whose places are SUMS apart. */
@inline
function join(m: usize, to: usize): void {
  let a = v128.load(m, 1536 * 4), b = v128.load(m, 1536 * 8);
  const p0 = i32x4.add(i32x4.add(v128.load(m), a), b), q0 = i32x4.sub(i32x4.sub(a, b), v128.load(m, 1536 * 12));
  a = v128.load(m, 1536 * 5);
  b = v128.load(m, 1536 * 9);
  const p1 = i32x4.add(i32x4.add(v128.load(m, 1536), a), b), q1 = i32x4.sub(i32x4.sub(a, b), v128.load(m, 1536 * 13));
  a = v128.load(m, 1536 * 6);
  b = v128.load(m, 1536 * 10);
  const p2 = i32x4.add(i32x4.add(v128.load(m, 1536 * 2), a), b), q2 = i32x4.sub(i32x4.sub(a, b), v128.load(m, 1536 * 14));
  a = v128.load(m, 1536 * 7);
  b = v128.load(m, 1536 * 11);
  const p3 = i32x4.add(i32x4.add(v128.load(m, 1536 * 3), a), b), q3 = i32x4.sub(i32x4.sub(a, b), v128.load(m, 1536 * 15));
  v128.store(to, i32x4.shr_s(i32x4.add(i32x4.add(p0, p1), p2), 2));
  v128.store(to, i32x4.shr_s(i32x4.sub(i32x4.sub(p1, p2), p3), 2), 32);
  v128.store(to, i32x4.shr_s(i32x4.add(i32x4.add(q0, q1), q2), 2), 3072);
  v128.store(to, i32x4.shr_s(i32x4.sub(i32x4.sub(q1, q2), q3), 2), 3072 + 32);
}
