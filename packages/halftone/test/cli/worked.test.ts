import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { halftone, json } from './support.ts';

const examples = fileURLToPath(new URL('../../../../examples/worked/', import.meta.url));
const names = (await readdir(examples)).flatMap((file) => /^(.*)\.mjs$/.exec(file)?.[1] ?? []).sort();

describe('halftone worked', () => {
  it('lists the examples of this repository, one a line', async () => {
    const { code, stdout } = await halftone(['worked']);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n').slice(1);
    expect(lines.map((line) => line.split(' ')[0])).toEqual(names);
    for (const line of lines) expect(line).toMatch(/^[a-z0-9-]+ +\S.*\S$/);
    const listed = await json(['worked']);
    expect(listed.examples.map((example: { name: string }) => example.name)).toEqual(names);
    expect(Object.keys(listed.examples[0])).toEqual(['name', 'title', 'document']);
  });

  it('prints one as its file does', async () => {
    for (const name of ['unit-line', 'kl-threshold']) {
      const { code, stdout, stderr } = await halftone(['worked', name]);
      expect([code, stderr]).toEqual([0, '']);
      const file = await promisify(execFile)(process.execPath, [`${examples}${name}.mjs`]);
      expect(stdout).toBe(file.stdout);
    }
  });

  it('gives one as a JSON document', async () => {
    const example = await json(['worked', 'matrix-requantize']);
    expect(example).toMatchObject({ schemaVersion: 1, name: 'matrix-requantize' });
    expect(example.rows.find((row: { what: string }) => row.what === 'requantized')).toEqual({
      what: 'requantized',
      document: '-27 -18',
      ours: [-27, -18],
      agrees: true,
    });
  });

  it('refuses a name that is none: 2', async () => {
    for (const name of ['nope', '../cli/main', 'lib/worked', '']) {
      const { code, stdout } = await halftone(['worked', name]);
      expect([name, code, stdout]).toEqual([name, 2, '']);
    }
  });
});
