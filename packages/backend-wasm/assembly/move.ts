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
  const extent = load<i32>(axes),
    stride = <usize>load<i32>(axes, 4) * sizeof<T>();
  if (count == 1) {
    for (let i = 0; i < extent; i++) {
      store<T>(y, load<T>(x));
      x += stride;
      y += sizeof<T>();
    }
    return y;
  }
  for (let i = 0; i < extent; i++) {
    y = walk<T>(x, y, axes + 8, count - 1);
    x += stride;
  }
  return y;
}
