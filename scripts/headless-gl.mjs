// Asks the gpu.js backend in Node, where it draws by WebGL1 of the package gl, whether it is correct:
//   node scripts/headless-gl.mjs [--tier required|derived|float] [--grep <pattern>] [--from <folder>]
// The folder, .out/headless-gl by default, is where gl and gpu.js were installed; nothing else of the repository needs them.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));
const { values } = parseArgs({
  options: { tier: { type: 'string' }, from: { type: 'string' }, grep: { type: 'string' } },
});
const from = resolve(values.from ?? join(root, '.out', 'headless-gl'));
const debian = 'apt-get install --no-install-recommends';

/** Mesa's software renderer flushes subnormals wherever it may use SSE, and WebGL1 has no bits to lift them by. */
const passes = [
  { cases: '(?!.*subnormal)', env: {} },
  { cases: '(?=.*subnormal)', env: { GALLIUM_OVERRIDE_CPU_CAPS: 'nosse' } },
];

/** The cases of this process, where it is one of a pass. */
const cases = process.env.HALFTONE_HEADLESS_CASES;
process.exitCode = cases === undefined ? await parent() : await child();

/** Runs each pass in a process of its own, which draws on a display. */
async function parent() {
  const require = createRequire(join(from, 'package.json'));
  let createContext;
  try {
    require.resolve('gpu.js');
    createContext = require('gl');
  } catch (error) {
    return stop(
      `gl or gpu.js is missing in ${from} (${String(error.message).split('\n')[0]}). Install them, which compiles ANGLE for two to three minutes:
  ${debian} g++ make python3 pkg-config libx11-dev libxext-dev libxi-dev
  npm install --prefix ${from} gl@8.1.6 gpu.js@2.24.1`,
    );
  }
  const command = [process.execPath, self, ...process.argv.slice(2)];
  const context = createContext(1, 1);
  context?.getExtension('STACKGL_destroy_context').destroy();
  if (!context) {
    if (spawnSync('xvfb-run', ['--help'], { stdio: 'ignore' }).error)
      return stop(`there is no X display to draw on. Set DISPLAY, or install one that nobody sees:
  ${debian} xvfb xauth`);
    command.unshift('xvfb-run', '-a');
  }
  const { allCases, laws } = await import('../packages/conformance/dist/index.js');
  const names = [...[...allCases()].map(({ id }) => id), ...laws.map(({ name }) => `law/${name}`)];
  const asked = passes.filter(({ cases }) => names.some((name) => patternOf(cases).test(name)));
  if (asked.length === 0) return stop(`no case and no law matches ${values.grep}`);
  let failed = 0;
  for (const { cases, env } of asked) {
    const [file, ...args] = command;
    const { status } = spawnSync(file, args, {
      stdio: 'inherit',
      env: { ...process.env, ...env, HALFTONE_HEADLESS_CASES: cases },
    });
    if (status !== 0) failed = status ?? 1;
  }
  return failed;
}

async function child() {
  const { runSuite, toText } = await import('../packages/conformance/dist/index.js');
  const { default: gpujs } = await import('../packages/backend-gpujs/dist/index.js');
  const require = createRequire(join(from, 'package.json'));
  const options = { GPU: require('gpu.js').GPU, gl: require('gl'), allowSoftware: true };
  const probed = await gpujs.probe(options);
  if (!probed.available) return stop(probed.reason);
  const report = await runSuite(gpujs, { options, tier: values.tier, grep: patternOf(cases) });
  process.stdout.write(toText(report, ({ case: id }) => `node scripts/headless-gl.mjs --grep '^${id}$'`));
  return report.verdict === 'failed' ? 1 : 0;
}

function patternOf(cases) {
  return new RegExp(`^(?=.*(?:${values.grep ?? ''}))${cases}`);
}

/** Exit code 3, as of every command where something is not available. */
function stop(message) {
  console.error(`headless-gl: ${message}`);
  return 3;
}
