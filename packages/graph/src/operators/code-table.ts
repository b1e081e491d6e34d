// Functions between DequantizeLinear and QuantizeLinear: on 8-bit codes each is one table of 256 codes, exactly.
import {
  type CodeType,
  codeRange,
  dequantizeTensor,
  dtypes,
  quantizeArray,
  type QuantParams,
  softmaxFactors,
  softmaxTable,
  factorTensors,
  tensor,
  type Tensor,
  unaryFunctions,
  zeros,
} from '@halftone/core';
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import { floatBounds } from './clamp.ts';
import { functionOf } from './functions.ts';
import { shapeIn } from './geometry.ts';

/** Codes that a value is dequantized from, and their parameters, one for the tensor. */
export interface CodeOrigin {
  readonly codes: string;
  readonly params: QuantParams<CodeType>;
}

/** The constant parameters of a Q or DQ node, where they are one scale and one zero point of 8-bit codes. */
export function constantParams(
  node: Node,
  lowering: Lowering,
  dtype: string,
): QuantParams<CodeType> | undefined {
  if (dtype !== 'int8' && dtype !== 'uint8') return undefined;
  const [, scaleName, zeroName = ''] = node.inputs as [string, string, string?];
  const scale = lowering.constantOf(scaleName);
  const zero = zeroName === '' ? undefined : lowering.constantOf(zeroName);
  if (scale?.dtype !== 'float32' || scale.data.length !== 1 || (zeroName !== '' && zero === undefined))
    return undefined;
  const zeroPoint = Int32Array.of(zero === undefined ? 0 : Number(zero.data[0]));
  return { dtype, scale: scale.data as Float32Array, zeroPoint, axis: undefined };
}

type Apply = (x: number) => number;

/** What a node does to each element, rounded to float32. */
function functionAt(node: Node, lowering: Lowering): Apply | undefined {
  const bounds = floatBounds(node, lowering);
  if (bounds) return (x) => (x < bounds[0] ? bounds[0] : x > bounds[1] ? bounds[1] : x);
  const applied = functionOf(node);
  if (applied === undefined) return undefined;
  const { function: name, alpha, beta } = applied;
  return (x) => Math.fround(unaryFunctions[name](x, alpha, beta));
}

/** A chain of functions that ends in a QuantizeLinear. */
interface Chain {
  readonly nodes: readonly Node[];
  readonly functions: readonly Apply[];
  readonly to: QuantParams<CodeType>;
  readonly output: string;
}

function chainFrom(node: Node, lowering: Lowering): Chain | undefined {
  const nodes: Node[] = [];
  const functions: Apply[] = [];
  for (let current: Node | undefined = node; current !== undefined; ) {
    if (current.op === 'QuantizeLinear' && current.domain === '' && !current.opaque) {
      const output = current.outputs[0]!;
      const to = constantParams(current, lowering, lowering.dtype(output));
      return to && { nodes, functions, to, output };
    }
    const apply = functionAt(current, lowering);
    if (apply === undefined) return undefined;
    functions.push(apply);
    const name: string = current.outputs[0]!;
    const reader = lowering.soleReader(name);
    if (reader === undefined || reader.inputs[0] !== name) return undefined;
    nodes.push(reader);
    current = reader;
  }
  return undefined;
}

/**
 * Computes a node that reads dequantized codes, and the functions behind it up to a QuantizeLinear, as one table. False,
 * with nothing emitted, where that is not what stands there.
 */
export function lowerAsTable(node: Node, lowering: Lowering): boolean {
  const origin = lowering.origin(node.inputs[0]!);
  const chain = origin && chainFrom(node, lowering);
  if (origin === undefined || chain === undefined) return false;
  for (const absorbed of chain.nodes) lowering.absorb(absorbed);
  const layout = lowering.layout(origin.codes);
  const shape = shapeIn(layout, lowering.shape(origin.codes));
  const spec = { shape, from: origin.params.dtype, to: chain.to.dtype };
  const inputs = {
    x: lowering.value(origin.codes, layout),
    table: lowering.constant(tableOf(origin.params, chain)),
  };
  lowering.define(chain.output, layout, lowering.kernel('lut256', spec, inputs, chain.output)['y']!);
  return true;
}

/** What DequantizeLinear, the functions and QuantizeLinear make of every code. */
function tableOf(from: QuantParams<CodeType>, { functions, to }: Chain): Tensor {
  const [lo] = codeRange(from.dtype);
  const codes = tensor(
    from.dtype,
    new dtypes[from.dtype].Array(256).map((_, i) => lo + i) as Int8Array & Uint8Array,
    [256],
  );
  const reals = dequantizeTensor({ codes, params: from }).data;
  const mapped = reals.map((x) => functions.reduce((value, apply) => apply(value), x));
  const table = zeros(to.dtype, [256]);
  quantizeArray(mapped, to, table.data);
  return table;
}

/** Computes a Softmax between DequantizeLinear and QuantizeLinear on codes, where the arithmetic is fixed point. */
export function lowerAsCodeSoftmax(
  node: Node,
  lowering: Lowering,
  sizes: { readonly outer: number; readonly extent: number; readonly inner: number },
): boolean {
  const mode = lowering.modes.softmax;
  const origin = lowering.origin(node.inputs[0]!);
  const reader = lowering.soleReader(node.outputs[0]!);
  if (mode === undefined || origin === undefined || reader?.op !== 'QuantizeLinear' || reader.domain !== '')
    return false;
  const output = reader.outputs[0]!;
  const to = constantParams(reader, lowering, lowering.dtype(output));
  if (to === undefined) return false;
  lowering.absorb(reader);
  const factors = factorTensors(softmaxFactors(to.scale[0]!));
  const inputs = {
    x: lowering.plain(origin.codes),
    table: lowering.constant(tensor('int32', softmaxTable(origin.params.scale[0]!))),
    multiplier: lowering.constant(factors['multiplier']!),
    shift: lowering.constant(factors['shift']!),
    zeroPoint: lowering.constant(tensor(to.dtype, [to.zeroPoint?.[0] ?? 0])),
  };
  const spec = { ...sizes, from: origin.params.dtype, to: to.dtype, mode };
  lowering.define(output, 'plain', lowering.kernel('qsoftmax', spec, inputs, output)['y']!);
  return true;
}
