/** Runs inside the browser: builds, trains and reads the model with the global `tf`. */
import { channels, classes, samples, size } from '/data.mjs';
import { batchSize, epsilon, layers, learningRate, seed, steps } from '/network.mjs';

/** How fast the running mean and variance forget; training is too short for the usual 0.99. */
const momentum = 0.95;

/** Another seed for every layer, else layers of one shape would start equal. */
function initializer(index) {
  return tf.initializers.heNormal({ seed: seed + index });
}

function layer({ kind, name, kernel, stride, units }, index) {
  const convolution = { name, kernelSize: kernel, strides: stride, padding: 'same', useBias: false };
  switch (kind) {
    case 'conv':
      return tf.layers.conv2d({ ...convolution, filters: units, kernelInitializer: initializer(index) });
    case 'depthwise':
      return tf.layers.depthwiseConv2d({ ...convolution, depthwiseInitializer: initializer(index) });
    case 'norm':
      return tf.layers.batchNormalization({ name, momentum, epsilon });
    case 'relu':
      return tf.layers.reLU({ name });
    case 'relu6':
      return tf.layers.reLU({ name, maxValue: 6 });
    case 'add':
      return tf.layers.add({ name });
    case 'pool':
      return tf.layers.globalAveragePooling2d({ name });
    case 'dense':
      return tf.layers.dense({ name, units, kernelInitializer: initializer(index) });
    default:
      throw new Error(`no layer is called ${kind}`);
  }
}

function build() {
  const tensors = { input: tf.input({ shape: [size, size, channels] }) };
  const list = layers(classes.length);
  list.forEach((spec, index) => {
    const from = tensors[spec.input];
    tensors[spec.name] = layer(spec, index).apply(spec.other ? [from, tensors[spec.other]] : from);
  });
  return tf.model({ inputs: tensors.input, outputs: tensors[list.at(-1).name] });
}

/** The library wants channels last. */
function toTensor({ x, shape }) {
  return tf.tidy(() => tf.tensor4d(x, shape).transpose([0, 2, 3, 1]));
}

/**
 * Trains and returns every weight, in the library's own layouts.
 *
 * @param {(step: number, loss: number, accuracy: number) => void} report
 * @param {number} [last] the step after which to stop, to see whether training repeats
 */
export async function train(report, last = steps) {
  await tf.setBackend('webgl');
  await tf.ready();
  const model = build();
  const optimizer = tf.train.adam(learningRate);
  model.compile({
    optimizer,
    loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits),
    metrics: ['accuracy'],
  });
  for (let step = 0; step < last; step++) {
    optimizer.learningRate = learningRate * (1 - step / steps);
    const data = samples('train', batchSize, seed, step * batchSize);
    const x = toTensor(data);
    const y = tf.tidy(() => tf.oneHot(tf.tensor1d(data.y, 'int32'), classes.length).toFloat());
    const [loss, accuracy] = await model.trainOnBatch(x, y);
    tf.dispose([x, y]);
    report(step + 1, loss, accuracy);
  }
  globalThis.model = model;
  return Promise.all(
    model.layers.flatMap((each) =>
      each.weights.map(async (weight) => ({
        name: weight.originalName,
        shape: weight.shape,
        values: Array.from(await weight.read().data()),
      })),
    ),
  );
}

/** Logits of the trained model for pictures of the test split. */
export async function predict(count) {
  const logits = [];
  for (let first = 0; first < count; first += batchSize) {
    const data = samples('test', Math.min(batchSize, count - first), 0, first);
    const x = toTensor(data);
    const out = globalThis.model.predict(x);
    logits.push(...(await out.data()));
    tf.dispose([x, out]);
  }
  return logits;
}
