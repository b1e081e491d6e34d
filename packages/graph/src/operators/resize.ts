import type { NearestMode, ResizeAxis, ResizeCoordinates, ResizeSpec } from '@halftone/core';
import { floatAttr, intAttr, intsAttr, stringAttr } from '../attributes.ts';
import type { Dim, Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import { shapeError } from '../shape-error.ts';
import { axesFrom, knownIntegers } from './axes.ts';
import type { Operator } from './definition.ts';
import { axisIn, isKnown, shapeIn } from './geometry.ts';

const { fround } = Math;

/** What the node says of its axes: scales or sizes, one for each of `axes`. */
interface Target {
  readonly axes: readonly number[];
  readonly scales: readonly number[] | undefined;
  readonly sizes: readonly number[] | undefined;
}

function targetOf(
  node: Node,
  rank: number,
  floats: (input: number) => readonly number[] | undefined,
): Target | undefined {
  const axes = axesFrom(
    node,
    intsAttr(
      node,
      'axes',
      Array.from({ length: rank }, (_, i) => i),
    ),
    rank,
  );
  const given = (input: number): boolean => (node.inputs[input] ?? '') !== '';
  const scales = given(2) ? floats(2) : undefined;
  const sizes = given(3) ? floats(3) : undefined;
  // An empty list of scales beside sizes is how older exporters leave them out.
  const used = sizes === undefined ? scales : undefined;
  const list = sizes ?? used;
  if (list === undefined) return undefined;
  if (list.length !== axes.length) shapeError(node, `${list.length} scales or sizes for ${axes.length} axes`);
  return { axes, scales: used, sizes };
}

/** The axes with their extents in the result. */
function resizedAxes(node: Node, shape: readonly number[], { axes, scales, sizes }: Target): ResizeAxis[] {
  if (scales)
    return axes.map((axis, i) => ({
      axis,
      extent: Math.floor(shape[axis]! * scales[i]!),
      scale: scales[i]!,
    }));
  const policy = stringAttr(node, 'keep_aspect_ratio_policy', 'stretch');
  const ratios = axes.map((axis, i) => fround(sizes![i]! / shape[axis]!));
  if (policy === 'stretch') return axes.map((axis, i) => ({ axis, extent: sizes![i]!, scale: ratios[i]! }));
  if (policy !== 'not_larger' && policy !== 'not_smaller')
    shapeError(node, `keep_aspect_ratio_policy ${policy} is not known`);
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis) => ({ axis, extent: Math.floor(fround(scale * shape[axis]!) + 0.5), scale }));
}

const coordinateModes: readonly ResizeCoordinates[] = [
  'align_corners',
  'asymmetric',
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'tf_crop_and_resize',
];
const nearestModes: readonly NearestMode[] = ['ceil', 'floor', 'round_prefer_ceil', 'round_prefer_floor'];

function choice<T extends string>(
  node: Node,
  lowering: Lowering,
  name: string,
  known: readonly T[],
  fallback: T,
): T {
  const given = stringAttr(node, name, fallback);
  const found = known.find((value) => value === given);
  if (found === undefined) throw lowering.refusal(node, `${name} ${given} is not covered`);
  return found;
}

const resize: Operator = {
  op: 'Resize',
  domain: '',
  shapeInputs: [1, 2, 3],
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    if (shape === undefined) return [{ elementType, shape }];
    const target = targetOf(node, shape.length, (input) => knownIntegers(context, input));
    if (target === undefined || !isKnown(shape))
      return [{ elementType, shape: partial(node, shape, target) }];
    const resized = resizedAxes(node, shape, target);
    return [
      {
        elementType,
        shape: shape.map((extent, i) => resized.find(({ axis }) => axis === i)?.extent ?? extent),
      },
    ];
  },
  lower(node, lowering) {
    const [x, output] = [node.inputs[0]!, node.outputs[0]!];
    if (intAttr(node, 'antialias', 0) === 1) throw lowering.refusal(node, 'antialias is not covered');
    const shape = lowering.shape(x);
    const numbers = (input: number): readonly number[] | undefined => {
      const found = lowering.constantOf(node.inputs[input] ?? '');
      return found && Array.from(found.data as ArrayLike<number | bigint>, Number);
    };
    const target = targetOf(node, shape.length, numbers);
    if (target === undefined)
      throw lowering.refusal(node, 'scales or sizes that a run computes are not covered');
    const coordinates = choice(
      node,
      lowering,
      'coordinate_transformation_mode',
      coordinateModes,
      'half_pixel',
    );
    const crop = coordinates === 'tf_crop_and_resize' ? numbers(1) : undefined;
    const layout = lowering.layout(x);
    const axes = resizedAxes(node, shape, target)
      .map(
        (found, i): ResizeAxis => ({
          ...found,
          axis: axisIn(layout, shape.length, found.axis),
          ...(crop ? { crop: [crop[i]!, crop[i + target.axes.length]!] as const } : {}),
        }),
      )
      .filter(
        ({ axis, extent, scale, crop: cut }) =>
          cut !== undefined || scale !== 1 || extent !== shapeIn(layout, shape)[axis],
      )
      .sort((a, b) => a.axis - b.axis);
    const mode = choice(node, lowering, 'mode', ['nearest', 'linear', 'cubic'], 'nearest');
    const dtype = lowering.dtype(x);
    if (mode !== 'nearest' && dtype !== 'float32')
      throw lowering.refusal(node, `${mode} of ${dtype} is not covered`);
    const spec: ResizeSpec = {
      dtype,
      shape: shapeIn(layout, shape),
      axes,
      mode,
      coordinates,
      nearest: choice(node, lowering, 'nearest_mode', nearestModes, 'round_prefer_floor'),
      cubic: fround(floatAttr(node, 'cubic_coeff_a', -0.75)),
      excludeOutside: intAttr(node, 'exclude_outside', 0) === 1,
      extrapolation: fround(floatAttr(node, 'extrapolation_value', 0)),
    };
    lowering.define(
      output,
      layout,
      lowering.kernel('resize', spec, { x: lowering.value(x, layout) }, output)['y']!,
    );
  },
};

/** Extents where the image's are not all known: those that sizes state, and those that stay. */
function partial(node: Node, shape: readonly Dim[], target: Target | undefined): Dim[] {
  return shape.map((extent, axis) => {
    const i = target?.axes.indexOf(axis) ?? -1;
    if (target === undefined || i < 0) return target === undefined ? undefined : extent;
    if (target.sizes && stringAttr(node, 'keep_aspect_ratio_policy', 'stretch') === 'stretch')
      return target.sizes[i];
    const scale = target.scales?.[i];
    if (scale === 1) return extent;
    return scale !== undefined && typeof extent === 'number' ? Math.floor(extent * scale) : undefined;
  });
}

export const resizeOperators: readonly Operator[] = [resize];
