// Small models of most of what a file can hold, as messages, so that mutations have something to bite on.
import type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from '@halftone/onnx';

/** Bytes of the file beside each model that its outside weights stand in. */
export const outsideWeights: Uint8Array = new Uint8Array(
  Float32Array.from({ length: 64 }, (_, i) => (i % 7) - 3).buffer,
);

/** Name of that file. */
export const outsideName = 'weights.bin';

type Kind = 'float32' | 'int64' | 'uint8' | 'int8' | 'int32';
const kinds = {
  float32: [1, Float32Array],
  uint8: [2, Uint8Array],
  int8: [3, Int8Array],
  int32: [6, Int32Array],
  int64: [7, BigInt64Array],
} as const;

function value(name: string, dims?: readonly (number | string)[], kind: Kind = 'float32'): ValueInfoProto {
  const dim = dims?.map((extent) =>
    typeof extent === 'number' ? { dimValue: extent } : { dimParam: extent },
  );
  return {
    name,
    type: { tensorType: { elemType: kinds[kind][0], ...(dim === undefined ? {} : { shape: { dim } }) } },
  };
}

function constant(
  name: string,
  dims: readonly number[],
  values?: readonly number[],
  kind: Kind = 'float32',
): TensorProto {
  const size = dims.reduce((product, extent) => product * extent, 1);
  const list = values ?? Array.from({ length: size }, (_, i) => ((i * 37) % 19) / 8 - 1);
  const data =
    kind === 'int64' ? BigInt64Array.from(list, BigInt) : (kinds[kind][1] as typeof Float32Array).from(list);
  return { name, dims, dataType: kinds[kind][0], rawData: new Uint8Array(data.buffer) };
}

function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: readonly AttributeProto[] = [],
  domain?: string,
): NodeProto {
  return {
    opType,
    input,
    output,
    attribute,
    name: `${opType}_${output[0] ?? ''}`,
    ...(domain === undefined ? {} : { domain }),
  };
}

const attr = {
  int: (name: string, i: number): AttributeProto => ({ name, i, type: 2 }),
  ints: (name: string, ints: readonly number[]): AttributeProto => ({ name, ints, type: 7 }),
  float: (name: string, f: number): AttributeProto => ({ name, f, type: 1 }),
  floats: (name: string, floats: readonly number[]): AttributeProto => ({ name, floats, type: 6 }),
  text: (name: string, s: string): AttributeProto => ({ name, s: new TextEncoder().encode(s), type: 3 }),
  tensor: (name: string, t: TensorProto): AttributeProto => ({ name, t, type: 4 }),
  graph: (name: string, g: GraphProto): AttributeProto => ({ name, g, type: 5 }),
};

function model(graph: GraphProto, opset = 13, more: ModelProto = {}): ModelProto {
  return {
    irVersion: 8,
    producerName: 'test',
    opsetImport: [
      { domain: '', version: opset },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: { name: 'g', ...graph },
    ...more,
  };
}

const image = model({
  input: [value('x', [1, 2, 6, 6])],
  output: [value('y', [1, 5])],
  valueInfo: [value('c', [1, 4, 6, 6]), value('p', [1, 4, 3, 3])],
  initializer: [
    constant('w', [4, 2, 3, 3]),
    constant('b', [4]),
    constant('gamma', [4], [1, 2, 1, 0.5]),
    constant('beta', [4]),
    constant('mean', [4]),
    constant('variance', [4], [1, 2, 3, 4]),
    constant('fc', [5, 4]),
    constant('fb', [5]),
    constant('lo', [], [0]),
    constant('hi', [], [6]),
    constant('w1', [4, 1, 3, 3]),
  ],
  node: [
    node(
      'Conv',
      ['x', 'w', 'b'],
      ['c'],
      [
        attr.ints('pads', [1, 1, 1, 1]),
        attr.ints('kernel_shape', [3, 3]),
        attr.ints('strides', [1, 1]),
        attr.ints('dilations', [1, 1]),
        attr.int('group', 1),
      ],
    ),
    node(
      'BatchNormalization',
      ['c', 'gamma', 'beta', 'mean', 'variance'],
      ['n'],
      [attr.float('epsilon', 1e-5)],
    ),
    node('Clip', ['n', 'lo', 'hi'], ['r']),
    node(
      'MaxPool',
      ['r'],
      ['p'],
      [attr.ints('kernel_shape', [2, 2]), attr.ints('strides', [2, 2]), attr.int('ceil_mode', 0)],
    ),
    node('Conv', ['p', 'w1'], ['d'], [attr.int('group', 4), attr.text('auto_pad', 'SAME_UPPER')]),
    node('Relu', ['d'], ['dr']),
    node('Add', ['p', 'dr'], ['s']),
    node('AveragePool', ['s'], ['a'], [attr.ints('kernel_shape', [2, 2]), attr.int('count_include_pad', 1)]),
    node('GlobalAveragePool', ['a'], ['ga']),
    node('Flatten', ['ga'], ['f'], [attr.int('axis', 1)]),
    node('Gemm', ['f', 'fc', 'fb'], ['y'], [attr.float('alpha', 0.5), attr.int('transB', 1)]),
  ],
});

const matrix = model(
  {
    input: [value('x', ['N', 4]), value('x2', [1, 4])],
    output: [value('y', ['N', 3]), value('z')],
    initializer: [
      constant('w', [4, 4]),
      constant('row', [4]),
      constant('w2', [4, 3]),
      constant('shape', [2], [-1, 4], 'int64'),
      constant('zero', [1], [0], 'int64'),
      constant('start', [1], [0], 'int64'),
      constant('end', [1], [2], 'int64'),
    ],
    node: [
      node('MatMul', ['x', 'w'], ['m']),
      node('Add', ['m', 'row'], ['a']),
      node('Identity', ['a'], ['i']),
      node('Sigmoid', ['i'], ['g']),
      node('Mul', ['g', 'i'], ['sw']),
      node('Softmax', ['sw'], ['so'], [attr.int('axis', -1)]),
      node('Shape', ['so'], ['sh']),
      node('Slice', ['sh', 'start', 'end', 'zero'], ['cut']),
      node('Gather', ['cut', 'zero'], ['first'], [attr.int('axis', 0)]),
      node('Concat', ['first', 'zero'], ['dims'], [attr.int('axis', 0)]),
      node('Reshape', ['so', 'shape'], ['re']),
      node('Unsqueeze', ['re', 'zero'], ['un']),
      node('Squeeze', ['un', 'zero'], ['sq']),
      node('Transpose', ['sq'], ['t'], [attr.ints('perm', [1, 0])]),
      node('Transpose', ['t'], ['tt']),
      node('Dropout', ['tt'], ['dr']),
      node('Constant', [], ['k'], [attr.tensor('value', constant('', [1], [2]))]),
      node('Mul', ['dr', 'k'], ['sc']),
      node('Cast', ['sc'], ['ca'], [attr.int('to', 1)]),
      node('Concat', ['ca', 'x2'], ['z'], [attr.int('axis', 0)]),
      node('MatMul', ['ca', 'w2'], ['y']),
    ],
  },
  17,
);

const quantized = model({
  input: [value('x', [1, 2, 4, 4])],
  output: [value('y'), value('q2', undefined, 'uint8')],
  initializer: [
    // steps of no simple ratio: on a tie of two codes, floats round either way
    constant('s', [], [0.0473]),
    constant('z', [], [128], 'uint8'),
    constant('wq', [3, 2, 1, 1], [1, -2, 3, -4, 5, -6], 'int8'),
    constant('ws', [3], [0.0113, 0.0217, 0.0331]),
    constant('wz', [3], [0, 0, 0], 'int8'),
    constant('bq', [3], [10, -20, 30], 'int32'),
    constant('bs', [3], [0.00053449, 0.00102641, 0.00156563]),
    constant('a8', [4, 3], undefined, 'uint8'),
    constant('w8', [3, 2], [1, 2, 3, 4, 5, 6], 'int8'),
    constant('z8', [], [0], 'int8'),
  ],
  node: [
    node('QuantizeLinear', ['x', 's', 'z'], ['q']),
    node('DequantizeLinear', ['q', 's', 'z'], ['d']),
    node('DequantizeLinear', ['wq', 'ws', 'wz'], ['w'], [attr.int('axis', 0)]),
    node('DequantizeLinear', ['bq', 'bs'], ['b'], [attr.int('axis', 0)]),
    node('Conv', ['d', 'w', 'b'], ['c']),
    node('Relu', ['c'], ['r']),
    node('QuantizeLinear', ['r', 's', 'z'], ['q2']),
    node('DequantizeLinear', ['q2', 's', 'z'], ['y']),
    node('MatMulInteger', ['a8', 'w8', 'z', 'z8'], ['mi']),
    node('QLinearConv', ['q', 's', 'z', 'wq', 'ws', 'wz', 's', 'z', 'bq'], ['qc']),
    node('QLinearAdd', ['qc', 's', 'z', 'qc', 's', 'z', 's', 'z'], ['qa'], [], 'com.microsoft'),
    node('QLinearMatMul', ['a8', 's', 'z', 'w8', 's', 'z8', 's', 'z'], ['qm']),
    node(
      'QLinearGlobalAveragePool',
      ['qa', 's', 'z', 's', 'z'],
      ['qp'],
      [attr.int('channels_last', 0)],
      'com.microsoft',
    ),
    node('DynamicQuantizeLinear', ['y'], ['dq', 'ds', 'dz']),
  ],
});

const integers = model({
  input: [value('x', [1, 2, 6], 'uint8'), value('m', [3, 4], 'uint8'), value('im', [1, 2, 5, 5], 'uint8')],
  output: [
    value('c', undefined, 'int32'),
    value('g', undefined, 'uint8'),
    value('f'),
    value('p', undefined, 'uint8'),
  ],
  initializer: [
    constant('s', [], [0.0473]),
    constant('z', [], [3], 'uint8'),
    constant('w1', [3, 2, 3], undefined, 'int8'),
    constant('b8', [4, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 'int8'),
    constant('bs', [3], [0.0113, 0.0217, 0.0331]),
    constant('bz', [3], [0, 0, 0], 'int8'),
    constant('c32', [3], [5, -6, 7], 'int32'),
    constant('fb', [3]),
  ],
  node: [
    node('ConvInteger', ['x', 'w1', 'z'], ['c'], [attr.ints('dilations', [2]), attr.ints('pads', [1, 1])]),
    node(
      'QGemm',
      ['m', 's', 'z', 'b8', 'bs', 'bz', 'c32', 's', 'z'],
      ['g'],
      [attr.float('alpha', 1), attr.int('transB', 0)],
      'com.microsoft',
    ),
    node('MatMulIntegerToFloat', ['m', 'b8', 's', 'bs', 'z', 'bz', 'fb'], ['f'], [], 'com.microsoft'),
    node(
      'QLinearAveragePool',
      ['im', 's', 'z', 's', 'z'],
      ['p'],
      [attr.ints('kernel_shape', [2, 2]), attr.ints('strides', [2, 2]), attr.int('ceil_mode', 1)],
      'com.microsoft',
    ),
    node('MaxPool', ['im'], ['mp'], [attr.ints('kernel_shape', [3, 3]), attr.ints('dilations', [1, 2])]),
  ],
});

const branch = (name: string, read: string): GraphProto => ({
  name,
  initializer: [constant(`${name}_w`, [1], [2])],
  node: [node('Mul', [read, `${name}_w`], [`${name}_out`])],
  output: [value(`${name}_out`)],
});

const control = model(
  {
    docString: 'control flow, functions, sparse weights',
    input: [
      value('x', ['N', 4]),
      { name: 'flag', type: { tensorType: { elemType: 9, shape: {} } } },
      { name: 'list', type: { sequenceType: { elemType: value('', [1]).type ?? {} } } },
    ],
    output: [value('y', ['N', 3]), value('z')],
    initializer: [
      constant('w', [4, 3]),
      { name: 'b', dims: [3], dataType: 1, floatData: [0.5, -0.5, 2] },
      constant('idle', [1], [7]),
      { name: 'words', dims: [2], dataType: 8, stringData: [Uint8Array.of(97), Uint8Array.of(0xff, 98)] },
      { name: 'half', dims: [2], dataType: 10, int32Data: [15360, 48128] },
    ],
    sparseInitializer: [
      {
        values: constant('sparse', [2], [1, 2]),
        indices: constant('', [2], [0, 3], 'int64'),
        dims: [2, 2],
      },
    ],
    node: [
      node('Gemm', ['x', 'w', 'b'], ['h']),
      node(
        'If',
        ['flag'],
        ['c'],
        [attr.graph('then_branch', branch('t', 'h')), attr.graph('else_branch', branch('e', 'w'))],
      ),
      node(
        'Mystery',
        ['c', 'sparse'],
        ['m'],
        [attr.text('mode', 'dark'), attr.ints('list', [1, -3])],
        'custom',
      ),
      node('Twice', ['m'], ['z'], [], 'local'),
      node('Relu', ['h'], ['y']),
    ],
    quantizationAnnotation: [
      { tensorName: 'h', quantParameterTensorNames: [{ key: 'SCALE_TENSOR', value: 'idle' }] },
    ],
    metadataProps: [{ key: 'k', value: 'v' }],
  },
  13,
  {
    opsetImport: [
      { domain: '', version: 13 },
      { domain: 'custom', version: 2 },
      { domain: 'local', version: 1 },
    ],
    functions: [
      {
        name: 'Twice',
        domain: 'local',
        input: ['a'],
        output: ['r'],
        node: [node('Add', ['a', 'a'], ['r'])],
        opsetImport: [{ domain: '', version: 13 }],
      },
    ],
    trainingInfo: [
      {
        algorithm: { name: 'step', node: [node('Neg', ['w'], ['nw'])], output: [value('nw')] },
        updateBinding: [{ key: 'w', value: 'nw' }],
      },
    ],
    metadataProps: [{ key: 'author', value: 'none' }],
  },
);

const old = model(
  {
    input: [value('x', [1, 4]), value('w', [4, 4])],
    initializer: [constant('w', [4, 4]), { name: 's', dims: [2], dataType: 7, int64Data: [1, -1] }],
    node: [
      node('MatMul', ['x', 'w'], ['m']),
      node('Clip', ['m'], ['c'], [attr.float('min', 0), attr.float('max', 6)]),
      node('Pad', ['c'], ['p'], [attr.ints('pads', [0, 1, 0, 1])]),
      node('Reshape', ['p', 's'], ['r']),
      node('Slice', ['r'], ['sl'], [attr.ints('starts', [0]), attr.ints('ends', [1])]),
      node('Squeeze', ['sl'], ['sq'], [attr.ints('axes', [0])]),
      node('Unsqueeze', ['sq'], ['us'], [attr.ints('axes', [0])]),
      node('Softmax', ['us'], ['so'], [attr.int('axis', 0)]),
      node('ReduceSum', ['so'], ['y'], [attr.ints('axes', [1])]),
    ],
    output: [value('y')],
  },
  8,
  { irVersion: 3, opsetImport: [{ version: 8 }] },
);

const outside = model({
  input: [value('x', [1, 8])],
  output: [value('y')],
  initializer: [
    {
      name: 'w',
      dims: [8, 4],
      dataType: 1,
      dataLocation: 1,
      externalData: [
        { key: 'location', value: outsideName },
        { key: 'offset', value: '0' },
        { key: 'length', value: '128' },
      ],
    },
    {
      name: 'b',
      dims: [4],
      dataType: 1,
      dataLocation: 1,
      externalData: [
        { key: 'location', value: outsideName },
        { key: 'offset', value: '128' },
      ],
    },
  ],
  node: [node('Gemm', ['x', 'w', 'b'], ['g']), node('Tanh', ['g'], ['y'])],
});

/** The models by name. */
export const seeds: Readonly<Record<string, ModelProto>> = {
  image,
  matrix,
  quantized,
  integers,
  control,
  old,
  outside,
};
