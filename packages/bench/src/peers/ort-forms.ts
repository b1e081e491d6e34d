// Ops of the catalogue as ONNX models of one node: ONNX Runtime is given the operator that its own users would take.
import {
  dtypes,
  exp,
  HalftoneError,
  log,
  type OpSpecs,
  type Refusal,
  type Tensor,
  tensor,
} from '@halftone/core';
import { attribute, makeNode, type Node } from '@halftone/graph';
import { MICROSOFT, one, type OrtForm, scalar, windowOf } from './ort-form.ts';
import { blockGemm, qconv2d, qgemm } from './ort-products.ts';
import type { Forms } from './peer-driver.ts';

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

function axisOf(axis: number | undefined): Node['attributes'] {
  return axis === undefined ? {} : { axis: attribute.int(axis) };
}
