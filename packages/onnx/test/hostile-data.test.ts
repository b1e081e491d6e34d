import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isHalftoneError } from '@halftone/core';
import type { Graph } from '@halftone/graph';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExternalRange, ExternalReader } from '../src/external-range.ts';
import { importModel } from '../src/import.ts';
import { loadOnnx, parseOnnx, saveOnnx, serializeOnnx } from '../src/index.ts';
import { model, rejection } from './models.ts';
import { dataOf, type Entries, outside, outsideTensor, weights } from './outside-models.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halftone-hostile-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function load(entries: Entries, dims?: readonly number[]): Promise<Graph> {
  writeFileSync(at('w.bin'), weights);
  writeFileSync(at('m.onnx'), outside(entries, dims));
  return await loadOnnx(at('m.onnx'));
}

describe('what a tensor says of its place', () => {
  const place = ['location', 'w.bin'] as const;

  test.each([
    '-1',
    '-0',
    '+4',
    '0x4',
    '4.0',
    '4.5',
    '1e0',
    '4 ',
    '\t4',
    '',
    'NaN',
    'Infinity',
    '4n',
    '٤',
    '9007199254740993',
    '99999999999999999999',
    '18446744073709551612',
  ])('offset and length %j are refused', async (text) => {
    for (const key of ['offset', 'length'])
      expect(await rejection('HT_MODEL_INVALID', load([place, [key, text]]))).toMatchObject({ tensor: 'w' });
  });

  test('ranges past the end, at the end and beyond 2^53 together', async () => {
    for (const offset of ['12', '16', '4096', '9007199254740991'])
      await rejection('HT_MODEL_INVALID', load([place, ['offset', offset]]));
    expect(dataOf(await load([place, ['offset', '8']]))).toEqual([3, 4]);
    expect(dataOf(await load([place, ['offset', '16']], [0]))).toEqual([]);
  });

  test('a place that is named twice is refused; other keys, a checksum too, are kept and not read', async () => {
    for (const key of ['location', 'offset', 'length']) {
      const twice: Entries = [
        place,
        ['offset', '0'],
        ['length', '8'],
        [key, key === 'location' ? 'w.bin' : '8'],
      ];
      expect(await rejection('HT_MODEL_INVALID', load(twice))).toMatchObject({ tensor: 'w', key });
    }
    const entries: Entries = [
      place,
      ['offset', '4'],
      ['checksum', '0000'],
      ['checksum', '1'],
      ['__proto__', 'x'],
      ['', ''],
    ];
    expect(dataOf(await load(entries))).toEqual([2, 3]);
    expect(serializeOnnx(parseOnnx(outside(entries)))).toEqual(outside(entries));
    await rejection('HT_MODEL_INVALID', load([]));
  });

  test('ranges of two tensors may overlap', async () => {
    writeFileSync(at('w.bin'), weights);
    const tensors = ['0', '4', '8'].map((offset) => outsideTensor(`w${offset}`, [place, ['offset', offset]]));
    writeFileSync(at('m.onnx'), model({ initializer: tensors }));
    const graph = await loadOnnx(at('m.onnx'));
    expect(['w0', 'w4', 'w8'].map((name) => dataOf(graph, name))).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    await saveOnnx(graph, at('copy.onnx'));
    expect(dataOf(await loadOnnx(at('copy.onnx')), 'w4')).toEqual([2, 3]);
  });
});

describe.skipIf(process.platform === 'win32')('what stands at the place', () => {
  test('a named pipe, a device and a folder are refused, and nothing waits for them', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    symlinkSync('/dev/zero', at('zero'));
    mkdirSync(at('folder'));
    for (const location of ['pipe', 'zero', 'folder', 'folder/.', './'])
      await rejection('HT_MODEL_INVALID', load([['location', location]]));
  });

  test('links: within the folder they are followed, out of it and round in circles refused', async () => {
    mkdirSync(at('sub'));
    writeFileSync(at('sub/real.bin'), weights);
    symlinkSync('sub/real.bin', at('inside'));
    symlinkSync('circle', at('circle'));
    symlinkSync('/etc/hostname', at('out'));
    symlinkSync('/', at('root'));
    expect(dataOf(await load([['location', 'inside']]))).toEqual([1, 2]);
    await rejection('HT_FILE', load([['location', 'circle']]));
    for (const location of ['out', 'root/etc/hostname', 'root/proc/self/environ'])
      await rejection('HT_MODEL_INVALID', load([['location', location]]));
  });

  test('a link that is turned after loading leads nowhere else', async () => {
    writeFileSync(at('other.bin'), weights);
    symlinkSync('w.bin', at('link'));
    const graph = await load([['location', 'link']]);
    rmSync(at('link'));
    symlinkSync('/etc/hostname', at('link'));
    expect(dataOf(graph)).toEqual([1, 2]);
    rmSync(at('w.bin'));
    symlinkSync('other.bin', at('w.bin'));
    const lost = graph.constants.get('w')!;
    const again = await loadOnnx(at('m.onnx')).catch((error: unknown) => error);
    expect(isHalftoneError(again)).toBe(true);
    expect(lost.tensor()).toBe(lost.tensor());
  });

  test('the model itself may hold the weights, as any file of the folder', async () => {
    const bytes = outside([
      ['location', 'm.onnx'],
      ['offset', '0'],
    ]);
    writeFileSync(at('m.onnx'), bytes);
    const graph = await loadOnnx(at('m.onnx'));
    expect(new Uint8Array(Float32Array.from(dataOf(graph)).buffer)).toEqual(bytes.slice(0, 8));
    await saveOnnx(graph, at('m.onnx'), { overwrite: true });
    expect(dataOf(await loadOnnx(at('m.onnx')))).toEqual(dataOf(graph));
  });

  test('a sparse file of terabytes: no memory is a typed error, a small tensor at its end is read', async () => {
    const size = 2 ** 42;
    const huge = openSync(at('huge.bin'), 'w');
    try {
      writeSync(huge, weights, 0, 16, size - 16);
    } catch {
      return; // a file system that holds no such file
    }
    writeFileSync(
      at('m.onnx'),
      model({
        initializer: [
          outsideTensor('all', [['location', 'huge.bin']], [size / 4]),
          outsideTensor('end', [
            ['location', 'huge.bin'],
            ['offset', String(size - 8)],
          ]),
        ],
      }),
    );
    const graph = await loadOnnx(at('m.onnx'));
    expect(dataOf(graph, 'end')).toEqual([3, 4]);
    await rejection(
      'HT_OUT_OF_MEMORY',
      Promise.resolve().then(() => graph.constants.get('all')?.tensor()),
    );
    await rejection('HT_OUT_OF_MEMORY', saveOnnx(graph, at('out.onnx'), { externalData: true }));
    expect(readdirSync(folder).sort()).toEqual(['huge.bin', 'm.onnx']);
  });
});

describe('by range', () => {
  test('3 GB of weights beside the model: one small tensor takes the memory of one small tensor', async () => {
    writeFileSync(at('big.bin'), '');
    truncateSync(at('big.bin'), 3 * 2 ** 30);
    writeFileSync(
      at('m.onnx'),
      outside([
        ['location', 'big.bin'],
        ['offset', String(3 * 2 ** 30 - 8)],
      ]),
    );
    const before = process.memoryUsage().rss;
    expect(dataOf(await loadOnnx(at('m.onnx')))).toEqual([0, 0]);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  });

  test('each tensor is asked for when its elements are, and no sooner', () => {
    const asked: ExternalRange[] = [];
    const reader: ExternalReader = {
      check: () => {},
      read(range) {
        asked.push(range);
        return weights.slice(range.offset, range.offset + range.length);
      },
    };
    const tensors = ['0', '8'].map((offset) =>
      outsideTensor(`w${offset}`, [
        ['location', 'w.bin'],
        ['offset', offset],
      ]),
    );
    const graph = importModel(model({ initializer: tensors }), reader);
    expect(asked).toEqual([]);
    dataOf(graph, 'w8');
    dataOf(graph, 'w8');
    expect(asked).toEqual([{ tensor: 'w8', location: 'w.bin', offset: 8, length: 8 }]);
  });
});

describe('by stream', () => {
  /** A reader of zeros that counts what it is asked for. */
  function counting(): { reader: ExternalReader; asked: () => number } {
    let count = 0;
    return {
      reader: {
        check: () => {},
        read({ length }) {
          count++;
          return new Uint8Array(length);
        },
      },
      asked: () => count,
    };
  }

  const many = (count: number): Uint8Array =>
    model({
      initializer: Array.from({ length: count }, (_, i) =>
        outsideTensor(`w${i}`, [['location', 'w.bin']], [2 ** 18]),
      ),
    });

  test('weights from other files are fetched while they are written, inline and beside', async () => {
    const { reader, asked } = counting();
    const graph = importModel(many(8), reader);
    for (const externalData of [false, true]) {
      const before = asked();
      const path = at(`${externalData}.onnx`);
      await saveOnnx(graph, path, { externalData });
      expect(asked() - before).toBe(8);
      const written = externalData ? statSync(`${path}.data`).size : statSync(path).size;
      expect(written).toBeGreaterThanOrEqual(8 * 2 ** 20);
    }
  });

  test('a packed list of floats is decoded for writing and not kept', () => {
    const list = Array.from({ length: 1000 }, (_, i) => i);
    const graph = parseOnnx(
      model({ initializer: [{ name: 'w', dims: [1000], dataType: 1, floatData: list }] }),
    );
    const constant = graph.constants.get('w') as unknown as { raw(): Uint8Array };
    const [a, b] = [constant.raw(), constant.raw()];
    expect(a).toEqual(b);
    expect(a.buffer).not.toBe(b.buffer);
    expect(dataOf(graph)).toEqual(list);
    expect(constant.raw().buffer).toBe(graph.constants.get('w')?.tensor().data.buffer);
  });

  test('a failure while the last tensor is fetched leaves nothing behind', async () => {
    let count = 0;
    const reader: ExternalReader = {
      check: () => {},
      read({ length }) {
        if (++count > 3) throw new Error('the disk is gone');
        return new Uint8Array(length);
      },
    };
    const graph = importModel(many(4), reader);
    writeFileSync(at('m.onnx'), 'mine');
    for (const externalData of [false, true]) {
      count = 0;
      await rejection('HT_FILE', saveOnnx(graph, at('m.onnx'), { externalData, overwrite: true }));
    }
    expect(readdirSync(folder)).toEqual(['m.onnx']);
    expect(readFileSync(at('m.onnx'), 'utf8')).toBe('mine');
  });
});
