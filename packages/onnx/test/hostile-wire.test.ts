import { describe, expect, test } from 'vitest';
import { parseOnnx, readModel } from '../src/index.ts';
import { modelType, tensorType } from '../src/schema.ts';
import { decodeMessage } from '../src/wire/decode.ts';
import { decodeText, encodeText } from '../src/wire/utf8.ts';
import { failure } from './models.ts';

const decode = (...bytes: number[]): object => decodeMessage(modelType, Uint8Array.from(bytes));
const refused = (...bytes: number[]): unknown => failure('HT_MODEL_INVALID', () => decode(...bytes));

/** A length-delimited field. */
function field(number: number, content: Uint8Array): Uint8Array {
  const head: number[] = [];
  const put = (value: number): void => {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) | 128);
    head.push(rest);
  };
  put(number * 8 + 2);
  put(content.length);
  return new Uint8Array(Buffer.concat([Buffer.from(head), content]));
}

const times = (bytes: readonly number[], count: number): Uint8Array =>
  new Uint8Array(Buffer.alloc(bytes.length * count, Buffer.from(bytes)));

describe('varints', () => {
  test('padded ones are read, up to ten bytes', () => {
    expect(decode(0x08, 0x85, 0x80, 0x80, 0x00)).toEqual({ irVersion: 5 });
    expect(decode(0x08, 0x85, ...Array<number>(8).fill(0x80), 0x00)).toEqual({ irVersion: 5 });
    expect(decode(0x88, 0x80, 0x00, 5)).toEqual({ irVersion: 5 });
    expect(decode(0x08, ...Array<number>(9).fill(0xff), 0x01)).toEqual({ irVersion: -1 });
  });

  test('longer ones, and bits past the 64th, are refused', () => {
    refused(0x08, ...Array<number>(10).fill(0x80), 0x00);
    refused(0x08, ...Array<number>(9).fill(0xff), 0x02);
    refused(0x08, ...Array<number>(9).fill(0x80), 0x7f);
    refused(0x08, ...Array<number>(30).fill(0xff));
    refused(0x0a, ...Array<number>(9).fill(0xff), 0x01); // a length of 2^64 - 1
  });

  test('an int32 keeps its low 32 bits, as protobuf has it', () => {
    const read = (...bytes: number[]): unknown => decodeMessage(tensorType, Uint8Array.from(bytes)).dataType;
    expect(read(0x10, 0x81, 0x80, 0x80, 0x80, 0x10)).toBe(1); // 2^32 + 1
    expect(read(0x10, ...Array<number>(9).fill(0xff), 0x01)).toBe(-1);
    expect(read(0x10, 0xff, 0xff, 0xff, 0xff, 0x0f)).toBe(-1); // 2^32 - 1
  });
});

describe('fields', () => {
  test('of impossible numbers are refused', () => {
    refused(0x00, 0);
    refused(0x02, 0);
    refused(0x07);
    refused(0x80, 0x80, 0x80, 0x80, 0x10, 0); // past 32 bits
  });

  test('of wire types that no field has are refused', () => {
    refused(0x0e);
    refused(0x0f);
    refused(0x0c); // the end of a group that was not begun
    refused(0x0b, 0x14); // a group that ends as another
    refused(0x0b);
  });

  test('a whole group is kept, whatever is in it', () => {
    expect(decode(0x0b, 0x13, 0x08, 1, 0x14, 0x0c, 0x08, 7)).toEqual({
      irVersion: 7,
      unknownFields: Uint8Array.of(0x0b, 0x13, 0x08, 1, 0x14, 0x0c),
    });
  });

  test('the last of a repeated single field holds', () => {
    expect(decode(0x08, 3, 0x08, 8, 0x12, 1, 0x61, 0x12, 1, 0x62)).toEqual({
      irVersion: 8,
      producerName: 'b',
    });
  });

  test('lengths past the end are refused at any depth', () => {
    refused(0x12, 5, 0x61);
    refused(0x3a, 2, 0x12, 2);
    refused(0x3a, 3, 0x0a, 2, 0x22, 1, 0x41); // the node ends behind its graph
    refused(0x12, 0xff, 0xff, 0xff, 0xff, 0x0f);
    refused(0x0d, 1, 2);
    refused(0x09, 1, 2, 3, 4, 5, 6, 7);
  });

  test('a message in two parts is refused where a field begins in one and ends in the other', () => {
    const whole = Uint8Array.of(0x12, 3, 0x61, 0x62, 0x63, 0x49, 1, 2, 3, 4, 5, 6, 7, 8);
    for (let cut = 0; cut <= whole.length; cut++) {
      const bytes = Buffer.concat([field(7, whole.subarray(0, cut)), field(7, whole.subarray(cut))]);
      if ([0, 5, whole.length].includes(cut))
        expect(decode(...bytes)).toMatchObject({ graph: { name: 'abc' } });
      else refused(...bytes);
    }
  });

  test('tags and lengths of more than five bytes are refused', () => {
    expect(decode(0x88, 0x80, 0x80, 0x80, 0x00, 5)).toEqual({ irVersion: 5 });
    refused(0x88, 0x80, 0x80, 0x80, 0x80, 0x00, 5);
    expect(decode(0x12, 0x81, 0x80, 0x80, 0x80, 0x00, 0x61)).toEqual({ producerName: 'a' });
    refused(0x12, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 0x61);
  });

  test('floats keep their NaN and signs', () => {
    const bytes = Uint8Array.of(
      0x25,
      0,
      0,
      0xc0,
      0x7f,
      0x25,
      0,
      0,
      0,
      0x80,
      0x22,
      4,
      0,
      0,
      0x80,
      0xff,
      0x08,
      3,
      0x10,
      1,
    );
    const tensor = decodeMessage(tensorType, bytes);
    const graph = parseOnnx(
      Uint8Array.of(
        0x42,
        2,
        0x10,
        13,
        ...field(7, field(5, Uint8Array.of(...bytes, ...field(8, Uint8Array.of(0x77))))),
      ),
    );
    expect(tensor.floatData).toHaveLength(3);
    expect([...(graph.constants.get('w')?.tensor().data ?? [])]).toEqual([NaN, -0, -Infinity]);
  });
});

describe('nesting', () => {
  /** Graphs in attributes of nodes of graphs. */
  function nested(levels: number): Uint8Array {
    let graph: Uint8Array = new Uint8Array();
    for (let i = 0; i < levels; i++) graph = field(1, field(5, field(6, graph)));
    return new Uint8Array(Buffer.concat([Buffer.from([0x42, 2, 0x10, 13]), field(7, graph)]));
  }

  test('within the limit is read', () => {
    expect(readModel(nested(30)).graph?.node).toHaveLength(1);
  });

  test.each([34, 1000, 10_000])('%i subgraphs in each other are refused, with no deep stack', (levels) => {
    failure('HT_MODEL_INVALID', () => readModel(nested(levels)));
    failure('HT_MODEL_INVALID', () => parseOnnx(nested(levels)));
  });

  test('10,000 groups in each other', () => {
    refused(...Array<number>(10_000).fill(0x0b));
    refused(...Array<number>(10_000).fill(0x0b), ...Array<number>(10_000).fill(0x0c));
  });
});

describe('files made to fill the memory', () => {
  const kinds: Record<string, Uint8Array> = {
    'empty messages': field(7, times([0x0a, 0], 2_200_000)),
    'messages of one field': field(7, times([0x0a, 3, 0x22, 1, 65], 2_200_000)),
    'one list of numbers': field(7, field(1, field(5, field(8, times([1], 17_000_000))))),
    'one list of names': field(7, field(1, times([0x0a, 0], 17_000_000))),
    'one message in many parts': times([0x3a, 0], 17_000_000),
  };
  for (const [name, bytes] of Object.entries(kinds)) {
    test(`${name}, ${Math.floor(bytes.length / 1e6)} MB`, () => {
      const start = performance.now();
      failure('HT_UNSUPPORTED', () => readModel(bytes));
      expect(performance.now() - start).toBeLessThan(20_000);
    });
  }

  test('unknown fields side by side are one piece', () => {
    const bytes = times([0xfa, 0x07, 0], 17_000_000);
    expect(readModel(bytes).unknownFields).toHaveLength(bytes.length);
  }, 60_000);
});

describe('text', () => {
  test('megabytes that are no UTF-8 take no longer than others', () => {
    const start = performance.now();
    for (const pattern of [
      [0xff],
      [0xc3],
      [0xe2, 0x82],
      [0xf0, 0x9f, 0x98],
      [0x61, 0xff],
      [0xed, 0xa0, 0x80],
    ]) {
      const bytes = times(pattern, Math.floor(1_500_000 / pattern.length));
      expect(Buffer.compare(encodeText(decodeText(bytes)), bytes)).toBe(0);
    }
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('each form that the standard forbids is kept byte by byte, what stands beside it is read', () => {
    // overlong, surrogate, past U+10FFFF, lone continuation, cut off
    for (const bad of [
      [0xc0, 0x80],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0x80],
      [0xf0, 0x9f],
    ]) {
      const text = decodeText(Uint8Array.of(0x61, ...bad, 0xf0, 0x9f, 0x98, 0x80, 0xc3, 0xa9));
      expect(text).toBe(`a${bad.map((byte) => String.fromCharCode(0xdc00 + byte)).join('')}😀é`);
    }
  });

  test('lone surrogates that stand for no byte are written as the replacement character', () => {
    expect([...encodeText('a\ud800b\udc01')]).toEqual([0x61, 0xef, 0xbf, 0xbd, 0x62, 0xef, 0xbf, 0xbd]);
  });
});
