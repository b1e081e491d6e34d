// y, dense, of elements of x at other places.
import { Call } from './call';

@unmanaged
export class Transpose extends Call {
  x: usize;
  y: usize;
  /** Extent and elements of x from one to the next, of each axis from the outermost on. */
  axes: usize;
  count: i32;
  /** Of an element: 1, 2, 4 or 8. */
  bytes: i32;
}

export function transpose(call: Transpose): void {
  if (call.bytes == 1) walk<u8>(call.x, call.y, call.axes, call.count);
  else if (call.bytes == 2) walk<u16>(call.x, call.y, call.axes, call.count);
  else if (call.bytes == 4) walk<u32>(call.x, call.y, call.axes, call.count);
  else walk<u64>(call.x, call.y, call.axes, call.count);
}

function walk<T>(x: usize, y: usize, axes: usize, count: i32): usize {
  const extent = load<i32>(axes), stride = <usize>load<i32>(axes, 4) * sizeof<T>();
  if (count == 1) return line<T>(x, y, extent, stride);
  let i = 0;
  if (count == 2) {
    const inner = load<i32>(axes, 8), step = <usize>load<i32>(axes, 12) * sizeof<T>();
    if (sizeof<T>() == 1 && stride == 1 && inner == 3) {
      for (; i + 16 <= extent; i += 16) {
        colours(x, step, y);
        x += 16;
        y += 48;
      }
    }
    for (; i < extent; i++) {
      y = line<T>(x, y, inner, step);
      x += stride;
    }
    return y;
  }
  for (; i < extent; i++) {
    y = walk<T>(x, y, axes + 8, count - 1);
    x += stride;
  }
  return y;
}

@inline
function line<T>(x: usize, y: usize, extent: i32, stride: usize): usize {
  for (let i = 0; i < extent; i++) {
    store<T>(y, load<T>(x));
    x += stride;
    y += sizeof<T>();
  }
  return y;
}

/** Sixteen pixels of three planes, as images come in. */
@inline
function colours(x: usize, plane: usize, y: usize): void {
  const r = v128.load(x), g = v128.load(x + plane), b = v128.load(x + 2 * plane);
  // Red and green where they belong, then blue between them.
  let both = i8x16.shuffle(r, g, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
  v128.store(y, i8x16.shuffle(both, b, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15));
  both = i8x16.shuffle(r, g, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
  v128.store(y, i8x16.shuffle(both, b, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15), 16);
  both = i8x16.shuffle(r, g, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
  v128.store(y, i8x16.shuffle(both, b, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31), 32);
}
