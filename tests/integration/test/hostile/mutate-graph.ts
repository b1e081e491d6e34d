// Edits that leave a graph well-formed and make it lie: these reach inference, planning and the kernels.
import type { AttributeProto, NodeProto, TensorProto, ValueInfoProto } from '@halftone/onnx';
import type { Random } from './random.ts';

/** A graph whose lists may be changed. */
interface LooseGraph {
  node?: NodeProto[];
  initializer?: TensorProto[];
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
  valueInfo?: ValueInfoProto[];
}

/** Operators that the executor knows, and some that it does not. */
export const operators: readonly string[] = [
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Conv',
  'Gemm',
  'MatMul',
  'Relu',
  'LeakyRelu',
  'Sigmoid',
  'Tanh',
  'HardSigmoid',
  'Clip',
  'Reshape',
  'Transpose',
  'Concat',
  'Squeeze',
  'Unsqueeze',
  'Identity',
  'MaxPool',
  'AveragePool',
  'GlobalAveragePool',
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
  'Softmax',
  'Flatten',
  'Shape',
  'Gather',
  'Slice',
  'Cast',
  'Constant',
  'BatchNormalization',
  'ConvTranspose',
  'Dropout',
  'QLinearConv',
  'QLinearMatMul',
  'QLinearAdd',
  'QGemm',
  'QLinearAveragePool',
  'QLinearGlobalAveragePool',
  'ConvInteger',
  'MatMulInteger',
  'MatMulIntegerToFloat',
  'QLinearSigmoid',
  'Pad',
  'ReduceSum',
  'If',
  'constructor',
];

const extents = [0, 1, 1, 2, 3, 4, 5, 8, 13];
const attributeIntegers = [-3, -2, -1, 0, 0, 1, 1, 2, 3, 4, 100, 65536, 2 ** 31, Number.MAX_SAFE_INTEGER];
const dataTypes: readonly (readonly [code: number, bytes: number])[] = [
  [1, 4],
  [1, 4],
  [1, 4],
  [2, 1],
  [3, 1],
  [6, 4],
  [7, 8],
  [9, 1],
  [10, 2],
  [11, 8],
  [4, 2],
  [5, 2],
];

/** Makes one such edit of a model's graph; a model that has lost its graph stays as it is. */
export function editGraph(root: Record<string, unknown>, random: Random): void {
  const graph = root['graph'] as LooseGraph | undefined;
  if (typeof graph !== 'object') return;
  random.pick([
    rewire,
    rewire,
    operator,
    attributes,
    attributes,
    constants,
    constants,
    values,
    insert,
    outputs,
  ])(graph, random);
}

function defined(graph: LooseGraph): string[] {
  return [
    ...(graph.input ?? []).map(({ name }) => name),
    ...(graph.initializer ?? []).map(({ name }) => name),
    ...(graph.node ?? []).flatMap(({ output }) => output ?? []),
  ].filter((name): name is string => typeof name === 'string' && name !== '');
}

function changeNode(graph: LooseGraph, random: Random, change: (node: NodeProto) => NodeProto): void {
  const nodes = graph.node ?? [];
  if (nodes.length === 0) return;
  const at = random.below(nodes.length);
  nodes[at] = change(nodes[at]!);
}

function rewire(graph: LooseGraph, random: Random): void {
  const names = [...defined(graph), ''];
  changeNode(graph, random, (node) => {
    const input = [...(node.input ?? [])];
    const at = random.below(input.length + 1);
    if (random.chance(0.1)) input.pop();
    else input[at] = random.pick(names);
    return { ...node, input };
  });
}

function operator(graph: LooseGraph, random: Random): void {
  changeNode(graph, random, (node) => {
    const { domain: _, ...rest } = node;
    const opType = random.pick(operators);
    return {
      ...rest,
      opType,
      ...(opType.startsWith('QL') && random.chance(0.5) ? { domain: 'com.microsoft' } : {}),
    };
  });
}

function attributes(graph: LooseGraph, random: Random): void {
  const all = (graph.node ?? []).flatMap(({ attribute }) => attribute ?? []);
  changeNode(graph, random, (node) => {
    const list = [...(node.attribute ?? [])];
    if (list.length === 0 || random.chance(0.2)) {
      const extra = all.length === 0 ? undefined : random.pick(all);
      const fresh = extra !== undefined && !list.some(({ name }) => name === extra.name);
      return { ...node, attribute: fresh ? [...list, changed(extra, random)] : list };
    }
    const at = random.below(list.length);
    if (random.chance(0.15)) list.splice(at, 1);
    else list[at] = changed(list[at]!, random);
    return { ...node, attribute: list };
  });
}

function changed(attribute: AttributeProto, random: Random): AttributeProto {
  if (attribute.ints !== undefined) {
    const ints = [...attribute.ints];
    if (random.chance(0.2)) ints.length = random.below(ints.length + 1);
    else ints[random.below(ints.length + 1)] = random.pick(attributeIntegers);
    return { ...attribute, ints: ints.map((value) => value ?? 0) };
  }
  if (attribute.i !== undefined) return { ...attribute, i: random.pick(attributeIntegers) };
  if (attribute.f !== undefined) return { ...attribute, f: random.pick([0, -1, NaN, Infinity, 1e-30, 1e30]) };
  return attribute;
}

function shape(random: Random): number[] {
  return Array.from({ length: random.below(6) }, () => random.pick(extents));
}

function constants(graph: LooseGraph, random: Random): void {
  const list = graph.initializer ?? [];
  if (list.length === 0) return;
  const at = random.below(list.length);
  const { name = '', dims: before } = list[at]!;
  const dims = random.chance(0.3) ? (before ?? []) : shape(random);
  const [dataType, bytes] = random.pick(dataTypes);
  const size = dims.reduce<number>((product, extent) => product * Number(extent), 1);
  if (!(size >= 0 && size < 100_000)) return;
  const rawData = new Uint8Array(size * bytes);
  const filler = random.below(3);
  if (filler === 1) for (let i = 0; i < rawData.length; i++) rawData[i] = random.below(256);
  if (filler === 2) for (let i = 0; i < size; i++) rawData[i * bytes] = random.below(4);
  list[at] = { name, dims, dataType, rawData };
}

function values(graph: LooseGraph, random: Random): void {
  const list = random.pick([graph.input ?? [], graph.input ?? [], graph.output ?? [], graph.valueInfo ?? []]);
  if (list.length === 0) return;
  const at = random.below(list.length);
  const { name = '' } = list[at]!;
  const dim = shape(random).map((dimValue) =>
    random.chance(0.1)
      ? { dimValue: random.pick(attributeIntegers) }
      : random.chance(0.2)
        ? { dimParam: 'N' }
        : { dimValue },
  );
  const elemType = random.pick(dataTypes)[0];
  list[at] = { name, type: { tensorType: { elemType, ...(random.chance(0.1) ? {} : { shape: { dim } }) } } };
}

function insert(graph: LooseGraph, random: Random): void {
  const names = defined(graph);
  const nodes = graph.node;
  if (names.length === 0 || nodes === undefined) return;
  const output = [`made${nodes.length}`, `made${nodes.length}b`].slice(0, 1 + random.below(2));
  const input = Array.from({ length: 1 + random.below(4) }, () => random.pick(names));
  const donor = nodes.length === 0 ? {} : random.pick(nodes);
  nodes.splice(random.below(nodes.length + 1), 0, {
    opType: random.pick(operators),
    input,
    output,
    attribute: random.chance(0.5) ? (donor.attribute ?? []) : [],
  });
  if (random.chance(0.7)) graph.output?.push({ name: output[0]! });
}

function outputs(graph: LooseGraph, random: Random): void {
  const names = defined(graph);
  if (names.length > 0) graph.output?.push({ name: random.pick(names) });
}
