import { isHalftoneError } from '@halftone/core';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import type { ModelProto } from '../src/index.ts';
import { modelType } from '../src/schema.ts';
import { decodeMessage } from '../src/wire/decode.ts';
import type { FieldType, MessageType } from '../src/wire/describe.ts';
import { encodeMessage, joinPieces } from '../src/wire/encode.ts';
import { eachInteger, PackedNumbers, toFloats } from '../src/wire/packed.ts';
import { attr, floats, model, node, richModel, value } from './models.ts';
import { bytesOfTokens, editTokens, tokensOf } from './wire-mutations.ts';

/** Our message tables as protobufjs's, so that its reader is held against ours and not against its authors' idea of ONNX. */
function reflected(): protobuf.Type {
  const root = new protobuf.Root();
  const known = new Map<MessageType<object>, string>();
  const add = (type: MessageType<object>): string => {
    const before = known.get(type);
    if (before !== undefined) return before;
    const name = `M${known.size}`;
    known.set(type, name);
    const made = new protobuf.Type(name);
    root.add(made);
    for (const field of type.fields) {
      const kind = field.message === undefined ? field.kind.replace('enum', 'int32') : add(field.message());
      made.add(
        new protobuf.Field(field.name, field.number, kind, field.rule === 'single' ? 'optional' : 'repeated'),
      );
    }
    return name;
  };
  const name = add(modelType);
  root.resolveAll();
  return root.lookupType(name);
}

const theirType = reflected();

type Plain = Readonly<Record<string, unknown>>;

/** A message as plain values: integers as bigints, bytes as lists, what is unknown as one list. */
function ours(type: MessageType<object>, message: object): Plain {
  const fields = message as Plain;
  const entries = type.fields
    .filter((field) => fields[field.name] !== undefined)
    .map((field) => [field.name, ourValue(field, fields[field.name])] as const);
  return plain(entries, fields['unknownFields'] as Uint8Array | undefined);
}

function ourValue(field: FieldType, value: unknown): unknown {
  if (value instanceof PackedNumbers) {
    if (field.kind === 'float') return Array.from(toFloats(value));
    if (field.kind === 'double') return [...new Float64Array(value.bytes.slice().buffer)];
    const list: bigint[] = [];
    eachInteger(value, (entry) => list.push(BigInt(entry)));
    return list;
  }
  const one = (entry: unknown): unknown => {
    if (field.message !== undefined) return ours(field.message(), entry as object);
    return field.kind.startsWith('int') || field.kind === 'uint64' || field.kind === 'enum'
      ? BigInt(entry as number)
      : entry;
  };
  return Array.isArray(value) ? value.map(one) : one(value);
}

function theirs(type: MessageType<object>, message: object): Plain {
  const fields = message as Plain;
  const entries = type.fields
    .filter((field) => Object.hasOwn(fields, field.name))
    .filter((field) => field.rule === 'single' || (fields[field.name] as unknown[]).length > 0)
    .map((field) => [field.name, theirValue(field, fields[field.name])] as const);
  const unknown = fields['$unknowns'] as Uint8Array[] | undefined;
  return plain(entries, unknown && new Uint8Array(Buffer.concat(unknown)));
}

function theirValue(field: FieldType, value: unknown): unknown {
  const one = (entry: unknown): unknown => {
    if (field.message !== undefined) return theirs(field.message(), entry as object);
    if (field.kind.includes('int') || field.kind === 'enum') return BigInt(String(entry));
    return entry instanceof Uint8Array ? new Uint8Array(entry) : entry;
  };
  return Array.isArray(value) ? value.map(one) : one(value);
}

function plain(entries: readonly (readonly [string, unknown])[], unknown: Uint8Array | undefined): Plain {
  const shown = entries
    // an empty list is written as no field
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .map(([name, value]): [string, unknown] => [
      name,
      Array.isArray(value) ? value.map(comparable) : comparable(value),
    ]);
  const rest = unknown === undefined || unknown.length === 0 ? {} : { unknown: [...unknown] };
  return { ...Object.fromEntries(shown), ...rest };
}

/** Bytes as lists; text that is no UTF-8 as one word: we keep its bytes as lone surrogates, protobufjs drops them. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  return typeof value === 'string' && /\p{Surrogate}|\ufffd/u.test(value) ? 'no UTF-8' : value;
}

type Read = { readonly message: Plain } | { readonly refused: string };

function readOurs(bytes: Uint8Array): Read {
  try {
    return { message: ours(modelType, decodeMessage(modelType, bytes)) };
  } catch (error) {
    if (!isHalftoneError(error, 'HT_MODEL_INVALID')) throw error;
    return { refused: error.message };
  }
}

function readTheirs(bytes: Uint8Array): Read {
  let message: object;
  try {
    const reader = protobuf.Reader.create(bytes);
    reader.discardUnknown = false;
    message = theirType.decode(reader);
  } catch (error) {
    return { refused: String(error) };
  }
  return { message: theirs(modelType, message) };
}

/** Where we are stricter: bits past the 64th of a varint are damage, and not dropped. */
const stricter = /does not fit in 64 bits/;

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Every kind of field and rule, in both forms. */
const everything: ModelProto = {
  irVersion: 13,
  graph: {
    name: 'g',
    node: [
      node(
        'F',
        ['a', ''],
        ['b'],
        [
          attr.int('i', -5),
          { name: 'big', type: 2, i: 2n ** 62n },
          attr.ints('is', [1, -2, 300, 2 ** 40]),
          attr.floats('fs', [1.5, -0, 3e38]),
          attr.text('s', 'é😀'),
          { name: 'ss', type: 8, strings: [Uint8Array.of(1), Uint8Array.of()] },
          attr.graph('g', { name: 'inner', node: [node('G', [], ['c'])] }),
          {
            name: 'tp',
            type: 13,
            tp: {
              sequenceType: {
                elemType: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'N' }] } } },
              },
            },
          },
        ],
      ),
    ],
    initializer: [
      floats('w', [2], [1, 2]),
      { name: 'f', dims: [2], dataType: 1, floatData: [NaN, -Infinity] },
      { name: 'd', dims: [1], dataType: 11, doubleData: [1e300] },
      { name: 'i', dims: [3], dataType: 6, int32Data: [-1, 0, 2147483647] },
      { name: 'l', dims: [2], dataType: 7, int64Data: [-(2n ** 63n), 7] },
      { name: 'u', dims: [1], dataType: 13, uint64Data: [2n ** 64n - 1n] },
      { name: 's', dims: [1], dataType: 8, stringData: [Uint8Array.of(255)] },
    ],
    input: [value('x', ['N', 3])],
    output: [value('y', [])],
  },
  metadataProps: [{ key: 'k', value: 'v' }, {}],
};

const seeds = [
  richModel(),
  richModel(11),
  joinPieces(encodeMessage(modelType, everything)),
  model({ node: [node('Relu', ['x'], ['y'])] }),
];

describe('our reader against protobufjs', () => {
  test('whole files', () => {
    for (const bytes of seeds) expect(readOurs(bytes)).toEqual(readTheirs(bytes));
  });

  test('20,000 edited files: both refuse, or both read the same', () => {
    const below = generator(31);
    const counts = { read: 0, refused: 0, stricter: 0 };
    for (let i = 0; i < 20_000; i++) {
      const tokens = tokensOf(modelType, seeds[i % seeds.length] as Uint8Array);
      for (let edits = 1 + below(3); edits > 0; edits--) editTokens(tokens, below);
      const bytes = bytesOfTokens(tokens);
      const [own, other] = [readOurs(bytes), readTheirs(bytes)];
      if ('refused' in own && stricter.test(own.refused)) counts.stricter++;
      else if ('refused' in own || 'refused' in other) {
        counts.refused++;
        expect([i, own, other, 'refused' in own]).toEqual([i, own, other, 'refused' in other]);
      } else {
        counts.read++;
        expect([i, own]).toEqual([i, other]);
      }
    }
    console.log(counts);
    expect(counts.read).toBeGreaterThan(8000);
    expect(counts.refused).toBeGreaterThan(2000);
  }, 120_000);

  test('what we write of an edited file, protobufjs reads as we did', () => {
    const below = generator(32);
    let written = 0;
    for (let i = 0; i < 2000; i++) {
      const tokens = tokensOf(modelType, seeds[i % seeds.length] as Uint8Array);
      editTokens(tokens, below);
      const own = readOurs(bytesOfTokens(tokens));
      if ('refused' in own) continue;
      const message = decodeMessage(modelType, bytesOfTokens(tokens));
      // spread, so that the graph is written field by field and not copied
      const copy = { ...message, ...(message.graph === undefined ? {} : { graph: { ...message.graph } }) };
      expect([i, readTheirs(joinPieces(encodeMessage(modelType, copy)))]).toEqual([i, own]);
      written++;
    }
    expect(written).toBeGreaterThan(1000);
  }, 60_000);
});
