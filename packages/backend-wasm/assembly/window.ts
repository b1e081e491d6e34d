/** A window that goes over an image [n][h][w][c], in int32. */
@unmanaged
export class Window {
  n: i32;
  h: i32;
  w: i32;
  c: i32;
  kernelH: i32;
  kernelW: i32;
  strideH: i32;
  strideW: i32;
  top: i32;
  left: i32;
  dilationH: i32;
  dilationW: i32;
  outH: i32;
  outW: i32;
}
