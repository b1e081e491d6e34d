import { type Tensor, tensor } from '@halftone/core';
import { expect, test } from 'vitest';
import { decodeTensor, encodeTensor, parseOnnx, type TensorProto, tensorProtoName } from '../src/index.ts';
import { tensorType } from '../src/schema.ts';
import { encodeMessage, joinPieces } from '../src/wire/encode.ts';
import { failure, model } from './models.ts';

const file = (proto: TensorProto): Uint8Array => joinPieces(encodeMessage(tensorType, proto));

test('tensor files of every element type that core holds', () => {
  const tensors = [
    tensor('float32', [1.5, -0, Number.NaN, Infinity], [2, 2]),
    tensor('int8', [-128, 0, 127]),
    tensor('uint8', [0, 200, 255], [3, 1]),
    tensor('int32', [-2147483648, 7]),
    tensor('int64', [-(2n ** 63n), 2n ** 63n - 1n]),
    tensor('float32', [], [0, 3]),
    tensor('float32', [4], []),
  ];
  for (const source of tensors) {
    const bytes = encodeTensor(source, 'value');
    expect(decodeTensor(bytes)).toEqual(source);
    expect(tensorProtoName(bytes)).toBe('value');
  }
  expect(tensorProtoName(encodeTensor(tensor('int8', [1])))).toBe('');
});

test('typed data fields', () => {
  expect(decodeTensor(file({ dims: [2], dataType: 1, floatData: [1.5, -2] }))).toEqual(
    tensor('float32', [1.5, -2]),
  );
  expect(decodeTensor(file({ dims: [3], dataType: 3, int32Data: [-1, 127, -128] }))).toEqual(
    tensor('int8', [-1, 127, -128]),
  );
  expect(decodeTensor(file({ dims: [2], dataType: 2, int32Data: [200, 0] }))).toEqual(
    tensor('uint8', [200, 0]),
  );
  expect(decodeTensor(file({ dims: [2], dataType: 6, int32Data: [-5, 5] }))).toEqual(
    tensor('int32', [-5, 5]),
  );
  expect(decodeTensor(file({ dims: [2], dataType: 7, int64Data: [-5, 2n ** 60n] }))).toEqual(
    tensor('int64', [-5n, 2n ** 60n]),
  );
});

// Serialized by Python package onnx 1.23.1: helper.make_tensor, the first by numpy_helper.from_array.
test.each<[string, string, Tensor]>([
  ['float16, raw', 'CAMQCkoGAD4AwP97', tensor('float32', [1.5, -2, 65504])],
  ['float16', 'CAMQCioIgHyAgAP/9wFCAA==', tensor('float32', [1.5, -2, 65504])],
  ['bfloat16', 'CAIQECoFgH/AgANCAA==', tensor('float32', [1, -3])],
  ['float8e4m3fn', 'CAIQESoDMP4BQgA=', tensor('float32', [0.5, -448])],
  ['float4e2m1', 'CAMQFyoD8QEFQgA=', tensor('float32', [0.5, -6, 3])],
  ['int4', 'CAMQFioCeA9CAA==', tensor('int8', [-8, 7, -1])],
  ['uint4', 'CAMQFSoD8QECQgA=', tensor('uint8', [1, 15, 2])],
  ['float64', 'CAIQC0IAUhCamZmZmZm5PwAAAAAAAATA', tensor('float32', [0.1, -2.5])],
  ['uint32', 'CAIQDEIAWgb/////Dwc=', tensor('int64', [4294967295n, 7n])],
  ['uint64', 'CAIQDUIAWgr//////////38H', tensor('int64', [2n ** 63n - 1n, 7n])],
  ['int16', 'CAIQBSoL1P3/////////AQdCAA==', tensor('int16', [-300, 7])],
  ['bool', 'CAMQCSoDAQABQgA=', tensor('bool', [1, 0, 1])],
])('a tensor file of %s', (_, bytes, expected) => {
  expect(decodeTensor(Uint8Array.from(Buffer.from(bytes, 'base64')))).toEqual(expected);
});

test('tensor files of types that nothing holds are refused', () => {
  const huge = { dims: [1], dataType: 13, uint64Data: [2n ** 64n - 1n] };
  expect(() => decodeTensor(file(huge))).toThrow(expect.objectContaining({ code: 'HT_INVALID_ARGUMENT' }));
  const pair = { dims: [1], dataType: 14, floatData: [1, 2] };
  expect(() => decodeTensor(file(pair))).toThrow(expect.objectContaining({ code: 'HT_UNSUPPORTED' }));
});

test('aligned raw data are not copied, others are', () => {
  for (const pad of [0, 1, 2, 3]) {
    const bytes = file({
      docString: 'x'.repeat(pad),
      dims: [2],
      dataType: 1,
      rawData: new Uint8Array(Float32Array.of(1, 2).buffer),
    });
    const { data } = decodeTensor(bytes);
    expect([...data]).toEqual([1, 2]);
  }
  const aligned = [0, 1, 2, 3].some((pad) => {
    const bytes = file({ name: 'n'.repeat(pad + 1), dims: [2], dataType: 1, rawData: new Uint8Array(8) });
    return decodeTensor(bytes).data.buffer === bytes.buffer;
  });
  expect(aligned).toBe(true);
});

test('element types that core does not hold stay as they are', () => {
  const half: TensorProto = { name: 'h', dims: [3], dataType: 10, rawData: new Uint8Array(6) };
  const nibbles: TensorProto = { name: 'n', dims: [3], dataType: 22, int32Data: [0x21, 3] };
  const text: TensorProto = {
    name: 's',
    dims: [2],
    dataType: 8,
    stringData: [Uint8Array.of(1), Uint8Array.of(2, 3)],
  };
  const pair: TensorProto = { name: 'c', dims: [2], dataType: 14, floatData: [1, 2, 3, 4] };
  const { constants } = parseOnnx(model({ initializer: [half, nibbles, text, pair] }));
  expect(
    [...constants.values()].map(({ elementType, shape, byteLength }) => [elementType, shape, byteLength]),
  ).toEqual([
    ['float16', [3], 6],
    ['int4', [3], 2],
    ['string', [2], 3],
    ['complex64', [2], 16],
  ]);
  expect(failure('HT_UNSUPPORTED', () => constants.get('h')?.tensor())).toMatchObject({
    elementType: 'float16',
  });
});

test('the bytes must be those that the shape needs', () => {
  const raw = new Uint8Array(8);
  const bad: TensorProto[] = [
    { dims: [3], dataType: 1, rawData: raw },
    { dims: [2], dataType: 1 },
    { dims: [2], dataType: 1, floatData: [1] },
    { dims: [2], dataType: 1, int32Data: [1, 2] },
    { dims: [2], dataType: 1, floatData: [1, 2], rawData: raw },
    { dims: [-2], dataType: 1, rawData: raw },
    { dims: [2 ** 40, 2 ** 40], dataType: 1, rawData: raw },
    { dims: [2n ** 62n], dataType: 3, rawData: raw },
    { dims: [1, 1], dataType: 8, stringData: [] },
    { dims: [1], dataType: 8, rawData: raw },
  ];
  for (const proto of bad) {
    expect(
      failure('HT_MODEL_INVALID', () => parseOnnx(model({ initializer: [{ ...proto, name: 't' }] })))[
        'message'
      ],
    ).toMatch('graph.initializer[0] "t"');
  }
  failure('HT_UNSUPPORTED', () => decodeTensor(file({ dims: [2], dataType: 99, rawData: raw })));
  failure('HT_UNSUPPORTED', () =>
    decodeTensor(file({ dims: [2], dataType: 1, rawData: raw, segment: { begin: 0, end: 1 } })),
  );
});
