// Convolution of NHWC codes: patches of a few windows are gathered, then multiplied as rows of a matrix. Pixels that are
// patches already are multiplied where they stand.
import { startOf } from './call';
import { load8 } from './codes';
import { multiply, packedBytes, scratchBytes } from './gemm';
import { gather } from './im2col';
import { Product, sizeOf } from './product';
import { Window } from './window';

/** Windows that are gathered at a time: whole blocks of rows. */
const WINDOWS: usize = 48;

@unmanaged
export class Conv extends Product {
  x: usize;
  xZeroPoint: usize;
  /** Packed filters, a set a group. */
  b: usize;
  /** For each part. */
  scratch: usize;
  window: Window;
  groups: i32;
  outputs: i32;
  xSigned: i32;
}

/** Bytes from one patch to the next: whole vectors of a row's panel. */
@inline
function patchBytes(k: i32): usize {
  return <usize>(ASC_FEATURE_RELAXED_SIMD ? (k + 15) & ~15 : (k + 7) & ~7);
}

/** Bytes of scratch of a convolution. */
export function convScratchBytes(k: i32, outputs: i32): usize {
  return scratchBytes(k, outputs) + WINDOWS * patchBytes(k);
}

export function conv(call: Conv, part: i32): void {
  const g = call.window;
  const channels = g.c / call.groups, outputs = call.outputs / call.groups;
  const k = g.kernelH * g.kernelW * channels;
  const windows = g.n * g.outH * g.outW;
  const signed = call.xSigned != 0, zero = load8(call.xZeroPoint, signed);
  const size = sizeOf(call);
  const scratch = call.scratch + <usize>part * convScratchBytes(k, outputs);
  const patches = scratch + scratchBytes(k, outputs);
  const last = startOf(windows, <i32>WINDOWS, part + 1, call.parts);
  const alone = k == channels && g.strideH == 1 && g.strideW == 1 && g.outH == g.h && g.outW == g.w;
  // Behind a patch is what becomes 0 in a panel, so that its last vector is as all others.
  const depth = alone ? k : <i32>patchBytes(k);
  if (depth != k) memory.fill(patches, <u8>(ASC_FEATURE_RELAXED_SIMD ? (signed ? 128 : 0) : zero), WINDOWS * patchBytes(k));
  let count = 0;
  for (let first = startOf(windows, <i32>WINDOWS, part, call.parts); first < last; first += count) {
    count = alone ? last - first : min(<i32>WINDOWS, last - first);
    for (let group = 0; group < call.groups; group++) {
      const column = group * outputs;
      let rows = patches, lda = patchBytes(k);
      if (alone) {
        rows = call.x + <usize>first * <usize>g.c + <usize>(group * channels);
        lda = g.c;
      } else gather(call.x, zero, g, first, count, group * channels, channels, patches, lda);
      const b = call.b + <usize>group * packedBytes(k, outputs);
      const y = call.y + (<usize>first * <usize>call.outputs + <usize>column) * size;
      multiply(call, rows, lda, zero, signed, b, y, call.outputs, count, depth, column, 0, outputs, scratch);
    }
  }
}
