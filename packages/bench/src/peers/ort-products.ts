// Products and convolutions as ONNX models of one node.
import { dtypes, type OpSpecs, type Refusal, type Tensor } from '@halftone/core';
import { attribute, makeNode } from '@halftone/graph';
import { MICROSOFT, one, type OrtForm, scalar, windowOf } from './ort-form.ts';

export function qgemm(spec: OpSpecs['qgemm']): OrtForm | Refusal {
  const { batch, m, n, k, a, output } = spec;
  if (batch !== 1) return { reason: 'no model is made for a batch' };
  const rows = ({ b }: Readonly<Record<string, Tensor>>): Tensor =>
    spec.transposeB ? transposed(b!, n, k) : ({ ...b!, shape: [k, n] } as Tensor);
  const shared = {
    inputs: { a: { dtype: a, shape: [m, k] } },
    outputs: { y: { dtype: output.type === 'codes' ? output.dtype : output.type, shape: [m, n] } },
  } as const;
  if (output.type === 'int32') {
    if (spec.bias !== 'none') return { reason: 'MatMulInteger has no bias' };
    return {
      ...shared,
      operator: 'MatMulInteger',
      node: (values) => ({
        node: makeNode('MatMulInteger', ['a', 'b', 'aZero', 'bZero'], ['y']),
        initializers: { b: rows(values), ...zeros(values) },
      }),
    };
  }
  if (output.type === 'float32') {
    if (spec.bias === 'int32') return { reason: 'MatMulIntegerToFloat adds its bias after scaling' };
    return {
      ...shared,
      operator: 'MatMulIntegerToFloat',
      node: (values) => ({
        node: makeNode(
          'MatMulIntegerToFloat',
          ['a', 'b', 'one', 'multiplier', 'aZero', 'bZero', ...(spec.bias === 'none' ? [] : ['bias'])],
          ['y'],
          {},
          MICROSOFT,
        ),
        initializers: {
          b: rows(values),
          ...zeros(values),
          one,
          multiplier: scalar(values['multiplier']!),
          ...(spec.bias === 'none' ? {} : { bias: values['bias']! }),
        },
      }),
    };
  }
  if (output.mode !== 'ort-f32' || output.clamp)
    return { reason: 'ONNX Runtime has one requantization, without a clamp' };
  if (spec.bias === 'none')
    return {
      ...shared,
      operator: 'QLinearMatMul',
      node: (values) => ({
        node: makeNode(
          'QLinearMatMul',
          ['a', 'one', 'aZero', 'b', 'multiplier', 'bZero', 'one', 'yZero'],
          ['y'],
        ),
        initializers: { b: rows(values), ...zeros(values), ...scales(values) },
      }),
    };
  return {
    ...shared,
    operator: 'QGemm',
    node: (values) => ({
      node: makeNode(
        'QGemm',
        ['a', 'one', 'aZero', 'b', 'multiplier', 'bZero', 'bias', 'one', 'yZero'],
        ['y'],
        {},
        MICROSOFT,
      ),
      initializers: {
        b: rows(values),
        ...zeros(values),
        ...scales(values),
        // QGemm wants as many zero points of B as scales.
        bZero: repeated(values['bZeroPoint']!, values['multiplier']!.data.length),
        bias: values['bias']!,
      },
    }),
  };
}

/** ONNX Runtime's own names of the three computations. */
const accuracyLevels = { 'dequant-f32': 0, bf16: 3, 'int8-block': 4 } as const;

export function blockGemm(spec: OpSpecs['blockGemm']): OrtForm | Refusal {
  const { m, n, k, block, bias, computation } = spec;
  if (spec.layout !== 'nbits') return { reason: 'MatMulNBits has a layout of its own' };
  const bits = spec.b === 'uint4' ? 4 : 8;
  return {
    operator: 'MatMulNBits',
    inputs: { a: { dtype: 'float32', shape: [m, k] } },
    outputs: { y: { dtype: 'float32', shape: [m, n] } },
    node: ({ b, scale, zeroPoint, bias: added }) => {
      // Left out where they are those that the operator has by itself, as models do.
      const zeros = (zeroPoint!.data as Uint8Array).some((zero) => zero !== (bits === 4 ? 0x88 : 0x80));
      return {
        node: makeNode(
          'MatMulNBits',
          [
            'a',
            'b',
            'scale',
            ...(zeros || bias ? [zeros ? 'zeroPoint' : ''] : []),
            ...(bias ? ['', 'bias'] : []),
          ],
          ['y'],
          {
            K: attribute.int(k),
            N: attribute.int(n),
            bits: attribute.int(bits),
            block_size: attribute.int(block),
            accuracy_level: attribute.int(accuracyLevels[computation]),
          },
          MICROSOFT,
        ),
        initializers: {
          b: b!,
          scale: scale!,
          ...(zeros ? { zeroPoint: zeroPoint! } : {}),
          ...(bias ? { bias: added! } : {}),
        },
      };
    },
  };
}

export function qconv2d(spec: OpSpecs['qconv2d']): OrtForm | Refusal {
  const { n, h, w, c, x, output } = spec;
  if (output.type !== 'codes' || output.mode !== 'ort-f32' || output.clamp)
    return { reason: 'QLinearConv gives codes, by one requantization, without a clamp' };
  if (output.dtype !== x) return { reason: 'QLinearConv gives codes of the type of its image' };
  return {
    operator: 'QLinearConv',
    inputs: { x: { dtype: x, shape: [n, h, w, c] } },
    outputs: { y: { dtype: output.dtype } },
    node: (values) => ({
      node: makeNode(
        'QLinearConv',
        [
          'x',
          'one',
          'xZero',
          'w',
          'multiplier',
          'wZero',
          'one',
          'yZero',
          ...(spec.bias === 'none' ? [] : ['bias']),
        ],
        ['y'],
        {
          ...windowOf(spec),
          group: attribute.int(spec.groups),
          channels_last: attribute.int(1),
        },
        MICROSOFT,
      ),
      initializers: {
        w: channelsFirst(values['w']!, spec),
        xZero: scalar(values['xZeroPoint']!),
        wZero: scalar(values['wZeroPoint']!),
        ...scales(values),
        ...(spec.bias === 'none' ? {} : { bias: values['bias']! }),
      },
    }),
  };
}

/** The scales whose product over the last one is the multiplier. */
function scales({ multiplier, zeroPoint }: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return { one, multiplier: scalar(multiplier!), yZero: scalar(zeroPoint!) };
}

function repeated(value: Tensor, count: number): Tensor {
  if (value.data.length === count) return scalar(value);
  const data = new dtypes[value.dtype].Array(count).fill(value.data[0] as never);
  return { dtype: value.dtype, shape: [count], data } as Tensor;
}

function zeros({ aZeroPoint, bZeroPoint }: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return { aZero: scalar(aZeroPoint!), bZero: scalar(bZeroPoint!) };
}

/** [n, k] as [k, n]. */
function transposed(value: Tensor, n: number, k: number): Tensor {
  const data = value.data.slice();
  for (let i = 0; i < n; i++) for (let j = 0; j < k; j++) data[j * n + i] = value.data[i * k + j]!;
  return { dtype: value.dtype, shape: [k, n], data } as Tensor;
}

/** OHWI weights as OIHW. */
function channelsFirst(value: Tensor, { o, kernel: [kh, kw], c, groups }: OpSpecs['qconv2d']): Tensor {
  const inner = c / groups;
  const area = kh * kw;
  const data = value.data.slice();
  for (let at = 0; at < o; at++)
    for (let place = 0; place < area; place++)
      for (let i = 0; i < inner; i++)
        data[(at * inner + i) * area + place] = value.data[(at * area + place) * inner + i]!;
  return { dtype: value.dtype, shape: [o, inner, kh, kw], data } as Tensor;
}
