import { changed, floatOf, type Rule, stem } from './rule.ts';

/** Dropout 10: the mask became boolean. */
export const dropout10: Rule = (node, context) => {
  if (context.isRead(node.outputs[1])) return { refusal: 'the mask of Dropout is boolean since opset 10' };
  return [changed(node, { outputs: node.outputs.slice(0, 1) })];
};

/** Dropout 12: `ratio` became an input; without `training_mode` the data pass unchanged, as before. */
export const dropout12: Rule = (node, context) => {
  const ratio = floatOf(node, 'ratio');
  const [data = ''] = node.inputs;
  const inputs = ratio === undefined ? [data] : [data, context.float(`${stem(node)}_ratio`, ratio)];
  return [changed(node, { drop: ['ratio'], inputs })];
};
