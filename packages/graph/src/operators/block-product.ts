// Products by weights that stay in blocks: MatMulNBits, and MatMul behind a DequantizeLinear with block_size.
import { type BlockComputation, type BlockGemmSpec, heldAs, sizeOf, tensor, zeros } from '@halftone/core';
import { intAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { shapeError } from '../shape-error.ts';
import { isBlock } from './blocks.ts';
import type { Operator } from './definition.ts';
import { MICROSOFT } from './domains.ts';
import { requireFloat } from './require-float.ts';

/** What accuracy_level asks for at least: 0 nothing, 1 float32, 2 float16, 3 bfloat16, 4 int8. */
const computations: readonly BlockComputation[] = [
  'dequant-f32',
  'dequant-f32',
  'dequant-f32',
  'bf16',
  'int8-block',
];

const matmulNBits: Operator = {
  op: 'MatMulNBits',
  domain: MICROSOFT,
  infer(node, context) {
    const { shape, elementType } = context.type(0);
    return [{ elementType, shape: shape && [...shape.slice(0, -1), intAttr(node, 'N', 0)] }];
  },
  lower(node, lowering) {
    const [aName, bName, scaleName, zeroName = '', groups = '', biasName = ''] = node.inputs as [
      string,
      string,
      string,
      string?,
      string?,
      string?,
    ];
    if (groups !== '') throw lowering.refusal(node, 'indices of groups are not covered');
    requireFloat(node, lowering, aName, scaleName, ...(biasName === '' ? [] : [biasName]));
    const [n, k, bits, block] = [
      intAttr(node, 'N', 0),
      intAttr(node, 'K', 0),
      intAttr(node, 'bits', 4),
      intAttr(node, 'block_size', 0),
    ];
    const computation = computations[intAttr(node, 'accuracy_level', 0)];
    if ((bits !== 4 && bits !== 8) || !isBlock(block) || computation === undefined)
      throw lowering.refusal(
        node,
        `${bits} bits in blocks of ${block}: 4 and 8 bits, blocks of 16 to 256 and accuracy levels up to 4 are covered`,
      );
    const shape = lowering.shape(aName);
    if (shape.at(-1) !== k) shapeError(node, `A is [${shape.join(', ')}], and K is ${k}`);
    const count = Math.ceil(k / block);
    if (zeroName !== '' && lowering.dtype(zeroName) !== 'uint8')
      throw lowering.refusal(node, 'zero points that are not packed are not covered');
    // The format's own zero point is the middle code.
    const middle = new Uint8Array(n * Math.ceil((count * bits) / 8)).fill(bits === 4 ? 0x88 : 0x80);
    emit(node, lowering, {
      spec: { n, k, b: bits === 4 ? 'uint4' : 'uint8', block, layout: 'nbits', computation },
      a: aName,
      b: lowering.plain(bName),
      scale: lowering.plain(scaleName),
      zeroPoint: zeroName === '' ? lowering.constant(tensor('uint8', middle)) : lowering.plain(zeroName),
      bias: biasName === '' ? undefined : lowering.plain(biasName),
    });
  },
};

interface Product {
  readonly spec: Omit<BlockGemmSpec, 'm' | 'bias'>;
  readonly a: string;
  readonly b: Value;
  readonly scale: Value;
  readonly zeroPoint: Value;
  readonly bias?: Value | undefined;
}

function emit(node: Node, lowering: Lowering, { spec, a, bias, ...weights }: Product): void {
  const [output] = node.outputs as [string];
  const whole = { ...spec, m: sizeOf(lowering.shape(a).slice(0, -1)), bias: bias !== undefined };
  const inputs = { a: lowering.plain(a), ...weights, ...(bias ? { bias } : {}) };
  lowering.define(output, 'plain', lowering.kernel('blockGemm', whole, inputs, output)['y']!);
}

/** Computes a MatMul by weights that are dequantized from constant blocks on their codes. False where they are not. */
export function lowerByBlocks(node: Node, lowering: Lowering): boolean {
  const [a, b] = node.inputs as [string, string];
  const origin = lowering.blocks(b);
  if (origin === undefined) return false;
  const { codes, scale, zeroPoint, type, block } = origin;
  const [k = 0, n = 0] = lowering.shape(b);
  if (lowering.shape(a).at(-1) !== k)
    shapeError(node, `[${lowering.shape(a).join(', ')}] by [${k}, ${n}]: inner extents differ`);
  const none = (): Value => lowering.constant(zeros(heldAs(type), [Math.ceil(k / block), n]));
  emit(node, lowering, {
    spec: { n, k, b: type, block, layout: 'rows', computation: 'dequant-f32' },
    a,
    b: lowering.plain(codes),
    scale: lowering.plain(scale),
    zeroPoint: zeroPoint === '' ? none() : lowering.plain(zeroPoint),
  });
  return true;
}

export const blockProductOperators: readonly Operator[] = [matmulNBits];
