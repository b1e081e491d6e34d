import type { Tensor } from '@halftone/core';
import { intAttr, intsAttr, type Node } from '@halftone/graph';

/** Sums of a 2-D convolution [N,C,H,W] by [O,I,KH,KW]; elements come from `at` and `weight`, by index. */
export function convolve(
  x: Tensor,
  w: Tensor,
  node: Node,
  at: (i: number) => number,
  weight: (i: number) => number,
): { sums: Float64Array; shape: number[] } {
  const [n, c, h, wd] = x.shape as [number, number, number, number];
  const [o, ci, kh, kw] = w.shape as [number, number, number, number];
  const [pt, pl, pb, pr] = intsAttr(node, 'pads', [0, 0, 0, 0]) as [number, number, number, number];
  const [sy, sx] = intsAttr(node, 'strides', [1, 1]) as [number, number];
  const perGroup = o / intAttr(node, 'group', 1);
  const [oh, ow] = [Math.floor((h + pt + pb - kh) / sy) + 1, Math.floor((wd + pl + pr - kw) / sx) + 1];
  const sums = new Float64Array(n * o * oh * ow);
  let index = 0;
  for (let b = 0; b < n; b++)
    for (let k = 0; k < o; k++)
      for (let y = 0; y < oh; y++)
        for (let z = 0; z < ow; z++, index++)
          for (let i = 0; i < ci; i++)
            for (let r = 0; r < kh; r++)
              for (let s = 0; s < kw; s++) {
                const [py, px] = [y * sy + r - pt, z * sx + s - pl];
                if (py < 0 || px < 0 || py >= h || px >= wd) continue;
                const channel = Math.floor(k / perGroup) * ci + i;
                const from = at(((b * c + channel) * h + py) * wd + px);
                (sums[index] as number) += from * weight(((k * ci + i) * kh + r) * kw + s);
              }
  return { sums, shape: [n, o, oh, ow] };
}

/** Matrix product [m,k] by [k,n]; elements come from `a`, by index, and `b`. */
export function product(
  m: number,
  k: number,
  n: number,
  a: (i: number) => number,
  b: (row: number, column: number) => number,
): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      for (let l = 0; l < k; l++) (out[i * n + j] as number) += a(i * k + l) * b(l, j);
  return out;
}
