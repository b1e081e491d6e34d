import { type DType, type FormatName, formats, HalftoneError, isDType, type Tensor } from '@halftone/core';

/** Element types that a graph may carry; core holds and computes on `DType`, the others pass through untouched. */
export type ElementType =
  | DType
  | 'uint32'
  | 'uint64'
  | 'string'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'complex64'
  | 'complex128'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'uint4'
  | 'int4'
  | 'float4e2m1'
  | 'uint2'
  | 'int2';

/** One extent: known, named (a batch `N`), or unknown. */
export type Dim = number | string | undefined;
export type SymbolicShape = readonly Dim[];

/** A value's name with what is known of its type. Not a tensor (a sequence, a map): `elementType` is undefined. */
export interface ValueInfo {
  readonly name: string;
  readonly elementType: ElementType | undefined;
  /** Undefined: the rank is unknown. */
  readonly shape: SymbolicShape | undefined;
  /** What the reader of the file keeps to write this entry again unchanged. */
  readonly origin?: unknown;
}

/** A tensor that is part of the model; decoded when asked for. */
export interface Constant {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** The elements. Throws HT_UNSUPPORTED for an element type that core does not hold. */
  tensor(): Tensor;
  /** The elements of a type that core has a codec for and does not hold, as that decodes them. */
  decoded?(): Tensor;
  readonly origin?: unknown;
}

export type Attribute =
  /** Integers past 2^53 - 1 are clamped to it; `origin` keeps the exact bytes. */
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: Constant }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  /** A kind that no typed operator reads (a subgraph, a sparse tensor, a type): kept by `origin` alone. */
  | { readonly type: 'other' };

/** The nodes that an If runs in one of its two cases; they also read values around the If, by name. */
export interface Branch {
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly values: ReadonlyMap<string, ValueInfo>;
  /** One for each output of the If. */
  readonly outputs: readonly string[];
}

/** The two subgraphs of an If. */
export interface Branches {
  readonly whenTrue: Branch;
  readonly whenFalse: Branch;
}

/**
 * One operator. Nodes are never changed in place: a pass that edits one makes another without `origin`, so a typed node
 * with `origin` is still what the file said; an opaque one keeps it, as only the names of its inputs can change.
 */
export interface Node {
  /** May be empty, and need not be unique: value names identify, node names describe. */
  readonly name: string;
  readonly op: string;
  /** '' is ONNX's own domain. */
  readonly domain: string;
  /** Value names; '' for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Passes may move an opaque node and never look inside: the operator is not known, or it has subgraphs. */
  readonly opaque: boolean;
  /** Outer values that the subgraphs of an opaque node read. */
  readonly captures?: readonly string[];
  /** The subgraphs of an If; read when asked for, with the errors of the reader. */
  readonly branches?: Branches;
  readonly origin?: unknown;
}

/**
 * A model: ONNX operators in single-assignment form, wired by value names, in topological order.
 * Typed operators have the meaning of `opset` (13 or later): importers lift older forms.
 */
export interface Graph {
  readonly name: string;
  /** Version of ONNX's own domain. */
  readonly opset: number;
  /** Versions of the other domains in use. */
  readonly domains: ReadonlyMap<string, number>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
  /** Types of values between nodes, as far as the file or inference knows them. */
  readonly values: ReadonlyMap<string, ValueInfo>;
  /** Names that new values may not take though no value here has them: those inside subgraphs, mostly. */
  readonly reserved?: ReadonlySet<string>;
  /** What the reader keeps of the file around the graph (metadata, functions, unknown fields). */
  readonly origin?: unknown;
}

/** Makes a constant of a tensor in memory. */
export function constantOf(name: string, tensor: Tensor): Constant {
  return {
    name,
    elementType: tensor.dtype,
    shape: tensor.shape,
    byteLength: tensor.data.byteLength,
    tensor: () => tensor,
  };
}

/**
 * Makes a constant of a type that core has a codec for; its elements are those of `tensor`, rounded to that type.
 * Throws HT_INVALID_ARGUMENT for an integer that the type does not hold.
 */
export function formattedConstant(
  name: string,
  elementType: Exclude<FormatName, 'bit1'>,
  { data, shape }: Tensor,
): Constant {
  const format = formats[elementType];
  const bytes = format.encode(data);
  const decoded = { dtype: format.dtype, shape, data: format.decode(bytes, data.length) } as Tensor;
  return {
    name,
    elementType,
    shape,
    byteLength: bytes.length,
    tensor() {
      const message = `constant ${name}: no tensor holds ${elementType}; decoded() gives its elements`;
      throw new HalftoneError('HT_UNSUPPORTED', message, { constant: name, elementType });
    },
    decoded: () => decoded,
  };
}

/** The elements of a constant, decoded where core does not hold its type; undefined where nothing decodes them. */
export function elementsOf(constant: Constant): Tensor | undefined {
  return isDType(constant.elementType) ? constant.tensor() : constant.decoded?.();
}

/** Makes a typed node; attributes in short form: integers, float lists and so on by `attribute.*`. */
export function makeNode(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  options: { readonly name?: string; readonly domain?: string } = {},
): Node {
  return {
    name: options.name ?? '',
    op,
    domain: options.domain ?? '',
    inputs,
    outputs,
    attributes,
    opaque: false,
  };
}

/** Builders of attributes. */
export const attribute = {
  int: (value: number): Attribute => ({ type: 'int', value }),
  float: (value: number): Attribute => ({ type: 'float', value }),
  string: (value: string): Attribute => ({ type: 'string', value }),
  ints: (value: readonly number[]): Attribute => ({ type: 'ints', value }),
} as const;
