import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BenchResult, parseResult } from '@halftone/bench';
import { beforeAll, describe, expect, test } from 'vitest';
import { folder, halftone, json, type Ran, writeData, writeModel } from './support.ts';

/** A backend of tables that takes as long as SLOW says, and is wrong where WRONG is set. */
const backend = `
  import { hostBackend } from ${JSON.stringify(import.meta.resolve('@halftone/core'))};
  export default hostBackend({
    name: 'table',
    device: 'a test',
    numericClass: () => 'exact',
    ops: {
      lut256(spec, { x, table, y }) {
        const first = spec.from === 'int8' ? 128 : 0;
        for (let i = 0; i < x.data.length; i++) y.data[i] = table.data[x.data[i] + first];
        if (process.env.WRONG) y.data[0] ^= 1;
        const until = performance.now() + Number(process.env.SLOW);
        while (performance.now() < until);
      },
    },
  });`;

const filter = ['--ops', '--quick', '--filter', '^lut256/n-1/u8u8$'];
let at = '';
let module = '';
let int8 = '';

beforeAll(async () => {
  at = await folder();
  module = join(at, 'table.mjs');
  await writeFile(module, backend);
  const float = await writeModel(join(at, 'model.onnx'));
  int8 = join(at, 'model.int8.onnx');
  const { data } = await writeData(at);
  const made = await halftone(['quantize', float, '--calibration', data]);
  expect(made.code).toBe(0);
});

async function table(
  words: readonly string[],
  env: Readonly<Record<string, string>> = { SLOW: '0.5' },
): Promise<Ran> {
  return await halftone(['bench', ...filter, '--backend', module, ...words], { env });
}

async function resultAt(path: string): Promise<BenchResult> {
  return parseResult(await readFile(path, 'utf8'));
}

describe('halftone bench --ops', () => {
  test('times a backend by its path and writes what parseResult reads', async () => {
    const out = join(at, 'new', 'result.json');
    const ran = await table(['--out', out, '--commit', 'abc']);
    expect(ran.code).toBe(0);
    const { cells, contestants, commit } = await resultAt(out);
    expect(cells).toMatchObject([{ task: 'lut256/n-1/u8u8', contestant: 'table', status: 'timed' }]);
    expect(contestants).toMatchObject([{ id: 'table', kind: 'backend', device: 'a test' }]);
    expect(commit).toBe('abc');
    expect((await table(['--out', out])).code).toBe(1);
    expect((await table(['--out', out, '--force', '-q'])).stdout).toBe('');
  });

  test('a wrong kernel gets no figure', async () => {
    const ran = await table(['--json'], { SLOW: '0', WRONG: '1' });
    expect(parseResult(ran.stdout).cells).toMatchObject([{ contestant: 'table', status: 'wrong' }]);
  });

  test('--compare finds a kernel that was slowed, or went wrong, and leaves one alone that was not', async () => {
    const before = join(at, 'before.json');
    expect((await table(['--out', before])).code).toBe(0);
    const same = await table(['--compare', before]);
    expect([same.code, same.stdout.includes('1 of 1 figures are the same')]).toEqual([0, true]);
    const slower = await table(['--compare', before], { SLOW: '1.5' });
    expect([slower.code, /^slower /m.test(slower.stdout)]).toEqual([1, true]);
    const wrong = await table(['--compare', before], { SLOW: '0.5', WRONG: '1' });
    expect([wrong.code, /^lost /m.test(wrong.stdout)]).toEqual([1, true]);
  });

  test('wrong usage ends with 2, a file that is no result with 1, an absent backend with 3', async () => {
    const text = join(at, 'text.json');
    await writeFile(text, '{}');
    const other = join(at, 'other.json');
    expect((await table(['--out', other])).code).toBe(0);
    const result = await resultAt(other);
    const elsewhere = { ...result.environment, cpu: { ...result.environment.cpu, model: 'another' } };
    await writeFile(other, JSON.stringify({ ...result, environment: elsewhere }));
    const codes = async (...words: string[]): Promise<number | null> =>
      (await halftone(['bench', ...words])).code;
    expect(await codes()).toBe(2);
    expect(await codes('--ops', '--filter', 'no such case')).toBe(2);
    expect(await codes('--ops', '--filter', '(')).toBe(2);
    expect(await codes('--ops', '--threads', '0')).toBe(2);
    expect(await codes('--ops', '--data', at)).toBe(2);
    expect(await codes(int8, '--labels', text)).toBe(2);
    expect(await codes(int8, int8)).toBe(2);
    expect((await table(['--compare', other])).code).toBe(2);
    expect((await table(['--compare', text])).code).toBe(1);
    expect((await table(['--compare', join(at, 'absent.json')])).code).toBe(1);
    expect(await codes('--ops', '--backend', '@halftone/backend-absent')).toBe(3);
  });
});

describe('halftone bench model.onnx', () => {
  test('times the model on our backends and on ONNX Runtime, the float model beside it too', async () => {
    const { tasks, cells, contestants } = parseResult(
      await json(['bench', int8, '--quick', '--threads', '1']),
    );
    expect(tasks).toEqual([{ id: 'model.int8.onnx', kind: 'network' }]);
    const status = Object.fromEntries(cells.map(({ contestant, status: s }) => [contestant, s]));
    expect(status).toMatchObject({ reference: 'timed', 'ort-node': 'timed', 'ort-node float': 'timed' });
    expect(contestants.find(({ id }) => id === 'ort-node')).toMatchObject({
      kind: 'peer',
      version: '1.30.0',
    });
    for (const cell of cells) expect(cell).toHaveProperty('agreement');
  });

  test('judges answers on data, against labels and the float model', async () => {
    const { data, labels } = await writeData(at, 6);
    const judged = ['--data', data, '--labels', labels, '--samples', '4'];
    const { cells } = parseResult(await json(['bench', int8, '--quick', '--threads', '1', ...judged]));
    for (const cell of cells) {
      expect(cell).toMatchObject({ status: 'timed', accuracy: { samples: 4, labelled: 4 } });
      if (cell.status !== 'timed' || cell.contestant === 'ort-node float') continue;
      expect(cell.accuracy!.sqnrDb).toBeGreaterThan(20);
    }
  });
});
