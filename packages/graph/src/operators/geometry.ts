// Windows of convolutions and pools, from ONNX's attributes.
import type { WindowSpec } from '@halftone/core';
import { intAttr, intsAttr, stringAttr } from '../attributes.ts';
import { shapeError } from '../shape-error.ts';
import type { Dim, Node, SymbolicShape } from '../ir.ts';
import type { Layout, Lowering } from '../lower/lowering.ts';

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begins of every axis, then ends. */
  readonly pads: readonly number[];
  readonly ceil: boolean;
}

/** Reads the window of a node whose image has the spatial extents `spatial`; SAME paddings are worked out. */
export function windowOf(node: Node, spatial: readonly Dim[], kernel: readonly number[]): Window {
  const rank = spatial.length;
  const ones = kernel.map(() => 1);
  const strides = intsAttr(node, 'strides', ones);
  const dilations = intsAttr(node, 'dilations', ones);
  const auto = stringAttr(node, 'auto_pad', 'NOTSET');
  let pads = intsAttr(
    node,
    'pads',
    [...ones, ...ones].map(() => 0),
  );
  if (
    kernel.length !== rank ||
    strides.length !== rank ||
    dilations.length !== rank ||
    pads.length !== 2 * rank
  ) {
    shapeError(node, `kernel, strides, dilations and pads fit ${rank} spatial axes`);
  }
  if ([...kernel, ...strides, ...dilations].some((v) => v < 1))
    shapeError(node, 'kernel, strides and dilations are > 0');
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
    const totals = spatial.map((extent, i) => {
      if (typeof extent !== 'number') return 0;
      const reach = (kernel[i]! - 1) * dilations[i]! + 1;
      return Math.max(0, (Math.ceil(extent / strides[i]!) - 1) * strides[i]! + reach - extent);
    });
    const small = totals.map((total) => Math.floor(total / 2));
    const large = totals.map((total, i) => total - small[i]!);
    pads = auto === 'SAME_UPPER' ? [...small, ...large] : [...large, ...small];
  } else if (auto === 'VALID') {
    pads = pads.map(() => 0);
  } else if (auto !== 'NOTSET') {
    shapeError(node, `auto_pad ${auto} is not known`);
  }
  return { kernel, strides, dilations, pads, ceil: intAttr(node, 'ceil_mode', 0) === 1 };
}

/** Output extents of the spatial axes; unknown where the input's are. */
export function windowExtents(node: Node, spatial: readonly Dim[], window: Window): Dim[] {
  const auto = stringAttr(node, 'auto_pad', 'NOTSET');
  const rank = spatial.length;
  return spatial.map((extent, i) => {
    if (typeof extent !== 'number') return undefined;
    const stride = window.strides[i]!;
    if (auto.startsWith('SAME')) return Math.ceil(extent / stride);
    const before = window.pads[i]!;
    const room =
      extent + before + window.pads[i + rank]! - ((window.kernel[i]! - 1) * window.dilations[i]! + 1);
    let count = (window.ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    // A window that would start in the padding after the image does not count (ONNX, pooling with ceil_mode).
    if (window.ceil && (count - 1) * stride >= extent + before) count--;
    return Math.max(0, count);
  });
}

/** Spatial extents of an image [N, C, ...]. */
export function spatialOf(node: Node, shape: SymbolicShape): readonly Dim[] {
  if (shape.length < 3) shapeError(node, `an image has at least 3 axes, not ${shape.length}`);
  return shape.slice(2);
}

/**
 * The window in core's form, 2-D over NHWC; a 1-D image is one row. End padding is what the output extents need, so that
 * ceil_mode needs no flag: it may lie past the attribute's. Throws HT_UNSUPPORTED for 3-D images.
 */
export function coreWindow(
  node: Node,
  lowering: Lowering,
  input: string,
  output: string,
  window: Window,
): WindowSpec {
  const shape = lowering.shape(input);
  const out = lowering.shape(output).slice(2);
  const spatial = shape.slice(2);
  if (spatial.length > 2) throw lowering.refusal(node, `${spatial.length}-D images are not covered`);
  const rows = spatial.length === 1;
  const pair = (values: readonly number[], fill: number): [number, number] =>
    rows ? [fill, values[0]!] : [values[0]!, values[1]!];
  const rank = spatial.length;
  const ends = spatial.map((extent, i) => {
    const reach = (window.kernel[i]! - 1) * window.dilations[i]! + 1;
    const needed = (out[i]! - 1) * window.strides[i]! + reach - extent - window.pads[i]!;
    return window.ceil ? Math.max(needed, window.pads[i + rank]!) : window.pads[i + rank]!;
  });
  const [top, left] = pair(window.pads, 0);
  const [bottom, right] = pair(ends, 0);
  const [h, w] = pair(spatial, 1);
  return {
    n: shape[0]!,
    h,
    w,
    c: shape[1]!,
    kernel: pair(window.kernel, 1),
    strides: pair(window.strides, 1),
    dilations: pair(window.dilations, 1),
    pads: [top, left, bottom, right],
  };
}

/** Index of ONNX axis `axis` in a layout. */
export function axisIn(layout: Layout, rank: number, axis: number): number {
  if (layout === 'plain' || axis === 0) return axis;
  return axis === 1 ? rank - 1 : axis - 1;
}

/** A shape in ONNX's order as it lies in a layout. */
export function shapeIn(layout: Layout, shape: readonly number[]): readonly number[] {
  return layout === 'plain' || shape.length < 3 ? shape : [shape[0]!, ...shape.slice(2), shape[1]!];
}

/** True where every extent is a number. */
export function isKnown(shape: SymbolicShape): shape is readonly number[] {
  return shape.every((extent) => typeof extent === 'number');
}
