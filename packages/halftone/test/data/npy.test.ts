import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  decodeNpy,
  encodeNpy,
  encodeTensorAsNpy,
  type NpyArray,
  type NpyData,
  readNpy,
} from '../../src/data/npy.ts';
import { type NpyDtype, parseNpyHeader } from '../../src/data/npy-header.ts';
import { fromBase64, npy, rejection, tempFolder, thrown } from './fixtures.ts';

/** Written by numpy.lib.format.write_array of NumPy 2.4.6. */
const golden: [what: string, base64: string, expected: NpyArray][] = [
  [
    'version 1, float32',
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwAAAQEAAAIBAAACgQAAAwEA=',
    { dtype: 'f4', shape: [2, 3], data: Float32Array.of(1.5, -2, 3, 4, 5, 6) },
  ],
  [
    'big endian int16 in Fortran order',
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPmkyJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAADAAEABAACAAU=',
    { dtype: 'i2', shape: [2, 3], data: Int16Array.of(0, 1, 2, 3, 4, 5) },
  ],
  [
    'version 2, bool',
    'k05VTVBZAgB0AAAAeydkZXNjcic6ICd8YjEnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAA==',
    { dtype: 'b1', shape: [2], data: Uint8Array.of(1, 0) },
  ],
  [
    'version 3, int64 scalar',
    'k05VTVBZAwB0AAAAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoHAAAAAAAAAA==',
    { dtype: 'i8', shape: [], data: BigInt64Array.of(7n) },
  ],
  [
    'float16',
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDUsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPAC4/3sBAAB8',
    {
      dtype: 'f2',
      shape: [5],
      data: Float32Array.of(1, -0.5, 65504, 5.960464477539063e-8, Number.POSITIVE_INFINITY),
    },
  ],
];

const { write } = await tempFolder();

const samples: Record<NpyDtype, NpyData> = {
  b1: Uint8Array.of(0, 1, 1, 0, 1, 0),
  i1: Int8Array.of(-128, 127, 0, 1, -1, 5),
  u1: Uint8Array.of(0, 255, 1, 2, 3, 4),
  i2: Int16Array.of(-32768, 32767, 0, 258, -2, 1),
  u2: Uint16Array.of(0, 65535, 258, 3, 4, 5),
  i4: Int32Array.of(-2147483648, 2147483647, 0, 16909060, -2, 1),
  u4: Uint32Array.of(0, 4294967295, 16909060, 3, 4, 5),
  i8: BigInt64Array.of(-9223372036854775808n, 9223372036854775807n, 0n, 1n, -2n, 72623859790382856n),
  u8: BigUint64Array.of(0n, 18446744073709551615n, 72623859790382856n, 3n, 4n, 5n),
  f2: Float32Array.of(0, -1.5, 65504, 2 ** -24, Number.NEGATIVE_INFINITY, 0.5),
  f4: Float32Array.of(0, -1.5, 3.4e38, 1e-45, Number.NaN, 0.1),
  f8: Float64Array.of(0, -1.5, 1.7e308, 5e-324, Number.NaN, 0.1),
};

/** A version 1 file with this dict and these element bytes. */
function handmade(dict: string, elements: number): Uint8Array {
  const bytes = new Uint8Array(10 + dict.length + elements);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, dict.length & 255, dict.length >> 8]);
  bytes.set(new TextEncoder().encode(dict), 10);
  return bytes;
}

describe('reading', () => {
  test.each(golden)('NumPy file: %s', (_, base64, expected) => {
    expect(decodeNpy(fromBase64(base64), 'golden')).toEqual(expected);
  });

  it('reads from an unaligned offset and shares nothing with the bytes', () => {
    const bytes = npy('f8', [2], Float64Array.of(1.25, -2));
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const { data } = decodeNpy(shifted.subarray(3), 'shifted');
    shifted.fill(0);
    expect(data).toEqual(Float64Array.of(1.25, -2));
  });

  it('reads a Node Buffer, whose slice() is no copy', () => {
    const bytes = Buffer.from(npy('f4', [1], Float32Array.of(3)));
    const { data } = decodeNpy(bytes, 'buffer');
    bytes.fill(0);
    expect(data).toEqual(Float32Array.of(3));
  });

  it('turns three axes of Fortran order around', () => {
    const dict = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2)}";
    const bytes = handmade(dict, 12);
    bytes.set([0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11], bytes.length - 12);
    expect([...(decodeNpy(bytes, 'f').data as Uint8Array)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test.each([
    `{"descr": "<f4", "fortran_order": False, "shape": (1,)}`,
    `{'shape':(1L,),'fortran_order':False,'descr':'<f4',}  \n`,
    ` { 'fortran_order' : False , 'descr' : '<f4' , 'shape' : ( 1 , ) , } `,
  ])('accepts the spelling %j', (dict) => {
    expect(parseNpyHeader(handmade(dict, 4), 10 + dict.length + 4, 'x')).toMatchObject({
      dtype: 'f4',
      shape: [1],
    });
  });
});

describe('damaged headers', () => {
  const good = `{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }`;
  test.each([
    ['nothing', ''],
    ['an open dict', good.slice(0, -1)],
    ['two dicts', `${good}${good}`],
    ['a missing key', `{'descr': '<f4', 'shape': (2,)}`],
    ['a repeated key', `{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}`],
    ['an unknown key', `{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}`],
    ['an expression', `{'descr': '<f4', 'fortran_order': not True, 'shape': (2,)}`],
    ['a list for a shape', `{'descr': '<f4', 'fortran_order': False, 'shape': [2]}`],
    ['a number in brackets', `{'descr': '<f4', 'fortran_order': False, 'shape': (2)}`],
    ['a negative extent', `{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}`],
    ['a lone comma', `{'descr': '<f4', 'fortran_order': False, 'shape': (,)}`],
    ['an octal', `{'descr': '<f4', 'fortran_order': False, 'shape': (02,)}`],
    ['objects', `{'descr': '|O', 'fortran_order': False, 'shape': (2,)}`],
    ['records', `{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}`],
    ['complex numbers', `{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}`],
    ['text', `{'descr': '<U2', 'fortran_order': False, 'shape': (1,)}`],
    ['no byte order', `{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}`],
    ['no such size', `{'descr': '<f1', 'fortran_order': False, 'shape': (8,)}`],
    ['a shape too large', `{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}`],
    ['a shape too small', `{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}`],
    [
      'a product past 2^53',
      `{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999, 9999999999999999)}`,
    ],
    ['65 axes', `{'descr': '<f4', 'fortran_order': False, 'shape': (${'1,'.repeat(65)})}`],
  ])('%s', async (_, dict) => {
    await thrown(() => decodeNpy(handmade(dict, 8), 'bad'), 'HT_DATA_INVALID');
  });

  it('refuses other magic bytes and versions', async () => {
    const bytes = npy('u1', [1], Uint8Array.of(1));
    await thrown(() => decodeNpy(bytes.with(0, 0x92), 'bad'), 'HT_DATA_INVALID');
    expect(await thrown(() => decodeNpy(bytes.with(6, 4), 'bad'), 'HT_DATA_INVALID')).toMatchObject({
      major: 4,
    });
  });

  it('never allocates a header length of 4 GiB', async () => {
    const bytes = new Uint8Array(64).fill(0xff);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0]);
    await thrown(() => decodeNpy(bytes, 'bad'), 'HT_DATA_INVALID');
  });

  it('gives a typed error at every length of a cut file', async () => {
    const bytes = npy('f4', [2], Float32Array.of(1, 2));
    for (let length = 0; length < bytes.length; length++) {
      await thrown(() => decodeNpy(bytes.subarray(0, length), 'cut'), 'HT_DATA_INVALID');
    }
    for (const length of [0, 5, 11, 60, 130]) {
      const path = await write(`cut-${length}.npy`, bytes.subarray(0, length));
      expect(await rejection(readNpy(path), 'HT_DATA_INVALID')).toMatchObject({ path });
    }
  });

  it('gives a typed error or an array for any flipped bits', () => {
    const bytes = npy('f4', [2, 2], Float32Array.of(1, 2, 3, 4));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const damaged = bytes.with(at, (bytes[at] as number) ^ mask);
        try {
          return decodeNpy(damaged, 'flipped').data.byteLength <= 32;
        } catch (error) {
          return (error as { code?: string }).code === 'HT_DATA_INVALID';
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('names a file that is not there', async () => {
    const path = '/nowhere/missing.npy';
    expect(await rejection(readNpy(path), 'HT_FILE')).toMatchObject({ path, errno: 'ENOENT' });
  });
});

describe('writing', () => {
  test.each(Object.entries(samples) as [NpyDtype, NpyData][])('%s comes back', (dtype, data) => {
    const array = { dtype, shape: [3, 2], data };
    const bytes = encodeNpy(array);
    expect(decodeNpy(bytes, dtype)).toEqual(array);
    expect((bytes.length - data.length * Number(dtype[1])) % 64).toBe(0);
  });

  test.each(Object.entries(samples) as [NpyDtype, NpyData][])('%s is read in big endian', (dtype, data) => {
    const bytes = encodeNpy({ dtype, shape: [6], data });
    const item = Number(dtype[1]);
    for (let at = bytes.length - 6 * item; at < bytes.length; at += item)
      bytes.subarray(at, at + item).reverse();
    const order = bytes.indexOf(0x3c);
    if (item > 1) bytes[order] = 0x3e;
    expect(decodeNpy(bytes, dtype).data).toEqual(data);
  });

  it('writes the bytes of NumPy', () => {
    for (const [, base64, array] of [golden[0], golden[4]] as typeof golden) {
      expect(Buffer.from(encodeNpy(array)).toString('base64')).toBe(base64);
    }
  });

  it('writes scalars, empty arrays and tensors', () => {
    for (const shape of [[], [1], [0], [2, 0, 3]]) {
      const data = new Int32Array(shape.reduce((a, b) => a * b, 1));
      expect(decodeNpy(encodeNpy({ dtype: 'i4', shape, data }), 'x')).toEqual({ dtype: 'i4', shape, data });
    }
    const tensor = { dtype: 'int8', shape: [2], data: Int8Array.of(-1, 1) } as const;
    expect(decodeNpy(encodeTensorAsNpy(tensor), 'x')).toEqual({ ...tensor, dtype: 'i1' });
  });

  it('refuses data that are not of its type or shape', async () => {
    const wrong = { dtype: 'f4', shape: [2], data: Float64Array.of(1, 2) } as const;
    await thrown(() => encodeNpy(wrong), 'HT_INVALID_ARGUMENT');
    await thrown(() => encodeNpy({ ...wrong, dtype: 'f8', shape: [3] }), 'HT_INVALID_ARGUMENT');
  });
});
