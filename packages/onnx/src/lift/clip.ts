import type { Node } from '@halftone/graph';
import type { LiftContext } from './context.ts';
import { changed, floatOf, type Rule, stem } from './rule.ts';

/** Clip 11: `min` and `max` became inputs, which an absent attribute (no limit) leaves out. */
export const clip11: Rule = (node, context) => {
  const [data = ''] = node.inputs;
  const low = floatOf(node, 'min');
  const high = floatOf(node, 'max');
  if (low === undefined && high === undefined) return [changed(node, { inputs: [data] })];
  const refusal = needsFloat32(node, context);
  if (refusal !== undefined) return { refusal };
  const inputs = [data, low === undefined ? '' : context.float(`${stem(node)}_min`, low)];
  if (high !== undefined) inputs.push(context.float(`${stem(node)}_max`, high));
  return [changed(node, { drop: ['min', 'max'], inputs })];
};

/** A limit has the element type of the data; types that the file does not tell are float32. */
export function needsFloat32(node: Node, context: LiftContext): string | undefined {
  const type = context.elementType(node.inputs[0] ?? '') ?? 'float32';
  return type === 'float32'
    ? undefined
    : `${node.op} of ${type} data is not lifted; convert the model to opset 13 with ONNX's version converter`;
}
