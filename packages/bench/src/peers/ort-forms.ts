// Ops of the catalogue as ONNX models of one node: ONNX Runtime is given the operator that its own users would take.
import {
  type DType,
  dtypes,
  exp,
  HalftoneError,
  log,
  type OpSpecs,
  type Refusal,
  type Tensor,
  tensor,
  type TensorDesc,
} from '@halftone/core';
import { attribute, constantOf, type Graph, makeNode, type Node, type ValueInfo } from '@halftone/graph';
import type { Forms } from './peer-driver.ts';

/** How an op is written as a model. */
export interface OrtForm {
  /** Operands that stay inputs; the values of all others become initializers, which ONNX Runtime packs. */
  readonly inputs: Readonly<Record<string, TensorDesc>>;
  /** Without a shape: that of the op's result. */
  readonly outputs: Readonly<Record<string, { readonly dtype: DType; readonly shape?: readonly number[] }>>;
  /** The operator, for people. */
  readonly operator: string;
  /** The node, with the constants that it names. */
  node(constants: Readonly<Record<string, Tensor>>): {
    node: Node;
    initializers: Readonly<Record<string, Tensor>>;
  };
}

const MICROSOFT = { domain: 'com.microsoft' };
const one = tensor('float32', [1], []);

function scalar(value: Tensor): Tensor {
  return value.data.length === 1 ? ({ ...value, shape: [] } as Tensor) : value;
}

export const ortForms: Forms<OrtForm> = {
  quantize(spec) {
    if (spec.block !== undefined) return { reason: 'blocks are not timed' };
    if (spec.to !== 'int8' && spec.to !== 'uint8') return { reason: `no model is made for ${spec.to}` };
    return {
      operator: 'QuantizeLinear',
      inputs: { x: { dtype: 'float32', shape: spec.shape } },
      outputs: { y: { dtype: spec.to, shape: spec.shape } },
      node: ({ scale, zeroPoint }) => ({
        node: makeNode('QuantizeLinear', ['x', 'scale', 'zeroPoint'], ['y'], axisOf(spec.axis)),
        initializers: { scale: scalar(scale!), zeroPoint: scalar(zeroPoint!) },
      }),
    };
  },
  dequantize(spec) {
    if (spec.block !== undefined) return { reason: 'blocks are not timed' };
    const { from } = spec;
    if (from !== 'int8' && from !== 'uint8') return { reason: `no model is made for ${from}` };
    return {
      operator: 'DequantizeLinear',
      inputs: { x: { dtype: from, shape: spec.shape } },
      outputs: { y: { dtype: 'float32', shape: spec.shape } },
      node: ({ scale, zeroPoint }) => ({
        node: makeNode('DequantizeLinear', ['x', 'scale', 'zeroPoint'], ['y'], axisOf(spec.axis)),
        initializers: { scale: scalar(scale!), zeroPoint: scalar(zeroPoint!) },
      }),
    };
  },
  requantize: () => ({ reason: 'ONNX has no such operator' }),
  dynamicQuantize: ({ shape }) => ({
    operator: 'DynamicQuantizeLinear',
    inputs: { x: { dtype: 'float32', shape } },
    outputs: {
      y: { dtype: 'uint8', shape },
      scale: { dtype: 'float32', shape: [] },
      zeroPoint: { dtype: 'uint8', shape: [] },
    },
    node: () => ({
      node: makeNode('DynamicQuantizeLinear', ['x'], ['y', 'scale', 'zeroPoint']),
      initializers: {},
    }),
  }),
  qgemm,
  blockGemm,
  qconv2d,
  qmaxpool(spec) {
    const { n, h, w, c, dtype } = spec;
    return {
      operator: 'NhwcMaxPool',
      inputs: { x: { dtype, shape: [n, h, w, c] } },
      outputs: { y: { dtype } },
      node: () => ({
        node: makeNode('NhwcMaxPool', ['x'], ['y'], windowOf(spec), MICROSOFT),
        initializers: {},
      }),
    };
  },
  qadd(spec) {
    if (spec.mode !== 'ort-x86' || spec.clamp) return { reason: 'QLinearAdd has one mode and no clamp' };
    const { aShape, bShape, dtype } = spec;
    return {
      operator: 'QLinearAdd',
      inputs: { a: { dtype, shape: aShape }, b: { dtype, shape: bShape } },
      outputs: { y: { dtype } },
      node: ({ factors }) => {
        // With a sum of scale 1: ra and rb are the scales of the operands, c0 is the zero point of the sum.
        const [ra = 0, rb = 0, c0 = 0] = factors!.data as Float32Array;
        if (!Number.isInteger(c0))
          throw new HalftoneError('HT_UNSUPPORTED', `QLinearAdd has an integer zero point, not ${c0}`);
        return {
          node: makeNode(
            'QLinearAdd',
            ['a', 'ra', 'zero', 'b', 'rb', 'zero', 'one', 'c0'],
            ['y'],
            {},
            MICROSOFT,
          ),
          initializers: {
            ra: tensor('float32', [ra], []),
            rb: tensor('float32', [rb], []),
            one,
            zero: { dtype, shape: [], data: dtype === 'int8' ? Int8Array.of(0) : Uint8Array.of(0) } as Tensor,
            c0: { dtype, shape: [], data: dtype === 'int8' ? Int8Array.of(c0) : Uint8Array.of(c0) } as Tensor,
          },
        };
      },
    };
  },
  qsoftmax,
  gemm(spec) {
    const { batch, m, n, k } = spec;
    if (batch !== 1 || spec.clamp) return { reason: 'a batch, or a clamp, is more than Gemm' };
    return {
      operator: 'Gemm',
      inputs: { a: { dtype: 'float32', shape: spec.transposeA ? [k, m] : [m, k] } },
      outputs: { y: { dtype: 'float32', shape: [m, n] } },
      node: ({ b, bias }) => ({
        node: makeNode('Gemm', ['a', 'b', ...(spec.bias ? ['bias'] : [])], ['y'], {
          transA: attribute.int(spec.transposeA ? 1 : 0),
          transB: attribute.int(spec.transposeB ? 1 : 0),
        }),
        initializers: {
          b: { ...b!, shape: spec.transposeB ? [n, k] : [k, n] } as Tensor,
          ...(spec.bias ? { bias: bias! } : {}),
        },
      }),
    };
  },
};

function qgemm(spec: OpSpecs['qgemm']): OrtForm | Refusal {
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

/** ONNX Runtime adds and divides in float32: its codes are a step away now and then. */
function qsoftmax({ outer, extent, inner, from, to }: OpSpecs['qsoftmax']): OrtForm | Refusal {
  if (from !== to) return { reason: 'QLinearSoftmax gives codes of the type of its input' };
  const shape = [outer, extent, inner];
  return {
    operator: 'QLinearSoftmax',
    inputs: { x: { dtype: from, shape } },
    outputs: { y: { dtype: to, shape } },
    node: ({ table, multiplier, shift, zeroPoint }) => {
      // The table begins with 1 and exp(-scale), the multiplier is 1 / (2^22 * scale).
      const [one = 0, next = 0] = table!.data as Int32Array;
      const [m = 0] = multiplier!.data as Int32Array;
      const [places = 0] = shift!.data as Int32Array;
      const yScale = exp(log(2) * (31 - places - 22)) / m;
      return {
        node: makeNode(
          'QLinearSoftmax',
          ['x', 'xScale', 'xZero', 'yScale', 'yZero'],
          ['y'],
          { axis: attribute.int(1), opset: attribute.int(13) },
          MICROSOFT,
        ),
        initializers: {
          xScale: tensor('float32', [-log(next / one)], []),
          xZero: { dtype: from, shape: [], data: new dtypes[from].Array(1) } as Tensor,
          yScale: tensor('float32', [yScale], []),
          yZero: scalar(zeroPoint!),
        },
      };
    },
  };
}

/** ONNX Runtime's own names of the three computations. */
const accuracyLevels = { 'dequant-f32': 0, bf16: 3, 'int8-block': 4 } as const;

function blockGemm(spec: OpSpecs['blockGemm']): OrtForm | Refusal {
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

function qconv2d(spec: OpSpecs['qconv2d']): OrtForm | Refusal {
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

function axisOf(axis: number | undefined): Node['attributes'] {
  return axis === undefined ? {} : { axis: attribute.int(axis) };
}

function windowOf({
  kernel,
  strides,
  pads,
  dilations,
}: OpSpecs['qmaxpool'] | OpSpecs['qconv2d']): Node['attributes'] {
  const [top, left, bottom, right] = pads;
  return {
    kernel_shape: attribute.ints(kernel),
    strides: attribute.ints(strides),
    pads: attribute.ints([top, left, bottom, right]),
    dilations: attribute.ints(dilations),
  };
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

/** The model of a form, with its constant operands. */
export function modelOf(form: OrtForm, constants: Readonly<Record<string, Tensor>>): Graph {
  const { node, initializers } = form.node(constants);
  const infos = (descs: OrtForm['outputs']): ValueInfo[] =>
    Object.entries(descs).map(([name, { dtype, shape }]) => ({ name, elementType: dtype, shape }));
  return {
    name: form.operator,
    opset: 17,
    domains: new Map(node.domain === '' ? [] : [[node.domain, 1]]),
    inputs: infos(form.inputs),
    outputs: infos(form.outputs),
    nodes: [node],
    constants: new Map(Object.entries(initializers).map(([name, value]) => [name, constantOf(name, value)])),
    values: new Map(),
  };
}
