import { requantizeMultiplier, sizeOf, tensor, type Tensor } from '@halftone/core';
import { floatAttr, intAttr } from '../attributes.ts';
import type { Dim, Node, SymbolicShape } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { shapeError } from '../shape-error.ts';
import { codeClampAfter, floatClampAfter } from './clamp.ts';
import { requireFloat } from './require-float.ts';
import {
  accumulatorOutput,
  codeType,
  factorsOf,
  floatOutput,
  productFactors,
  requireScalars,
  scaleOf,
  zeroPointOf,
} from './codes.ts';
import type { InferContext, Operator } from './definition.ts';
import type { ValueType } from '../value-type.ts';
import { MICROSOFT } from './domains.ts';
import type { Product } from './matmul.ts';

/** Gemm's bias C as one row, where it is one; undefined for a matrix that differs by row. */
function biasRow(lowering: Lowering, name: string, n: number): Value | undefined {
  const shape = lowering.shape(name);
  const value = lowering.plain(name);
  if (sizeOf(shape) === n && (shape.length === 1 || (shape[shape.length - 1] ?? 1) === n))
    return lowering.reshape(value, [n]);
  const { constant } = value;
  if (sizeOf(shape) !== 1 || (constant?.dtype !== 'float32' && constant?.dtype !== 'int32')) return undefined;
  return lowering.constant(
    tensor(constant.dtype, new Array<number>(n).fill(constant.data[0] as number)),
    name,
  );
}

function inferGemm(
  node: Node,
  context: InferContext,
  bInput: number,
  elementType: ValueType['elementType'],
): ValueType[] {
  const row = (shape: SymbolicShape | undefined, transposed: boolean): Dim => shape?.[transposed ? 1 : 0];
  const a = context.type(0).shape;
  const b = context.type(bInput).shape;
  const [transA, transB] = [intAttr(node, 'transA', 0) === 1, intAttr(node, 'transB', 0) === 1];
  const [ka, kb] = [row(a, !transA), row(b, transB)];
  if (typeof ka === 'number' && typeof kb === 'number' && ka !== kb)
    shapeError(node, `inner extents ${ka} and ${kb} differ`);
  return [{ elementType, shape: [row(a, transA), row(b, !transB)] }];
}

function gemmSizes(
  node: Node,
  lowering: Lowering,
  aName: string,
  bName: string,
): Product & { transposeA: boolean; transposeB: boolean } {
  const transposeA = intAttr(node, 'transA', 0) === 1;
  const transposeB = intAttr(node, 'transB', 0) === 1;
  const a = lowering.shape(aName);
  const b = lowering.shape(bName);
  if (a.length !== 2 || b.length !== 2) shapeError(node, 'Gemm takes matrices');
  const [m, k] = transposeA ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
  const [kb, n] = transposeB ? [b[1]!, b[0]!] : [b[0]!, b[1]!];
  if (k !== kb) shapeError(node, `inner extents ${k} and ${kb} differ`);
  return { batch: 1, m, n, k, transposeA, transposeB };
}

const gemm: Operator = {
  op: 'Gemm',
  domain: '',
  infer: (node, context) => inferGemm(node, context, 1, context.type(0).elementType),
  lower(node, lowering) {
    const [a, b, c = ''] = node.inputs as [string, string, string?];
    requireFloat(node, lowering, ...node.inputs.filter(Boolean));
    const sizes = gemmSizes(node, lowering, a, b);
    const alpha = floatAttr(node, 'alpha', 1);
    const beta = floatAttr(node, 'beta', 1);
    const row = c === '' || alpha !== 1 || beta !== 1 ? undefined : biasRow(lowering, c, sizes.n);
    const simple = alpha === 1 && (c === '' || beta === 0 || row !== undefined);
    const { clamp, output } = simple
      ? floatClampAfter(node, lowering)
      : { clamp: {}, output: node.outputs[0]! };
    const inputs = { a: lowering.plain(a), b: lowering.plain(b), ...(row ? { bias: row } : {}) };
    let y = lowering.kernel('gemm', { ...sizes, bias: row !== undefined, ...clamp }, inputs, output)['y']!;
    if (!simple) {
      const shape = [sizes.m, sizes.n];
      const scaled = (value: Value, shape: readonly number[], factor: number): Value =>
        factor === 1
          ? value
          : lowering.kernel(
              'binary',
              { function: 'mul', aShape: shape, bShape: [1] },
              { a: value, b: lowering.constant(tensor('float32', [factor])) },
              output,
            )['y']!;
      y = scaled(y, shape, alpha);
      if (c !== '' && beta !== 0) {
        const added = scaled(lowering.plain(c), lowering.shape(c), beta);
        y = lowering.kernel(
          'binary',
          { function: 'add', aShape: shape, bShape: lowering.shape(c) },
          { a: y, b: added },
          output,
        )['y']!;
      }
    }
    lowering.define(output, 'plain', y);
  },
};

const qgemm: Operator = {
  op: 'QGemm',
  domain: MICROSOFT,
  infer: (node, context) =>
    inferGemm(node, context, 3, node.inputs[8] ? context.type(8).elementType : 'float32'),
  lower(node, lowering) {
    const [aName, aScale, aZero, bName, bScale, bZero, c = '', yScale = '', yZero = ''] = node.inputs as [
      string,
      string,
      string,
      string,
      string,
      string,
      string?,
      string?,
      string?,
    ];
    const { transposeA, ...sizes } = gemmSizes(node, lowering, aName, bName);
    if (transposeA) throw lowering.refusal(node, 'transA is not covered for codes');
    const a = codeType(node, lowering, aName);
    const b = codeType(node, lowering, bName);
    const alpha = Math.fround(floatAttr(node, 'alpha', 1));
    requireScalars(node, lowering, aZero, yZero);
    if ((yScale === '') !== (yZero === ''))
      throw lowering.refusal(node, 'a scale and a zero point of the output come together, or neither');
    const scales = [scaleOf(node, lowering, aScale), scaleOf(node, lowering, bScale, true)];
    const bias = c === '' ? undefined : biasRow(lowering, c, sizes.n);
    if (c !== '' && bias === undefined)
      throw lowering.refusal(node, 'a bias that differs by row is not covered');
    const bZeroPoint = zeroPointOf(lowering, bZero, b);
    const dtype = yZero === '' ? undefined : codeType(node, lowering, yZero);
    const count = sizeOf(lowering.shape(bScale));
    const factors =
      dtype &&
      factorsOf(lowering, count, [...scales, scaleOf(node, lowering, yScale)], (mode, sa, sb, sy) =>
        productFactors(mode, scaled(sa!, alpha), sb!, sy!),
      );
    const multiplier = (): Value =>
      lowering.host('multiplier', 'float32', [count], scales, (sa, sb) =>
        tensor(
          'float32',
          requantizeMultiplier(scaled(sa!, alpha).data[0] as number, sb!.data as Float32Array, 1),
        ),
      );
    const ending = factors?.operands ?? { multiplier: multiplier() };
    const { clamp, output } = dtype
      ? codeClampAfter(node, lowering, dtype)
      : { clamp: {}, output: node.outputs[0]! };
    const way =
      dtype && factors
        ? accumulatorOutput(lowering, dtype, factors, clamp)
        : floatOutput(ending['multiplier']!);
    const spec = {
      ...sizes,
      a,
      b,
      bZeroPoint: bZeroPoint.perChannel,
      bias: bias ? 'int32' : 'none',
      output: way,
    } as const;
    const inputs = {
      a: lowering.plain(aName),
      b: lowering.plain(bName),
      aZeroPoint: zeroPointOf(lowering, aZero, a).value,
      bZeroPoint: bZeroPoint.value,
      ...(bias ? { bias } : {}),
      ...ending,
      ...(dtype ? { zeroPoint: zeroPointOf(lowering, yZero, dtype).value } : {}),
    };
    lowering.define(output, 'plain', lowering.kernel('qgemm', spec, inputs, output)['y']!);
  },
};

// alpha belongs to the product of scales: (alpha * sa) * sb, each product rounded to f32, as ONNX Runtime's QGemm.
function scaled(scale: Tensor, alpha: number): Tensor {
  return alpha === 1
    ? scale
    : tensor(
        'float32',
        (scale.data as Float32Array).map((s) => Math.fround(s * alpha)),
        scale.shape,
      );
}

export const gemmOperators: readonly Operator[] = [gemm, qgemm];
