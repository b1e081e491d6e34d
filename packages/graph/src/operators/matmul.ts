import { broadcastShape, requantizeMultiplier, sizeOf, tensor } from '@halftone/core';
import type { Dim, Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { shapeError } from '../shape-error.ts';
import { lowerByBlocks } from './block-product.ts';
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
import { type InferContext, type Operator } from './definition.ts';
import { unknownType, type ValueType } from '../value-type.ts';
import { MICROSOFT } from './domains.ts';

/** Sizes of a matrix product in core's form. */
export interface Product {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** A matrix product in core's form, with the operands that it takes. */
interface Operands extends Product {
  readonly values: Readonly<Record<'a' | 'b', Value>>;
}

/** Sizes of numpy's matmul; leading axes of A fold into m where B is one matrix, others are repeated to those of the result. */
function product(node: Node, lowering: Lowering, aName: string, bName: string): Operands {
  const a = promoted(lowering.shape(aName), 'left');
  const b = promoted(lowering.shape(bName), 'right');
  const [m, k] = a.slice(-2) as [number, number];
  const n = b[b.length - 1]!;
  if (b[b.length - 2] !== k) shapeError(node, `[${a.join(', ')}] by [${b.join(', ')}]: inner extents differ`);
  const [aBatch, bBatch] = [a.slice(0, -2), b.slice(0, -2)];
  const plain = { a: lowering.plain(aName), b: lowering.plain(bName) };
  if (sizeOf(bBatch) === 1 && aBatch.length >= bBatch.length)
    return { batch: 1, m: sizeOf(aBatch) * m, n, k, values: plain };
  const batch = broadcastShape(node.op, aBatch, bBatch);
  const repeated = (value: Value, own: readonly number[], matrix: readonly number[]): Value => {
    if (sizeOf(own) === sizeOf(batch)) return value;
    const spec = { dtype: value.dtype, shape: [...own, ...matrix], to: [...batch, ...matrix] };
    return lowering.kernel('expand', spec, { x: value }, value.label)['y']!;
  };
  const values = { a: repeated(plain.a, aBatch, [m, k]), b: repeated(plain.b, bBatch, [k, n]) };
  return { batch: sizeOf(batch), m, n, k, values };
}

function promoted(shape: readonly number[], side: 'left' | 'right'): readonly number[] {
  if (shape.length !== 1) return shape;
  return side === 'left' ? [1, shape[0]!] : [shape[0]!, 1];
}

function inferMatmul(
  node: Node,
  context: InferContext,
  bInput: number,
  elementType: ValueType['elementType'],
): ValueType[] {
  const a = context.type(0).shape;
  const b = context.type(bInput).shape;
  if (a === undefined || b === undefined || a.length === 0 || b.length === 0)
    return [{ elementType, shape: undefined }];
  const left = a.length === 1 ? [1, a[0]] : a;
  const right = b.length === 1 ? [b[0], 1] : b;
  const [ka, kb] = [left[left.length - 1], right[right.length - 2]];
  if (typeof ka === 'number' && typeof kb === 'number' && ka !== kb)
    shapeError(node, `inner extents ${ka} and ${kb} differ`);
  const rank = Math.max(left.length, right.length) - 2;
  const batch: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const da = left.length - 2 - rank + i < 0 ? 1 : left[left.length - 2 - rank + i];
    const db = right.length - 2 - rank + i < 0 ? 1 : right[right.length - 2 - rank + i];
    batch.push(da === 1 ? db : da);
  }
  const tail = [
    ...(a.length === 1 ? [] : [left[left.length - 2]]),
    ...(b.length === 1 ? [] : [right[right.length - 1]]),
  ];
  return [{ elementType, shape: [...batch, ...tail] }];
}

const matmul: Operator = {
  op: 'MatMul',
  domain: '',
  infer: (node, context) => inferMatmul(node, context, 1, context.type(0).elementType),
  lower(node, lowering) {
    const [a, b] = node.inputs as [string, string];
    requireFloat(node, lowering, a, b);
    if (lowerByBlocks(node, lowering)) return;
    const { values, ...sizes } = product(node, lowering, a, b);
    const { clamp, output } = floatClampAfter(node, lowering);
    const spec = { ...sizes, transposeA: false, transposeB: false, bias: false, ...clamp };
    lowering.define(output, 'plain', lowering.kernel('gemm', spec, values, output)['y']!);
  },
};

const matmulInteger: Operator = {
  op: 'MatMulInteger',
  domain: '',
  infer: (node, context) => inferMatmul(node, context, 1, 'int32'),
  lower(node, lowering) {
    const [aName, bName, aZero, bZero] = node.inputs as [string, string, string?, string?];
    const { values, ...sizes } = product(node, lowering, aName, bName);
    const a = codeType(node, lowering, aName);
    const b = codeType(node, lowering, bName);
    const aZeroPoint = zeroPointOf(lowering, aZero, a);
    if (aZeroPoint.perChannel === 'per-channel')
      throw lowering.refusal(node, 'a zero point for each row of A is not covered');
    const bZeroPoint = zeroPointOf(lowering, bZero, b);
    const spec = {
      ...sizes,
      a,
      b,
      transposeB: false,
      bZeroPoint: bZeroPoint.perChannel,
      bias: 'none',
      output: { type: 'int32' },
    } as const;
    const inputs = {
      ...values,
      aZeroPoint: aZeroPoint.value,
      bZeroPoint: bZeroPoint.value,
    };
    lowering.define(
      node.outputs[0]!,
      'plain',
      lowering.kernel('qgemm', spec, inputs, node.outputs[0]!)['y']!,
    );
  },
};

const qlinearMatmul: Operator = {
  op: 'QLinearMatMul',
  domain: '',
  infer: (node, context) =>
    inferMatmul(node, context, 3, context.type(7).elementType ?? unknownType.elementType),
  lower(node, lowering) {
    const [aName, aScale, aZero, bName, bScale, bZero, yScale, yZero] = node.inputs as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const { values, ...sizes } = product(node, lowering, aName, bName);
    const a = codeType(node, lowering, aName);
    const b = codeType(node, lowering, bName);
    const dtype = codeType(node, lowering, yZero);
    requireScalars(node, lowering, aZero, yZero);
    const scales = [
      scaleOf(node, lowering, aScale),
      scaleOf(node, lowering, bScale, true),
      scaleOf(node, lowering, yScale),
    ];
    const factors = factorsOf(lowering, sizeOf(lowering.shape(bScale)), scales, productFactors);
    const bZeroPoint = zeroPointOf(lowering, bZero, b);
    const { clamp, output } = codeClampAfter(node, lowering, dtype);
    const spec = {
      ...sizes,
      a,
      b,
      transposeB: false,
      bZeroPoint: bZeroPoint.perChannel,
      bias: 'none',
      output: accumulatorOutput(lowering, dtype, factors, clamp),
    } as const;
    const inputs = {
      ...values,
      aZeroPoint: zeroPointOf(lowering, aZero, a).value,
      bZeroPoint: bZeroPoint.value,
      ...factors.operands,
      zeroPoint: zeroPointOf(lowering, yZero, dtype).value,
    };
    lowering.define(output, 'plain', lowering.kernel('qgemm', spec, inputs, output)['y']!);
  },
};

const matmulIntegerToFloat: Operator = {
  op: 'MatMulIntegerToFloat',
  domain: MICROSOFT,
  infer: (node, context) => inferMatmul(node, context, 1, 'float32'),
  lower(node, lowering) {
    const [aName, bName, aScale, bScale, aZero = '', bZero = '', biasName = ''] = node.inputs as [
      string,
      string,
      string,
      string,
      string?,
      string?,
      string?,
    ];
    const { values, ...sizes } = product(node, lowering, aName, bName);
    const a = codeType(node, lowering, aName);
    const b = codeType(node, lowering, bName);
    requireScalars(node, lowering, aZero);
    const bZeroPoint = zeroPointOf(lowering, bZero, b);
    const multiplier = lowering.host(
      'multiplier',
      'float32',
      [sizeOf(lowering.shape(bScale))],
      [scaleOf(node, lowering, aScale), scaleOf(node, lowering, bScale, true)],
      (sa, sb) => tensor('float32', requantizeMultiplier(sa!.data[0] as number, sb!.data as Float32Array, 1)),
    );
    const spec = {
      ...sizes,
      a,
      b,
      transposeB: false,
      bZeroPoint: bZeroPoint.perChannel,
      bias: biasName ? 'float32' : 'none',
      output: floatOutput(multiplier),
    } as const;
    const inputs = {
      ...values,
      aZeroPoint: zeroPointOf(lowering, aZero, a).value,
      bZeroPoint: bZeroPoint.value,
      ...(biasName ? { bias: lowering.plain(biasName) } : {}),
      multiplier,
    };
    lowering.define(
      node.outputs[0]!,
      'plain',
      lowering.kernel('qgemm', spec, inputs, node.outputs[0]!)['y']!,
    );
  },
};

export const matmulOperators: readonly Operator[] = [
  matmul,
  matmulInteger,
  qlinearMatmul,
  matmulIntegerToFloat,
];
