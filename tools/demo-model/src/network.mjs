/**
 * The network as data: the page builds the trained model from it and the writer builds the ONNX graph,
 * so the two cannot drift apart. This file loads in Node and in the page.
 */

/** Where training starts; the same seed on the same machine gives the same weights. */
export const seed = 20261;

/** Batches that training sees, and pictures a batch; no picture is seen twice. */
export const steps = 1100;
export const batchSize = 32;

/** Learning rate of Adam at the start; it falls linearly to zero. */
export const learningRate = 0.004;

/** Added to the variance by every BatchNormalization. */
export const epsilon = 1e-3;

/**
 * The layers in order. `input` names the layer that is read, the one before by default.
 * `conv` and `depthwise` pad so that the output has ceil(input / stride) pixels, the odd one at the end.
 * They have no bias: a `norm` follows each.
 *
 * @typedef {object} Layer
 * @property {'conv' | 'depthwise' | 'norm' | 'relu' | 'relu6' | 'add' | 'pool' | 'dense'} kind
 * @property {string} name
 * @property {string} input
 * @property {string} [other] second operand of `add`
 * @property {number} [kernel]
 * @property {number} [stride]
 * @property {number} [units] channels after `conv` and `dense`
 */

/**
 * @param {number} classCount
 * @returns {Layer[]}
 */
export function layers(classCount) {
  /** @type {Layer[]} */
  const list = [];
  let last = 'input';
  const add = (kind, name, rest = {}) => {
    list.push({ kind, name, input: last, ...rest });
    last = name;
  };
  const normed = (kind, name, activation, rest) => {
    add(kind, name, rest);
    add('norm', `${name}_norm`);
    if (activation) add(activation, `${name}_${activation}`);
  };
  const separable = (name, units, stride) => {
    normed('depthwise', `${name}_depthwise`, 'relu6', { kernel: 3, stride });
    normed('conv', `${name}_pointwise`, 'relu6', { kernel: 1, stride: 1, units });
  };
  const residual = (name, units) => {
    const start = last;
    normed('depthwise', `${name}_depthwise`, 'relu6', { kernel: 3, stride: 1 });
    normed('conv', `${name}_pointwise`, undefined, { kernel: 1, stride: 1, units });
    add('add', `${name}_add`, { other: start });
    add('relu', `${name}_relu`);
  };
  normed('conv', 'stem', 'relu', { kernel: 3, stride: 2, units: 16 });
  separable('block1', 32, 1);
  separable('block2', 64, 2);
  residual('block3', 64);
  separable('block4', 128, 2);
  residual('block5', 128);
  separable('block6', 256, 2);
  residual('block7', 256);
  add('pool', 'pool');
  add('dense', 'head', { units: classCount });
  return list;
}
