import { arithmeticOperators } from './arithmetic.ts';
import { convTransposeOperators } from './conv-transpose.ts';
import { resizeOperators } from './resize.ts';
import { convOperators } from './conv.ts';
import type { Operator } from './definition.ts';
import { gemmOperators } from './gemm.ts';
import { logicOperators } from './logic.ts';
import { lstmOperators } from './lstm.ts';
import { blockProductOperators } from './block-product.ts';
import { matmulOperators } from './matmul.ts';
import { normalizationOperators } from './normalization.ts';
import { pickOperators } from './pick.ts';
import { poolOperators } from './pool.ts';
import { qlinearBinaryOperators } from './qlinear-binary.ts';
import { quantizeOperators } from './quantize.ts';
import { reduceOperators } from './reduce.ts';
import { repeatOperators } from './repeat.ts';
import { shapeOperators } from './shape.ts';
import { sourceOperators } from './source.ts';
import { searchOperators } from './top-k.ts';
import { unaryOperators } from './unary.ts';

const table = new Map<string, Operator>();
for (const group of [
  convOperators,
  gemmOperators,
  matmulOperators,
  blockProductOperators,
  poolOperators,
  arithmeticOperators,
  qlinearBinaryOperators,
  unaryOperators,
  quantizeOperators,
  shapeOperators,
  pickOperators,
  repeatOperators,
  sourceOperators,
  logicOperators,
  reduceOperators,
  normalizationOperators,
  convTransposeOperators,
  resizeOperators,
  lstmOperators,
  searchOperators,
]) {
  for (const operator of group) table.set(`${operator.domain}:${operator.op}`, operator);
}

/** The operator of that name, where the graph understands it. */
export function findOperator(domain: string, op: string): Operator | undefined {
  // Both spellings name ONNX's own domain.
  return table.get(`${domain === 'ai.onnx' ? '' : domain}:${op}`);
}

/** True where the graph knows the operator: an importer makes such nodes typed and all others opaque. */
export function isKnownOperator(domain: string, op: string): boolean {
  return findOperator(domain, op) !== undefined;
}
