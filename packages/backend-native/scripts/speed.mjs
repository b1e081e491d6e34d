// How near the kernels come to what the CPU's units give: builds and runs native/speed. Arguments: [tier [m n k [threads]]], or
// layers [tier [threads [network]]] for convolutions of real networks.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram } from './build.mjs';

const folder = mkdtempSync(join(tmpdir(), 'halftone-speed-'));
try {
  const program = await buildProgram('speed', process.env.CXX ?? 'c++', ['-O3'], join(folder, 'build'));
  process.exitCode = spawnSync(program, process.argv.slice(2), { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
