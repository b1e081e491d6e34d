import { tensor } from '@halftone/core';
import { attribute, constantOf, makeNode } from '@halftone/graph';
import { serializeOnnx } from '@halftone/onnx';

/** Weights of the training library by layer, then by their last name. */
function byLayer(weights) {
  const layers = new Map();
  for (const { name, shape, values } of weights) {
    const [layer, kind] = name.split('/');
    const entry = layers.get(layer) ?? {};
    entry[kind] = { shape, values };
    layers.set(layer, entry);
  }
  return layers;
}

/** [h, w, from, to] to [to, from, h, w]. */
function toOihw({ shape: [h, w, from, to], values }) {
  const out = new Float32Array(values.length);
  for (let o = 0; o < to; o++)
    for (let i = 0; i < from; i++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++)
          out[((o * from + i) * h + y) * w + x] = values[((y * w + x) * from + i) * to + o];
  return tensor('float32', out, [to, from, h, w]);
}

/** [h, w, channels, 1] to [channels, 1, h, w]: one filter a group. */
function toDepthwise({ shape: [h, w, channels, multiplier], values }) {
  return toOihw({ shape: [h, w, 1, channels * multiplier], values });
}

/** Padding that keeps ceil(extent / stride) pixels, the odd one at the end. */
function samePads(extent, kernel, stride) {
  const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + kernel - extent);
  const before = Math.floor(total / 2);
  return [before, before, total - before, total - before];
}

/**
 * The trained network as ONNX, BatchNormalization unfolded.
 *
 * @param {import('./network.mjs').Layer[]} layers
 * @param {{ name: string, shape: number[], values: number[] }[]} weights in the training library's layouts
 * @param {{ channels: number, size: number, classes: number, epsilon: number }} options
 * @returns {Uint8Array} bytes of the model: `input` [N, channels, size, size] to `logits` [N, classes]
 */
export function writeModel(layers, weights, { channels, size, classes, epsilon }) {
  const trained = byLayer(weights);
  const constants = new Map();
  const constant = (name, value) => {
    constants.set(name, constantOf(name, value));
    return name;
  };
  const vector = (name, { values }) => constant(name, tensor('float32', Float32Array.from(values)));
  const extents = new Map([['input', size]]);
  const depths = new Map([['input', channels]]);
  const nodes = [];
  for (const { kind, name, input, other, kernel, stride, units } of layers) {
    const own = trained.get(name);
    const output = name === layers.at(-1).name ? 'logits' : name;
    const extent = extents.get(input);
    const depth = depths.get(input);
    extents.set(name, stride ? Math.ceil(extent / stride) : extent);
    depths.set(name, units ?? depth);
    const node = (op, inputs, attributes = {}) =>
      nodes.push(makeNode(op, inputs, [output], attributes, { name }));
    if (kind === 'conv' || kind === 'depthwise') {
      const weight = kind === 'conv' ? toOihw(own.kernel) : toDepthwise(own.depthwise_kernel);
      node('Conv', [input, constant(`${name}.weight`, weight)], {
        kernel_shape: attribute.ints([kernel, kernel]),
        strides: attribute.ints([stride, stride]),
        pads: attribute.ints(samePads(extent, kernel, stride)),
        group: attribute.int(kind === 'conv' ? 1 : depth),
      });
    } else if (kind === 'norm') {
      const params = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((part) =>
        vector(`${name}.${part}`, own[part]),
      );
      node('BatchNormalization', [input, ...params], { epsilon: attribute.float(epsilon) });
    } else if (kind === 'relu') {
      node('Relu', [input]);
    } else if (kind === 'relu6') {
      node('Clip', [
        input,
        constant(`${name}.low`, tensor('float32', [0], [])),
        constant(`${name}.high`, tensor('float32', [6], [])),
      ]);
    } else if (kind === 'add') {
      node('Add', [input, other]);
    } else if (kind === 'pool') {
      nodes.push(makeNode('GlobalAveragePool', [input], [`${name}.mean`], {}, { name }));
      nodes.push(makeNode('Flatten', [`${name}.mean`], [name], {}, { name: `${name}.flatten` }));
    } else {
      const weight = constant(
        `${name}.weight`,
        tensor('float32', Float32Array.from(own.kernel.values), own.kernel.shape),
      );
      node('Gemm', [input, weight, vector(`${name}.bias`, own.bias)]);
    }
  }
  return serializeOnnx({
    name: 'demo',
    opset: 13,
    domains: new Map(),
    inputs: [{ name: 'input', elementType: 'float32', shape: ['N', channels, size, size] }],
    outputs: [{ name: 'logits', elementType: 'float32', shape: ['N', classes] }],
    nodes,
    constants,
    values: new Map(),
  });
}
