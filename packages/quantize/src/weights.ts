import {
  type CodeType,
  dequantizeTensor,
  HalftoneError,
  isHalftoneError,
  quantizeArray,
  quantizeBias,
  type QuantParams,
  quantizeTensor,
  schemeCodes,
  sqnrDb,
  type Tensor,
  tensor,
  zeros,
} from '@halftone/core';
import { floatAttr, type Graph, type Node } from '@halftone/graph';
import type { Roles } from './operators.ts';
import type { WeightChoice } from './options.ts';

/** Weights of one node as codes. */
export interface QuantizedWeights {
  /** Name of the float constant. */
  readonly name: string;
  readonly codes: Tensor<CodeType>;
  readonly params: QuantParams<CodeType>;
  /** The int32 bias with one element an output channel, and its scales (axis 0, or one). */
  readonly bias: { readonly codes: Int32Array; readonly scale: Float32Array } | undefined;
  /** Channels whose scale was raised so that their bias fits int32. */
  readonly raised: readonly number[];
  /** Signal to quantization noise of the weights; null where they are exact. */
  readonly sqnrDb: number | null;
}

/** Float weights and bias of a node as its integer form takes them: Gemm's alpha and beta multiplied in. */
export interface FloatWeights {
  readonly weights: Tensor<'float32'>;
  /** One element an output channel; undefined where the node has no bias. */
  readonly bias: Float32Array | undefined;
}

/** Reads the constants of a selected node; they are not changed. */
export function floatWeights(graph: Graph, node: Node, roles: Roles): FloatWeights {
  const { input, axis } = roles.weights as { readonly input: number; readonly axis: number };
  const [alpha, beta] =
    node.op === 'Gemm' ? [floatAttr(node, 'alpha', 1), floatAttr(node, 'beta', 1)] : [1, 1];
  const weights = scaled(constantTensor(graph, node.inputs[input] as string), alpha);
  if (roles.bias === undefined) return { weights, bias: undefined };
  const bias = scaled(constantTensor(graph, node.inputs[roles.bias] as string), beta).data;
  const channels = weights.shape[axis] as number;
  return {
    weights,
    bias: bias.length === channels ? bias : new Float32Array(channels).fill(bias[0] as number),
  };
}

/**
 * Quantizes the weights of a node, and its bias where `inputScale` says what products are worth.
 * Channels whose bias would leave int32 get a larger weight scale (numerics of `quantizeBias`) and other codes.
 * Throws HT_INVALID_ARGUMENT for infinite weights and a bias that is not finite, HT_MODEL_INVALID for weights that are NaN;
 * `details.constant` names them.
 */
export function quantizeWeights(
  graph: Graph,
  node: Node,
  roles: Roles,
  choice: WeightChoice,
  inputScale: number | undefined,
): QuantizedWeights {
  const { input, axis } = roles.weights as { readonly input: number; readonly axis: number };
  const name = node.inputs[input] as string;
  const { weights, bias } = floatWeights(graph, node, roles);
  // A MatMul of more axes has matrices of their own along the batch: one scale for all of them.
  const perChannel = choice.perChannel && (node.op !== 'MatMul' || weights.shape.length === 2);
  const { dtype, scheme, reduceRange } = choice;
  const first = naming(name, () =>
    quantizeTensor(weights, {
      dtype,
      scheme,
      reduceRange,
      granularity: perChannel ? { axis } : 'per-tensor',
    }),
  );
  let { codes, params } = first;
  let quantizedBias: QuantizedWeights['bias'];
  let raised: readonly number[] = [];
  if (bias !== undefined && inputScale !== undefined) {
    const result = naming(node.inputs[roles.bias as number] as string, () =>
      quantizeBias(bias, inputScale, params.scale),
    );
    quantizedBias = { codes: result.codes, scale: result.scale };
    raised = result.raised;
    if (raised.length > 0) {
      params = { ...params, scale: result.weightScale };
      codes = zeros(dtype, weights.shape);
      const range = schemeCodes(dtype, scheme, reduceRange);
      quantizeArray(weights.data, params, codes.data, { shape: weights.shape, codes: range });
    }
  }
  const sqnr = sqnrDb(weights.data, dequantizeTensor({ codes, params }).data);
  if (Number.isNaN(sqnr)) {
    throw new HalftoneError(
      'HT_MODEL_INVALID',
      `${name} has weights that are NaN; repair the model, or exclude its node`,
      {
        constant: name,
      },
    );
  }
  return { name, codes, params, bias: quantizedBias, raised, sqnrDb: sqnr === Infinity ? null : sqnr };
}

function constantTensor(graph: Graph, name: string): Tensor<'float32'> {
  return graph.constants.get(name)?.tensor() as Tensor<'float32'>;
}

function scaled(x: Tensor<'float32'>, factor: number): Tensor<'float32'> {
  return factor === 1
    ? x
    : tensor(
        'float32',
        x.data.map((v) => v * factor),
        x.shape,
      );
}

/** Adds the constant's name to what is thrown: core knows arrays alone. */
function naming<T>(constant: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (!isHalftoneError(cause)) throw cause;
    throw new HalftoneError(
      cause.code,
      `${constant}: ${cause.message}`,
      { ...cause.details, constant },
      { cause },
    );
  }
}
