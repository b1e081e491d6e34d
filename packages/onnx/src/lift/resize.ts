import { attribute } from '@halftone/graph';
import type { LiftContext } from './context.ts';
import { changed, floatsOf, type Rule, stem, textOf } from './rule.ts';

/** Upsample 9: `scales` became an input. */
export const upsample9: Rule = (node, context) => {
  const scales = floatsOf(node, 'scales');
  if (scales === undefined) return { refusal: 'Upsample has no scales' };
  const tensor = { dtype: 'float32', shape: [scales.length], data: Float32Array.from(scales) } as const;
  return [
    changed(node, {
      drop: ['scales'],
      inputs: [node.inputs[0] ?? '', context.constant(`${stem(node)}_scales`, tensor)],
    }),
  ];
};

/** Upsample 10: withdrawn; Resize says the same. */
export const upsample10: Rule = (node) => [changed(node, { op: 'Resize' })];

/**
 * Resize 11: `roi` came in between, and the sampling must be said. Resize 10 took x_original = x_resized / scale
 * (`asymmetric`); nearest pixels were rounded down when growing, and up when shrinking, as ONNX Runtime does.
 */
export const resize11: Rule = (node, context) => {
  const [data = '', scales = ''] = node.inputs;
  const set: Record<string, ReturnType<typeof attribute.string>> = {
    coordinate_transformation_mode: attribute.string('asymmetric'),
  };
  if ((textOf(node, 'mode') ?? 'nearest') === 'nearest') {
    const rounding = nearestMode(scales, context);
    if (rounding === undefined)
      return {
        refusal:
          'how nearest pixels are rounded cannot be said for scales that are computed, or that grow and shrink at once',
      };
    set['nearest_mode'] = attribute.string(rounding);
  }
  return [changed(node, { inputs: [data, '', scales], set })];
};

function nearestMode(scales: string, context: LiftContext): 'floor' | 'ceil' | undefined {
  const constant = context.constants.get(scales);
  if (constant?.elementType !== 'float32') return undefined;
  const values = [...(constant.tensor().data as Float32Array)];
  if (values.every((scale) => scale >= 1)) return 'floor';
  return values.every((scale) => scale > 0 && scale <= 1) ? 'ceil' : undefined;
}

/** Resize 13: one sampling went away. */
export const resize13: Rule = (node) => {
  if (textOf(node, 'coordinate_transformation_mode') !== 'tf_half_pixel_for_nn') return [node];
  return { refusal: 'the sampling tf_half_pixel_for_nn was withdrawn at opset 13' };
};
