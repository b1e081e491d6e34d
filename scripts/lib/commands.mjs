import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkAll } from '../checks/all.mjs';
import { ensureInstalled } from './install.mjs';
import { root } from './paths.mjs';
import { run, Stop } from './process.mjs';
import { formatCounts, savedTotal } from './summary.mjs';
import { longTests, unitTests } from './tests.mjs';

/** A program that the workspace installed at its root. */
function local(name, args, env) {
  return run(join(root, 'node_modules', '.bin', name), args, { env });
}

async function build(env) {
  const code = await local('turbo', ['run', 'build', '--ui=stream', '--output-logs=errors-only'], env);
  if (code !== 0) throw new Stop('The build failed; the lines above say where.');
}

function demo(env, args) {
  const script = join(root, 'scripts', 'demo.mjs');
  if (!existsSync(script)) throw new Stop('This checkout is not complete: scripts/demo.mjs is missing.');
  return run(process.execPath, [script, ...args], { env });
}

function bench(env, args) {
  return run(process.execPath, [join(root, 'apps', 'bench', 'src', 'main.mjs'), ...args], { env });
}

/** Commands that need the installed and built workspace; the last step is the command itself. */
const withBuild = {
  bench: { title: 'Benchmark', step: bench },
  build: undefined,
  check: { title: 'Checks', step: (env) => checkAll(env, local) },
  demo: { title: 'Demo', step: demo },
  test: { title: 'Tests', step: unitTests },
  'test:long': { title: 'Long tests', step: longTests },
};

async function buildAnd(last, args) {
  const total = last ? 3 : 2;
  console.log(`[1/${total}] Dependencies`);
  const env = await ensureInstalled();
  console.log(`\n[2/${total}] Build`);
  await build(env);
  if (!last) return 0;
  console.log(`\n[3/${total}] ${last.title}`);
  return last.step(env, args);
}

/** Adds up what earlier commands left: `.ci/run` ends with it. */
function total(names) {
  const counts = savedTotal(names);
  console.log(formatCounts(counts));
  return counts.failed === 0 ? 0 : 1;
}

async function execute(name, args) {
  if (name === 'total') return total(args);
  if (name === 'format') return local('biome', ['format', '--write', '.'], await ensureInstalled());
  if (name !== undefined && Object.hasOwn(withBuild, name)) return buildAnd(withBuild[name], args);
  const known = [...Object.keys(withBuild), 'format', 'total'].join(', ');
  throw new Stop(`Unknown command: ${name ?? '(none)'}. Known: ${known}.`, 2);
}

/** Runs one command of the repository and sets the exit code. */
export async function main([name, ...args]) {
  try {
    process.exitCode = await execute(name, args);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = error.code;
  }
}
