import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { openNpz } from '../../src/data/npz.ts';
import { npzRows } from '../../src/data/rows.ts';
import { counting, fromBase64, type Member, npy, rejection, tempFolder, zip } from './fixtures.ts';

/** Written by numpy.savez_compressed, numpy.savez, and zipfile to a stream that cannot seek; Python 3.11. */
const compressed =
  'UEsDBC0AAAAIAAAAIQCaCbEc//////////8FABQAeC5ucHkBABAAjAAAAAAAAABUAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loF5Taqiuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6CkZApKmjUKtAHuBiYGRiZmFlY+fg5OIGAFBLAwQtAAAACAAAACEAihrOE///////////BQAUAHkubnB5AQAQAJgAAAAAAAAASgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOpo6CrUKFAAuJgZUwAilAVBLAQItAy0AAAAIAAAAIQCaCbEcVAAAAIwAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5weVBLAQItAy0AAAAIAAAAIQCKGs4TSgAAAJgAAAAFAAAAAAAAAAAAAACAAYsAAAB5Lm5weVBLBQYAAAAAAgACAGYAAAAMAQAAAAA=';
const stored =
  'UEsDBC0AAAAAAAAAIQDMypy9//////////8FABQAeC5ucHkBABAAmAAAAAAAAACYAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCAyKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAgD8AAABAAABAQAAAgEAAAKBAUEsBAi0DLQAAAAAAAAAhAMzKnL2YAAAAmAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsFBgAAAAABAAEAMwAAAM8AAAAAAA==';
const streamed =
  'UEsDBC0ACAAIAAAAIQAAAAAA//////////8FABQAeC5ucHkBABAAAAAAAAAAAAAAAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CkaaOgq1CmQDLgYgYARiJiBmBmIAUEsHCD2z6vRQAAAAAAAAAJAAAAAAAAAAUEsBAi0DLQAIAAgAAAAhAD2z6vRQAAAAkAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsFBgAAAAABAAEAMwAAAJ8AAAAAAA==';

const { write } = await tempFolder();
const twelve = npy('f4', [4, 3], counting(12));

let made = 0;
async function archive(bytes: Uint8Array): Promise<string> {
  return write(`a${made++}.npz`, bytes);
}

async function readX(path: string): Promise<unknown> {
  return (await openNpz(path)).read('x');
}

async function rowsOf(path: string, indices: readonly number[]): Promise<number[][]> {
  const rows: number[][] = [];
  for await (const { data } of (await npzRows(await openNpz(path), 'x')).read(indices)) {
    rows.push([...(data as Float32Array)]);
  }
  return rows;
}

describe('archives by others', () => {
  it('reads savez_compressed', async () => {
    const npz = await openNpz(await archive(fromBase64(compressed)));
    expect(npz.names).toEqual(['x', 'y']);
    expect(await npz.header('x')).toMatchObject({ dtype: 'u1', shape: [3, 2, 2] });
    expect((await npz.read('x')).data).toEqual(Uint8Array.from({ length: 12 }, (_, i) => i));
    expect((await npz.read('y')).data).toEqual(BigInt64Array.of(2n, 0n, 1n));
  });

  it('reads savez and an archive with sizes after the data', async () => {
    expect(await readX(await archive(fromBase64(stored)))).toMatchObject({ dtype: 'f4', data: counting(6) });
    expect(await readX(await archive(fromBase64(streamed)))).toMatchObject({ dtype: 'i4', shape: [2, 2] });
  });
});

describe('archives made here', () => {
  test.each([
    ['deflated', [{ name: 'x.npy', data: twelve }], {}],
    ['stored', [{ name: 'x.npy', data: twelve, stored: true }], {}],
    ['ZIP64 sizes', [{ name: 'x.npy', data: twelve, zip64: true }], {}],
    ['a ZIP64 directory', [{ name: 'x.npy', data: twelve, zip64: true }], { zip64End: true }],
    ['a comment', [{ name: 'x.npy', data: twelve }], { comment: 'PK\u0005\u0006 and more' }],
    [
      'other members',
      [
        { name: 'readme.txt', data: Uint8Array.of(1) },
        { name: 'x.npy', data: twelve },
      ],
      {},
    ],
  ] as [string, Member[], object][])('%s', async (_, members, options) => {
    const path = await archive(zip(members, options));
    expect((await openNpz(path)).names).toEqual(['x']);
    expect(await readX(path)).toMatchObject({ data: counting(12) });
    expect(await rowsOf(path, [0, 2, 3])).toEqual([
      [0, 1, 2],
      [6, 7, 8],
      [9, 10, 11],
    ]);
  });

  it('reads rows that pieces of the archive cut', async () => {
    const data = counting(100_003 * 3);
    for (const packed of [true, false]) {
      const path = await archive(
        zip([{ name: 'x.npy', data: npy('f4', [100_003, 3], data), stored: !packed }]),
      );
      const rows = await rowsOf(path, [0, 5461, 5462, 99_999, 100_002]);
      expect(rows.map((row) => row[0])).toEqual([0, 16383, 16386, 299_997, 300_006]);
    }
  });

  it('is left early without a failure', async () => {
    const path = await archive(zip([{ name: 'x.npy', data: npy('f4', [100_000, 1], counting(100_000)) }]));
    for await (const row of (await npzRows(await openNpz(path), 'x')).read([0, 1])) {
      expect(row.data[0]).toBe(0);
      break;
    }
  });

  it('names the arrays when one is missing', async () => {
    const npz = await openNpz(await archive(zip([{ name: 'x.npy', data: twelve }])));
    expect(await rejection(npz.read('z'), 'HT_DATA_INVALID')).toMatchObject({ name: 'z' });
  });
});

describe('damaged archives', () => {
  const member = (more: Partial<Member> = {}): Member => ({ name: 'x.npy', data: twelve, ...more });
  const bomb = npy('u1', [4_000_000], new Uint8Array(4_000_000));
  test.each([
    ['a wrong checksum', [member({ crc: 1 })]],
    ['a wrong checksum of a stored member', [member({ stored: true, crc: 1 })]],
    ['more than it declares', [member({ data: bomb, size: 1000 })]],
    ['less than it declares', [member({ size: twelve.length + 1 })]],
    ['a ratio that deflate cannot have', [member({ size: 4_000_000_000 })]],
    ['a ZIP64 size of 2^50', [member({ size: 2 ** 50, zip64: true })]],
    ['sizes of a stored member that differ', [member({ stored: true, size: 10 })]],
    ['a member past the directory', [member({ compressedSize: 100_000 })]],
    ['a header past the directory', [member({ headerOffset: 100_000 })]],
    ['a member inside another', [member(), member({ name: 'y.npy', headerOffset: 4 })]],
    ['two members at one place', [member(), member({ name: 'y.npy', headerOffset: 0 })]],
    ['two members of one name', [member(), member()]],
    ['encryption', [member({ flags: 1 })]],
    ['another method', [member({ method: 12 })]],
    ['stored bytes said to be deflated', [member({ stored: true, method: 8 })]],
    ['an array that is cut', [member({ data: twelve.subarray(0, 150) })]],
    ['a member too short for a header', [member({ data: twelve.subarray(0, 8) })]],
  ] as [string, Member[]][])('%s', async (_, members) => {
    const path = await archive(zip(members));
    expect(await rejection(readX(path), 'HT_DATA_INVALID')).toHaveProperty('path');
  });

  it('stops inflating soon after the declared size', async () => {
    // Declares what its header says and holds 64 MB: the rest is never inflated.
    const data = new Uint8Array(64_000_000);
    data.set(npy('u1', [1000], new Uint8Array(1000)));
    const path = await archive(zip([{ name: 'x.npy', data, size: 1128 }]));
    const before = process.memoryUsage().arrayBuffers;
    await rejection(readX(path), 'HT_DATA_INVALID');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000);
  });

  it('fails a walk over rows at its end for a wrong checksum', async () => {
    const path = await archive(zip([member({ crc: 1 })]));
    await rejection(rowsOf(path, [0]), 'HT_DATA_INVALID');
  });

  it('refuses what is no archive, several parts, and a directory that lies', async () => {
    const bytes = zip([member()]);
    const end = bytes.length - 22;
    await rejection(openNpz(await archive(new Uint8Array(0))), 'HT_DATA_INVALID');
    await rejection(openNpz(await archive(new Uint8Array(100_000))), 'HT_DATA_INVALID');
    await rejection(openNpz(await archive(bytes.with(end + 4, 1))), 'HT_DATA_INVALID');
    await rejection(openNpz(await archive(bytes.with(end + 10, 9))), 'HT_DATA_INVALID');
    await rejection(openNpz(await archive(bytes.with(end + 16, 0))), 'HT_DATA_INVALID');
    await rejection(openNpz('/nowhere/missing.npz'), 'HT_FILE');
  });

  it('gives a typed error at every length of a cut archive', async () => {
    const bytes = zip([member()]);
    for (let length = 0; length < bytes.length; length += 3) {
      await rejection(readX(await write('cut.npz', bytes.subarray(0, length))), 'HT_DATA_INVALID');
    }
  });

  it('gives a typed error or the right array for any flipped bits', async () => {
    const bytes = zip([
      member(),
      { name: 'y.npy', data: npy('i4', [4], Int32Array.of(0, 1, 2, 3)), stored: true },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const path = await write('flipped.npz', bytes.with(at, (bytes[at] as number) ^ mask));
        try {
          expect(await readX(path)).toMatchObject({ data: counting(12) });
          return true;
        } catch (error) {
          return (error as { code?: string }).code === 'HT_DATA_INVALID';
        }
      }),
      { numRuns: 500, seed: 2 },
    );
  });
});
