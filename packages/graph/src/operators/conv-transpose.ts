import { type ConvTranspose2dSpec, transposedOutput } from '@halftone/core';
import { intAttr, intsAttr, stringAttr } from '../attributes.ts';
import type { Dim, Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { shapeError } from '../shape-error.ts';
import { floatClampAfter } from './clamp.ts';
import type { Operator } from './definition.ts';
import { isKnown, spatialOf } from './geometry.ts';
import { requireFloat } from './require-float.ts';

interface Geometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly outputPadding: readonly number[];
  /** Begins of every axis, then ends: what is cut off. */
  readonly pads: readonly number[];
  readonly extents: readonly Dim[];
}

function geometry(node: Node, spatial: readonly Dim[], kernel: readonly number[]): Geometry {
  const rank = spatial.length;
  const list = (name: string, fill: number, count = rank): readonly number[] => {
    const found = intsAttr(node, name, new Array<number>(count).fill(fill));
    if (found.length !== count) shapeError(node, `${name} has ${found.length} elements, not ${count}`);
    return found;
  };
  const [strides, dilations, outputPadding] = [
    list('strides', 1),
    list('dilations', 1),
    list('output_padding', 0),
  ];
  if (
    kernel.length !== rank ||
    [...strides, ...dilations].some((v) => v < 1) ||
    outputPadding.some((v) => v < 0)
  )
    shapeError(node, `kernel, strides, dilations and output_padding fit ${rank} spatial axes`);
  /** Extent before anything is cut off. */
  const whole = (extent: number, i: number): number =>
    (extent - 1) * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1 + outputPadding[i]!;
  const auto = stringAttr(node, 'auto_pad', 'NOTSET');
  const wanted = intsAttr(node, 'output_shape', undefined)?.slice(-rank);
  const given = auto === 'VALID' ? new Array<number>(2 * rank).fill(0) : list('pads', 0, 2 * rank);
  const targets = spatial.map((extent, i) => {
    if (wanted) return wanted[i];
    return auto.startsWith('SAME') && typeof extent === 'number' ? extent * strides[i]! : undefined;
  });
  const cuts = spatial.map((extent, i): [number, number] => {
    const target = targets[i];
    if (target === undefined || typeof extent !== 'number') return [given[i]!, given[i + rank]!];
    const total = Math.max(0, whole(extent, i) - target);
    const half = Math.floor(total / 2);
    // The odd row goes to the end with SAME_UPPER, and to the beginning otherwise.
    return auto === 'SAME_UPPER' ? [half, total - half] : [total - half, half];
  });
  const extents = spatial.map((extent, i) =>
    typeof extent === 'number'
      ? Math.max(0, targets[i] ?? whole(extent, i) - cuts[i]![0] - cuts[i]![1])
      : undefined,
  );
  return {
    kernel,
    strides,
    dilations,
    outputPadding,
    pads: [...cuts.map(([begin]) => begin), ...cuts.map(([, end]) => end)],
    extents,
  };
}

/** Weights [C, O / groups, ...] as OHWI, O over all groups, I the channels of one. */
function weightsOf(lowering: Lowering, name: string, groups: number): Value {
  const [c, m, ...kernel] = lowering.shape(name) as [number, number, ...number[]];
  const taps = kernel.reduce((product, extent) => product * extent, 1);
  return lowering.transpose(lowering.plain(name), [groups, c / groups, m, taps], [0, 2, 3, 1], name);
}

const convTranspose: Operator = {
  op: 'ConvTranspose',
  domain: '',
  infer(node, context) {
    const { shape: x, elementType } = context.type(0);
    const kernel = context.type(1).shape?.slice(2);
    if (x === undefined || kernel === undefined || !isKnown(kernel))
      return [{ elementType, shape: undefined }];
    const m = context.type(1).shape![1];
    const channels = typeof m === 'number' ? m * intAttr(node, 'group', 1) : undefined;
    return [{ elementType, shape: [x[0], channels, ...geometry(node, spatialOf(node, x), kernel).extents] }];
  },
  lower(node, lowering) {
    const [x, w, bias = ''] = node.inputs as [string, string, string?];
    requireFloat(node, lowering, x, w, ...(bias ? [bias] : []));
    const [n, c, ...spatial] = lowering.shape(x) as [number, number, ...number[]];
    if (spatial.length > 2) throw lowering.refusal(node, `${spatial.length}-D images are not covered`);
    const groups = intAttr(node, 'group', 1);
    const [wc, m, ...kernel] = lowering.shape(w) as [number, number, ...number[]];
    if (wc !== c || c % groups !== 0)
      shapeError(node, `weights for ${wc} channels in ${groups} groups, not ${c}`);
    const found = geometry(node, spatial, kernel);
    const pair = (values: readonly number[], fill: number): [number, number] =>
      values.length === 1 ? [fill, values[0]!] : [values[0]!, values[1]!];
    const rank = spatial.length;
    const [top, left] = pair(found.pads.slice(0, rank), 0);
    const [bottom, right] = pair(found.pads.slice(rank), 0);
    const [h, width] = pair(spatial, 1);
    const { clamp, output } = floatClampAfter(node, lowering);
    const spec: ConvTranspose2dSpec = {
      n,
      h,
      w: width,
      c,
      o: m * groups,
      groups,
      kernel: pair(kernel, 1),
      strides: pair(found.strides, 1),
      dilations: pair(found.dilations, 1),
      outputPadding: pair(found.outputPadding, 0),
      pads: [top, left, bottom, right],
      bias: bias !== '',
      ...clamp,
    };
    const reached = transposedOutput(spec).slice(-rank);
    // output_shape may ask for more than the taps reach: rows that are added at the end.
    const more = found.extents.map((extent, i) => (extent as number) - reached[i]!);
    if (more.some((rows) => rows > 0))
      throw lowering.refusal(node, 'an output_shape that the window does not reach is not covered');
    const inputs = {
      x: lowering.value(x, 'last'),
      w: weightsOf(lowering, w, groups),
      ...(bias ? { bias: lowering.plain(bias) } : {}),
    };
    lowering.define(output, 'last', lowering.kernel('convTranspose2d', spec, inputs, output)['y']!);
  },
};

export const convTransposeOperators: readonly Operator[] = [convTranspose];
