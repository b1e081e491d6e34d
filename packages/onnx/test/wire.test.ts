import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModelProto } from '../src/index.ts';
import { PackedNumbers } from '../src/index.ts';
import { modelType, tensorType } from '../src/schema.ts';
import { decodeMessage, maxDepth } from '../src/wire/decode.ts';
import type { FieldType, MessageType } from '../src/wire/describe.ts';
import { encodeMessage, joinPieces } from '../src/wire/encode.ts';
import { eachInteger } from '../src/wire/packed.ts';
import { decodeText, encodeText } from '../src/wire/utf8.ts';
import { failure } from './models.ts';

const encode = <T extends object>(type: MessageType<T>, message: T): Uint8Array =>
  joinPieces(encodeMessage(type, message));

/** Fields as plain objects, so that encoding them again takes no shortcut. */
function plain(message: unknown): unknown {
  if (message instanceof Uint8Array) return [...message];
  if (message instanceof PackedNumbers) {
    const numbers: unknown[] = [];
    if (message.kind === 'float' || message.kind === 'double')
      return { kind: message.kind, bytes: [...message.bytes] };
    eachInteger(message, (value) => numbers.push(value));
    return numbers;
  }
  if (Array.isArray(message)) return message.map(plain);
  if (typeof message !== 'object' || message === null) return message;
  return Object.fromEntries(Object.entries(message).map(([key, value]) => [key, plain(value)]));
}

function rebuilt(message: unknown): unknown {
  if (message instanceof Uint8Array || message instanceof PackedNumbers) return message;
  if (Array.isArray(message)) return message.map(rebuilt);
  if (typeof message !== 'object' || message === null) return message;
  return Object.fromEntries(Object.entries(message).map(([key, value]) => [key, rebuilt(value)]));
}

const int64 = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .map((value) => (value >= -(2n ** 53n) + 1n && value < 2n ** 53n ? Number(value) : value));
const scalars = {
  int32: fc.integer(),
  enum: fc.nat(),
  int64,
  uint64: fc
    .bigInt({ min: 0n, max: 2n ** 64n - 1n })
    .map((value) => (value < 2n ** 53n ? Number(value) : value)),
  float: fc.float({ noNaN: true }),
  double: fc.double({ noNaN: true }),
  string: fc.string({ unit: 'binary' }),
  bytes: fc.uint8Array({ maxLength: 20 }),
} as const;

function fieldValue(field: FieldType, depth: number): fc.Arbitrary<unknown> {
  const single =
    field.kind === 'message'
      ? messageOf((field.message as () => MessageType<object>)(), depth - 1)
      : scalars[field.kind];
  if (field.rule === 'single') return single;
  return fc.array(single as fc.Arbitrary<unknown>, { minLength: 1, maxLength: 3 });
}

function messageOf(type: MessageType<object>, depth: number): fc.Arbitrary<object> {
  const fields = type.fields.filter((field) => depth > 0 || field.kind !== 'message');
  const model = Object.fromEntries(
    fields.map((field) => [field.name, fc.option(fieldValue(field, depth), { nil: undefined, freq: 2 })]),
  );
  return fc
    .record(model)
    .map((message) => Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined)));
}

test('any message survives writing and reading, and is written again byte by byte', () => {
  fc.assert(
    fc.property(messageOf(modelType, 4), (message) => {
      const bytes = encode(modelType, message as ModelProto);
      const back = decodeMessage(modelType, bytes);
      expect(joinPieces(encodeMessage(modelType, back))).toEqual(bytes);
      expect(encode(modelType, rebuilt(back) as ModelProto)).toEqual(bytes);
    }),
    { numRuns: 150, seed: 7 },
  );
});

test('hand-made bytes: each wire form of each kind', () => {
  // dims 3 and -1 unpacked, then 300 packed; data_type 1; float_data 1.5 unpacked and -2 packed; name; raw_data; double_data
  const bytes = Uint8Array.from([
    0x08, 3, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x0a, 2, 0xac, 0x02, 0x10, 1,
    0x25, 0, 0, 0xc0, 0x3f, 0x22, 4, 0, 0, 0, 0xc0, 0x42, 2, 0xc3, 0xa9, 0x4a, 1, 9, 0x52, 8, 0, 0, 0, 0, 0,
    0, 0xf0, 0x3f,
  ]);
  const tensor = decodeMessage(tensorType, bytes);
  expect(plain(tensor)).toEqual({
    dims: [3, -1, 300],
    dataType: 1,
    floatData: { kind: 'float', bytes: [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0] },
    name: 'é',
    rawData: [9],
    doubleData: { kind: 'double', bytes: [0, 0, 0, 0, 0, 0, 0xf0, 0x3f] },
  });
  expect(joinPieces(encodeMessage(tensorType, tensor))).toEqual(bytes);
});

test('byte fields are views of the file', () => {
  const bytes = encode(tensorType, { name: 't', rawData: new Uint8Array(64) });
  expect(decodeMessage(tensorType, bytes).rawData?.buffer).toBe(bytes.buffer);
  expect(decodeMessage(tensorType, Buffer.from(bytes)).rawData).not.toBeInstanceOf(Buffer);
});

test('unknown fields, groups and foreign wire types are kept in order', () => {
  const unknown = [0xfa, 0x07, 2, 5, 6, 0xf8, 0x07, 1, 0xfb, 0x07, 0x08, 1, 0xfc, 0x07, 0x0d, 1, 2, 3, 4]; // bytes, varint, group; field 1 as fixed32
  const bytes = Uint8Array.of(...unknown.slice(0, 5), 0x42, 1, 0x61, ...unknown.slice(5));
  const tensor = decodeMessage(tensorType, bytes);
  expect(tensor.name).toBe('a');
  expect([...(tensor.unknownFields ?? [])]).toEqual(unknown);
  expect([...joinPieces(encodeMessage(tensorType, tensor))]).toEqual([...bytes]);
  expect([...encode(tensorType, { ...tensor, name: 'b' })]).toEqual([0x42, 1, 0x62, ...unknown]);
});

test('a single message that comes twice is merged, linear in its size', () => {
  const first = encode(modelType, { graph: { name: 'a', node: [{ opType: 'Relu' }] } });
  const second = encode(modelType, { graph: { docString: 'd', node: [{ opType: 'Add' }] } });
  const merged = decodeMessage(modelType, Uint8Array.of(...first, ...second));
  expect(plain(merged.graph)).toEqual({
    name: 'a',
    docString: 'd',
    node: [{ opType: 'Relu' }, { opType: 'Add' }],
  });
  // types in types, each given twice: to read the first of each at once and both together later would take 2 ** 40 steps
  let nested: Uint8Array = Uint8Array.of();
  for (let i = 0; i < 40; i++)
    nested = Uint8Array.of(
      ...typeField(Uint8Array.of(0x0a, ...lengthOf(nested), ...nested)),
      ...typeField(Uint8Array.of()),
    );
  expect(decodeMessage(modelType, wrapType(nested)).graph?.input).toHaveLength(1);
});

function lengthOf(bytes: Uint8Array): number[] {
  const out: number[] = [];
  let rest = bytes.length;
  for (; rest >= 128; rest >>= 7) out.push((rest & 127) | 128);
  return [...out, rest];
}

function typeField(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(0x22, ...lengthOf(bytes), ...bytes);
}

test('damage names offset and path', () => {
  const damaged: [number[], string, number][] = [
    [[0x3a, 5, 1], '', 1], // length past the end
    [[0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], '', 1], // a length of 2^63
    [[0x3a, 2, 0x0a, 5], 'graph', 3], // the same inside the graph
    [[0x08], '', 1], // nothing behind a tag
    [[0x08, 0x80], '', 1], // varint without an end
    [[0x08, ...Array<number>(10).fill(0xff), 1], '', 1], // varint of 11 bytes
    [[0x08, ...Array<number>(9).fill(0xff), 2], '', 1], // varint of 65 bits
    [[0x00, 0], '', 0], // field number 0
    [[0x0f, 0], '', 1], // wire type 7
    [[0xfc, 0x07], '', 2], // end of a group that was not begun
    [[0xfb, 0x07], '', 2], // group without an end
    [[0x3a, 6, 0x0a, 4, 0x2a, 2, 0x15, 0], 'graph.node[0].attribute[0]', 7], // float cut off
    [[0x3a, 5, 0x2a, 3, 0x22, 1, 0], 'graph.initializer[0]', 6], // packed float of one byte
    [[0x3a, 5, 0x2a, 3, 0x2a, 1, 0x80], 'graph.initializer[0]', 6], // packed varint without an end
  ];
  for (const [bytes, path, offset] of damaged) {
    expect([
      bytes,
      failure('HT_MODEL_INVALID', () => decodeMessage(modelType, Uint8Array.from(bytes))),
    ]).toMatchObject([bytes, { path, offset }]);
  }
});

test('nesting has an end', () => {
  let bytes: Uint8Array = Uint8Array.of();
  for (let i = 0; i <= maxDepth; i++) bytes = typeField(Uint8Array.of(0x0a, ...lengthOf(bytes), ...bytes));
  const { message } = failure('HT_MODEL_INVALID', () => decodeMessage(modelType, wrapType(bytes)));
  expect(message).toMatch('nested');
  const groups = new Uint8Array(400).fill(0xfb).map((byte, i) => (i % 2 === 0 ? byte : 0x07));
  expect(failure('HT_MODEL_INVALID', () => decodeMessage(modelType, groups)).message).toMatch('nested');
});

/** The bytes as type of the first graph input. */
function wrapType(type: Uint8Array): Uint8Array {
  const typed = Uint8Array.of(0x12, ...lengthOf(type), ...type);
  const input = Uint8Array.of(0x5a, ...lengthOf(typed), ...typed);
  return Uint8Array.of(0x3a, ...lengthOf(input), ...input);
}

test('text that is not UTF-8 is written back as it was', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect([...encodeText(decodeText(bytes))]).toEqual([...bytes]);
    }),
    { numRuns: 300, seed: 3 },
  );
});

test('values that a field cannot hold are refused by name', () => {
  const write = (message: unknown): unknown =>
    failure('HT_INVALID_ARGUMENT', () => encode(modelType, message as ModelProto))['path'];
  expect(write({ irVersion: 1.5 })).toBe('ModelProto.irVersion');
  expect(write({ irVersion: 2n ** 63n })).toBe('ModelProto.irVersion');
  expect(write({ graph: { name: 3 } })).toBe('GraphProto.name');
  expect(write({ graph: { node: {} } })).toBe('GraphProto.node');
  expect(write({ graph: { initializer: [{ dataType: 2 ** 40 }] } })).toBe('TensorProto.dataType');
  expect(write({ graph: { initializer: [{ rawData: [1] }] } })).toBe('TensorProto.rawData');
});
