// values = the k largest (smallest) elements in order; of equal ones those of the lowest indices, the lowest first
//
// An element is a rank of 64 bits: what orders it, and below that its index, the lowest highest. So no two are equal. A heap
// holds the k highest so far; most elements are not above its lowest, which vectors see many at a time.
import { Call, startOf } from './call';

@unmanaged
export class TopK extends Call {
  x: usize;
  values: usize;
  indices: usize;
  /** `topKScratchBytes` for each part. */
  scratch: usize;
  outer: i32;
  extent: i32;
  inner: i32;
  k: i32;
  largest: i32;
  /** 0 uint8, 1 int8, 2 int32, 3 float32. */
  dtype: i32;
}

/** Bytes that a turn of the search sees. */
@inline
const TURN: usize = 64;

/** Room for the heap, and for the elements of a row that lie apart. */
export function topKScratchBytes(extent: i32, inner: i32, k: i32): usize {
  return (<usize>k << 3) + (inner > 1 ? (<usize>extent << 2) + TURN : 0);
}

/** Parts have rows along the middle axis. */
export function topK(call: TopK, part: i32): void {
  const extent = call.extent, inner = call.inner, k = call.k, dtype = call.dtype, largest = call.largest != 0;
  if (k == 0) return;
  const shift: usize = dtype < 2 ? 0 : 2, apart = <usize>inner << shift;
  const heap = call.scratch + <usize>part * topKScratchBytes(extent, inner, k), room = heap + (<usize>k << 3);
  const last = startOf(call.outer * inner, 1, part + 1, call.parts);
  for (let row = startOf(call.outer * inner, 1, part, call.parts); row < last; row++) {
    const outer = <usize>(row / inner), i = <usize>(row % inner);
    let x = call.x + outer * <usize>extent * apart + (i << shift);
    if (inner > 1) {
      for (let e: usize = 0; e < <usize>extent; e++) copy(room + (e << shift), x + e * apart, shift);
      x = room;
    }
    if (dtype == 0) search<u8>(x, extent, k, largest, heap);
    else if (dtype == 1) search<i8>(x, extent, k, largest, heap);
    else if (dtype == 2) search<i32>(x, extent, k, largest, heap);
    else search<f32>(x, extent, k, largest, heap);
    sort(heap, k);
    let at = outer * <usize>k * <usize>inner + i;
    for (let place = 0; place < k; place++) {
      const index = indexOf(load<i64>(heap + (<usize>place << 3)));
      copy(call.values + (at << shift), x + (<usize>index << shift), shift);
      store<i32>(call.indices + (at << 2), index);
      at += inner;
    }
  }
}

/** An element of one byte, or of four. */
@inline
function copy(to: usize, from: usize, shift: usize): void {
  if (shift == 0) store<u8>(to, load<u8>(from));
  else store<i32>(to, load<i32>(from));
}

@inline
function indexOf(rank: i64): i32 {
  return ~(<i32>rank);
}

/** The rank of an element. */
@inline
function rankOf<T>(x: usize, index: i32, largest: bool): i64 {
  let key: i32;
  if (isFloat<T>()) {
    const value = load<f32>(x + (<usize>index << 2));
    // Adding 0 makes both zeros one.
    const bits = reinterpret<i32>(value + <f32>0);
    key = value != value ? i32.MAX_VALUE : bits ^ ((bits >> 31) & i32.MAX_VALUE);
  } else key = <i32>load<T>(x + <usize>index * sizeof<T>());
  return (<i64>(largest ? key : ~key) << 32) | <i64>(<u32>~index);
}

/** Whether one of so many elements may be above the lowest of the heap, of which `least` has copies. */
@inline
function mayBeAbove<T>(x: v128, least: v128, largest: bool): v128 {
  // NaN is seen by no comparison, so these ask for the contrary.
  if (isFloat<T>()) return v128.not(largest ? f32x4.le(x, least) : f32x4.ge(x, least));
  if (sizeof<T>() == 4) return largest ? i32x4.gt_s(x, least) : i32x4.lt_s(x, least);
  if (isSigned<T>()) return largest ? i8x16.gt_s(x, least) : i8x16.lt_s(x, least);
  return largest ? i8x16.gt_u(x, least) : i8x16.lt_u(x, least);
}

/** Makes a heap of the first k of `extent` elements; its lowest rank stands first. */
function search<T>(x: usize, extent: i32, k: i32, largest: bool, heap: usize): void {
  for (let i = 0; i < k; i++) store<i64>(heap + (<usize>i << 3), rankOf<T>(x, i, largest));
  for (let i = (k >> 1) - 1; i >= 0; i--) sink(heap, i, k);
  const turn = <i32>(TURN / sizeof<T>());
  let lowest = load<i64>(heap);
  let i = k;
  while (i < extent) {
    let end = extent;
    if (extent - i >= turn) {
      const at = x + <usize>i * sizeof<T>(), least = x + <usize>indexOf(lowest) * sizeof<T>();
      const leasts = sizeof<T>() == 4 ? v128.load32_splat(least) : v128.load8_splat(least);
      let above = mayBeAbove<T>(v128.load(at), leasts, largest);
      above = v128.or(above, mayBeAbove<T>(v128.load(at, 16), leasts, largest));
      above = v128.or(above, mayBeAbove<T>(v128.load(at, 32), leasts, largest));
      above = v128.or(above, mayBeAbove<T>(v128.load(at, 48), leasts, largest));
      end = i + turn;
      if (!v128.any_true(above)) {
        i = end;
        continue;
      }
    }
    for (; i < end; i++) {
      const rank = rankOf<T>(x, i, largest);
      if (rank > lowest) {
        store<i64>(heap, rank);
        sink(heap, 0, k);
        lowest = load<i64>(heap);
      }
    }
  }
}

/** Puts the element `i` where both of its children are above it. */
function sink(heap: usize, i: i32, count: i32): void {
  const rank = load<i64>(heap + (<usize>i << 3));
  while (2 * i + 1 < count) {
    let child = 2 * i + 1;
    if (child + 1 < count && load<i64>(heap + (<usize>child << 3), 8) < load<i64>(heap + (<usize>child << 3))) child++;
    const next = load<i64>(heap + (<usize>child << 3));
    if (rank < next) break;
    store<i64>(heap + (<usize>i << 3), next);
    i = child;
  }
  store<i64>(heap + (<usize>i << 3), rank);
}

/** Orders a heap, the highest first. */
function sort(heap: usize, k: i32): void {
  for (let count = k - 1; count > 0; count--) {
    const last = heap + (<usize>count << 3), lowest = load<i64>(heap);
    store<i64>(heap, load<i64>(last));
    store<i64>(last, lowest);
    sink(heap, 0, count);
  }
}
