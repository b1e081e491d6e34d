import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { buildProgram, has } from '../scripts/build.mjs';

const folder = mkdtempSync(join(tmpdir(), 'halftone-kernels-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!has('g++'))('kernels against plain loops', () => {
  test('as they are compiled for use, none reads behind its operands', async () => {
    const flags = ['-O3', '-DHALFTONE_GUARD_PAGES'];
    const program = await buildProgram('test', 'g++', flags, join(folder, 'guarded'));
    const { status, signal, stderr } = spawnSync(program, { encoding: 'utf8' });
    expect([status, signal, stderr]).toEqual([0, null, '']);
  });

  test('threads share work without a race', async () => {
    const flags = ['-O1', '-g', '-fsanitize=thread'];
    const program = await buildProgram('test', 'g++', flags, join(folder, 'threads'));
    const [run, args] = has('setarch')
      ? ['setarch', ['--addr-no-randomize', program, 'threads']]
      : [program, ['threads']];
    const { status, stderr } = spawnSync(run, args, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  test('every tier of this machine is right, under the address and undefined-behaviour sanitizers', async () => {
    const flags = '-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all'.split(' ');
    const program = await buildProgram('test', 'g++', flags, join(folder, 'sanitized'));
    const { status, stdout, stderr } = spawnSync(program, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^scalar: right$/m);
    console.log(stdout);
  });
});

describe.skipIf(!(has('aarch64-linux-gnu-g++') && has('qemu-aarch64')))('on an emulated ARM CPU', () => {
  test('NEON and its dot product give the same integers', async () => {
    const flags = ['-O3', '-static', '-DHALFTONE_GUARD_PAGES'];
    const program = await buildProgram('test', 'aarch64-linux-gnu-g++', flags, join(folder, 'arm'));
    const { status, stdout } = spawnSync('qemu-aarch64', [program], { encoding: 'utf8' });
    expect(status).toBe(0);
    for (const tier of ['scalar', 'neon', 'dotprod'])
      expect(stdout).toMatch(new RegExp(`^${tier}: right$`, 'm'));
    console.log(stdout);
  });
});
