import { join } from 'node:path';
import { root } from '../lib/paths.mjs';
import { run } from '../lib/process.mjs';
import { checkFileLengths } from './file-length.mjs';
import { checkLockfile } from './lockfile.mjs';
import { checkPackages } from './packages.mjs';

/**
 * Runs every check, so that one run shows all that is wrong, and prints one line for each.
 * @param {(name: string, args: string[], env: object) => Promise<number>} local runs an installed program
 */
export async function checkAll(env, local) {
  const checks = [
    { name: 'format', check: () => local('biome', ['format', '.'], env) },
    { name: 'lint', check: () => local('oxlint', ['--deny-warnings'], env) },
    {
      name: 'types of tests',
      check: () => local('turbo', ['run', 'typecheck', '--ui=stream', '--output-logs=errors-only'], env),
    },
    {
      name: 'boundaries',
      check: () => run(process.execPath, [join(root, 'tools', 'boundaries', 'dist', 'main.js')]),
    },
    { name: 'unused code', check: () => local('knip', ['--no-progress'], env) },
    { name: 'packages', check: () => checkPackages(env, local) },
    { name: 'lock file', check: () => checkLockfile() },
    { name: 'file length', check: () => checkFileLengths() },
  ];
  const results = [];
  for (const { name, check } of checks) {
    console.log(`\n— ${name}`);
    const start = Date.now();
    results.push({ name, ok: (await check()) === 0, seconds: (Date.now() - start) / 1000 });
  }
  console.log('');
  for (const { name, ok, seconds } of results) {
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(16)} ${seconds.toFixed(1)} s`);
  }
  return results.every(({ ok }) => ok) ? 0 : 1;
}
