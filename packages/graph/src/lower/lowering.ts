import {
  type AnyCodeType,
  byteSize,
  catalogue,
  type Descs,
  type DType,
  type ElementOp,
  elementOps,
  HalftoneError,
  heldAs,
  isCodeType,
  isDType,
  type OpName,
  type OpSpecs,
  sizeOf,
  type Tensor,
  tensor,
  zeros,
} from '@halftone/core';
import { arithmetics, type Modes } from '../arithmetic.ts';
import type { BlockOrigin } from '../operators/blocks.ts';
import type { CodeOrigin } from '../operators/code-table.ts';
import type { ValueTypes } from '../value-type.ts';
import { describe } from '../edit.ts';
import { type Constant, type ElementType, elementsOf, type Graph, type Node } from '../ir.ts';
import { type Budget, budgetFor, spend } from './budget.ts';
import { makeValue, type Step, type Value } from './program.ts';

/**
 * How a graph value lies in memory: in ONNX's order of axes, or with axis 1 (channels) moved to the end,
 * as kernels want images.
 */
export type Layout = 'plain' | 'last';

/** A graph value: its shape in ONNX's order, and where it has been computed so far. */
interface Entry {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly elementType: ElementType;
  readonly constant: Tensor | undefined;
  plain?: Value;
  last?: Value;
}

/** What operators emit into: keeps layouts apart and converts only where a reader asks. */
export class Lowering {
  readonly steps: Step[] = [];
  readonly absorbed: Set<Node> = new Set();
  readonly opset: number;
  readonly modes: Modes;
  readonly #graph: Graph;
  readonly #types: ValueTypes;
  readonly #entries = new Map<string, Entry>();
  readonly #readers = new Map<string, Node[]>();
  readonly #outputs: ReadonlySet<string>;
  readonly #origins = new Map<string, CodeOrigin>();
  readonly #blocks = new Map<string, BlockOrigin>();
  readonly #budget: Budget;
  #nodes: readonly Node[] = [];

  constructor(graph: Graph, types: ValueTypes, modes: Modes = arithmetics.ort) {
    this.#graph = graph;
    this.opset = graph.opset;
    this.modes = modes;
    this.#types = types;
    this.#budget = budgetFor(graph);
    this.#outputs = new Set(graph.outputs.map((output) => output.name));
    for (const node of graph.nodes) {
      for (const input of new Set(node.inputs)) {
        const readers = this.#readers.get(input);
        if (readers) readers.push(node);
        else this.#readers.set(input, [node]);
      }
    }
  }

  /** Says whose work the next steps are. */
  begin(node: Node): void {
    this.#nodes = [node];
  }

  shape(name: string): readonly number[] {
    return this.#entry(name).shape;
  }

  dtype(name: string): DType {
    return this.#entry(name).dtype;
  }

  /** The type of a value's elements, which a tensor may hold in a wider one: int4 codes in int8. */
  elementType(name: string): ElementType {
    return this.#entry(name).elementType;
  }

  /** The elements of a constant of a type that core decodes and does not compute on, and that type. */
  stored(name: string): { readonly elementType: ElementType; readonly tensor: Tensor } | undefined {
    const constant = this.#graph.constants.get(name);
    if (constant === undefined || isHeld(constant.elementType)) return undefined;
    const tensor = elementsOf(constant);
    return tensor && { elementType: constant.elementType, tensor };
  }

  /** The elements of a value that is known already: a constant of the model, or what follows from constants and shapes. */
  constantOf(name: string): Tensor | undefined {
    if (name === '') return undefined;
    const { constant, shape, plain } = this.#entry(name);
    return constant ?? (plain?.constant && ({ ...plain.constant, shape } as Tensor));
  }

  rank(name: string): number {
    return this.#entry(name).shape.length;
  }

  /** The layout that a value is at hand in; `plain` where both are. */
  layout(name: string): Layout {
    const entry = this.#entry(name);
    return entry.plain === undefined && entry.last !== undefined ? 'last' : 'plain';
  }

  /** A graph value in a layout; emits a transpose where it is not at hand. */
  value(name: string, layout: Layout): Value {
    const entry = this.#entry(name);
    const found = entry[layout];
    if (found) return found;
    const value = this.#convert(name, entry, layout);
    entry[layout] = value;
    return value;
  }

  plain(name: string): Value {
    return this.value(name, 'plain');
  }

  /** Says that a graph value has been computed, in this layout. */
  define(name: string, layout: Layout, value: Value): void {
    if (name === '') return;
    const entry = this.#entry(name);
    if (value.dtype !== entry.dtype || sizeOf(value.shape) !== sizeOf(entry.shape)) {
      throw new HalftoneError(
        'HT_MODEL_INVALID',
        `value ${name} is ${entry.dtype} [${entry.shape.join(', ')}] by inference, ${value.dtype} [${value.shape.join(', ')}] by computation`,
        { value: name },
      );
    }
    entry[layout] = value;
  }

  constant(tensor: Tensor, label = 'constant'): Value {
    return { dtype: tensor.dtype, shape: tensor.shape, constant: tensor, label };
  }

  /** Emits one op; gives its results. What follows from constants is computed now, where core can. */
  kernel<O extends OpName>(
    op: O,
    spec: OpSpecs[O],
    inputs: Record<string, Value>,
    label: string,
  ): Record<string, Value> {
    const definition = catalogue[op] as {
      check(s: OpSpecs[O]): void;
      inputs(s: OpSpecs[O]): Descs;
      outputs(s: OpSpecs[O]): Descs;
    };
    definition.check(spec);
    this.#checkOperands(definition.inputs(spec), inputs);
    const descs = Object.entries(definition.outputs(spec));
    const known = isElementOp(op) ? constantsOf(inputs) : undefined;
    const bytes = descs.reduce((sum, [, desc]) => sum + byteSize(desc), 0);
    if (known && spend(this.#budget, bytes)) {
      const results = Object.fromEntries(descs.map(([name, desc]) => [name, zeros(desc.dtype, desc.shape)]));
      elementOps[op as ElementOp](spec as never, { ...known, ...results });
      return Object.fromEntries(
        Object.entries(results).map(([name, result]) => [name, this.constant(result, label)]),
      );
    }
    const outputs: Record<string, Value> = {};
    for (const [name, desc] of descs) outputs[name] = makeValue(desc.dtype, desc.shape, label);
    this.steps.push({ kind: 'kernel', op, spec, inputs, outputs, nodes: this.#nodes } as Step);
    return outputs;
  }

  /** What a file says of operands may contradict itself. */
  #checkOperands(expected: Descs, inputs: Readonly<Record<string, Value>>): void {
    for (const [name, { dtype, shape }] of Object.entries(inputs)) {
      const wanted = expected[name];
      if (wanted === undefined) continue;
      const node = this.#nodes[0];
      const place = `${node ? describe(node) : 'a node'}: ${name}`;
      const details = { node: node?.name, op: node?.op, operand: name };
      if (dtype !== wanted.dtype)
        throw new HalftoneError(
          'HT_DTYPE_MISMATCH',
          `${place} is ${dtype}, ${wanted.dtype} is needed`,
          details,
        );
      if (sizeOf(shape) !== sizeOf(wanted.shape)) {
        const [got, needed] = [shape.join(', '), wanted.shape.join(', ')];
        throw new HalftoneError('HT_SHAPE_MISMATCH', `${place} is [${got}], [${needed}] is needed`, details);
      }
    }
  }

  /** A small computation on the host; done now where every input is a constant. */
  host(
    label: string,
    dtype: DType,
    shape: readonly number[],
    inputs: readonly Value[],
    compute: (...inputs: Tensor[]) => Tensor,
  ): Value {
    if (inputs.every((input) => input.constant !== undefined)) {
      return this.constant(compute(...inputs.map((input) => input.constant!)), label);
    }
    const output = makeValue(dtype, shape, label);
    this.steps.push({ kind: 'host', label, inputs, output, compute, nodes: this.#nodes });
    return output;
  }

  /** Says that a value is dequantized from codes; its readers may work on those. */
  setOrigin(name: string, origin: CodeOrigin): void {
    this.#origins.set(name, origin);
  }

  /** The codes that a value is dequantized from. */
  origin(name: string): CodeOrigin | undefined {
    return this.#origins.get(name);
  }

  /** Says that a value is dequantized from constant blocks; a product may work on those. */
  setBlocks(name: string, origin: BlockOrigin): void {
    this.#blocks.set(name, origin);
  }

  /** The blocks that a value is dequantized from. */
  blocks(name: string): BlockOrigin | undefined {
    return this.#blocks.get(name);
  }

  /** Type and shape of a constant of the model. */
  known(name: string): Constant | undefined {
    return this.#graph.constants.get(name);
  }

  /** The one node that reads a value, where nothing else sees it. */
  soleReader(name: string): Node | undefined {
    if (this.#outputs.has(name)) return undefined;
    const readers = this.#readers.get(name);
    return readers?.length === 1 ? readers[0] : undefined;
  }

  /** Makes `node` part of the step that is being emitted; it is not lowered by itself. */
  absorb(node: Node): void {
    this.absorbed.add(node);
    this.#nodes = [...this.#nodes, node];
  }

  /** The error for a form of a node that no op covers: HT_UNSUPPORTED. */
  refusal(node: Node, why: string): HalftoneError {
    return new HalftoneError('HT_UNSUPPORTED', `${describe(node)}: ${why}`, { node: node.name, op: node.op });
  }

  #entry(name: string): Entry {
    const found = this.#entries.get(name);
    if (found) return found;
    const constant = this.#graph.constants.get(name);
    const type = this.#types.get(name);
    const shape = constant?.shape ?? type?.shape;
    const elementType = constant?.elementType ?? type?.elementType;
    if (shape === undefined || !shape.every((extent) => typeof extent === 'number') || !isHeld(elementType)) {
      throw new HalftoneError(
        'HT_UNSUPPORTED',
        `value ${name}: ${elementType ?? 'an unknown type'} [${shape?.map((d) => d ?? '?').join(', ') ?? '?'}] cannot be run`,
        { value: name },
      );
    }
    const elements = constant && elementsOf(constant);
    const dtype = isDType(elementType) ? elementType : heldAs(elementType);
    const entry: Entry = { shape: shape as readonly number[], dtype, elementType, constant: elements };
    if (elements) entry.plain = this.constant(elements, name);
    this.#entries.set(name, entry);
    return entry;
  }

  #convert(name: string, entry: Entry, layout: Layout): Value {
    const from = layout === 'plain' ? entry.last : entry.plain;
    if (from === undefined)
      throw new HalftoneError('HT_MODEL_INVALID', `value ${name} is read before it is computed`, {
        value: name,
      });
    const rank = entry.shape.length;
    const axes = [...entry.shape.keys()];
    const toLast = [0, ...axes.slice(2), 1].slice(0, rank);
    const lastShape = toLast.map((axis) => entry.shape[axis]!);
    const shape = layout === 'last' ? lastShape : entry.shape;
    // With one channel, or one element a channel, both layouts are the same bytes.
    const channels = entry.shape[1] ?? 1;
    const inner = sizeOf(entry.shape.slice(2));
    if (rank < 3 || channels === 1 || inner === 1) return this.reshape(from, shape);
    const perm = layout === 'last' ? toLast : [0, rank - 1, ...axes.slice(1, rank - 1)];
    return this.transpose(from, layout === 'last' ? entry.shape : lastShape, perm, name);
  }

  /** The same bytes under another shape; never a copy. */
  reshape(value: Value, shape: readonly number[]): Value {
    return value.constant
      ? this.constant({ ...value.constant, shape } as Tensor, value.label)
      : reshaped(value, shape);
  }

  transpose(value: Value, shape: readonly number[], perm: readonly number[], label: string): Value {
    return this.kernel('transpose', { dtype: value.dtype, shape, perm }, { x: value }, label)['y']!;
  }
}

/** True for the types of values: what core computes on, and narrow codes, which stand in bytes. */
function isHeld(elementType: ElementType | undefined): elementType is DType | AnyCodeType {
  return isDType(elementType) || isCodeType(elementType);
}

function isElementOp(op: OpName): op is ElementOp {
  return Object.hasOwn(elementOps, op);
}

/** The operands, where all are constants. */
function constantsOf(inputs: Readonly<Record<string, Value>>): Record<string, Tensor> | undefined {
  const known: Record<string, Tensor> = {};
  for (const [name, { constant }] of Object.entries(inputs)) {
    if (constant === undefined) return undefined;
    known[name] = constant;
  }
  return known;
}

const bases = new WeakMap<Value, Value>();

function reshaped(value: Value, shape: readonly number[]): Value {
  const view = makeValue(value.dtype, shape, value.label);
  bases.set(view, baseOf(value));
  return view;
}

/** The value whose memory a reshaped value shares; itself where it is no view. */
export function baseOf(value: Value): Value {
  return bases.get(value) ?? value;
}

/** A constant tensor of one element of a dtype. */
export function scalar(dtype: 'int8' | 'uint8' | 'int32' | 'float32', value: number): Tensor {
  return tensor(dtype, [value], [1]);
}
