import { changed, type Changes, intOf, type Rule } from './rule.ts';
import type { Node } from '@halftone/graph';

/** BatchNormalization 9: `spatial` went away, whose default (1, statistics per channel) is the only form left. */
export const batchNormalization9: Rule = (node, context) => {
  if ((intOf(node, 'spatial') ?? 1) !== 1)
    return { refusal: 'BatchNormalization with spatial = 0 has no newer form' };
  return [changed(node, { drop: ['spatial'], ...withoutStatistics(node, (value) => context.isRead(value)) })];
};

/** BatchNormalization 14: a node without `training_mode` has one output. */
export const batchNormalization14: Rule = (node, context) => {
  if (node.outputs.slice(1).some((value) => context.isRead(value)))
    return { refusal: 'BatchNormalization for training has other outputs since opset 14' };
  return [changed(node, { outputs: node.outputs.slice(0, 1) })];
};

/** The outputs of training (running mean and variance), where nothing reads them, are left out. */
function withoutStatistics(node: Node, isRead: (value: string) => boolean): Changes {
  return node.outputs.slice(1).some(isRead) ? {} : { outputs: node.outputs.slice(0, 1) };
}
