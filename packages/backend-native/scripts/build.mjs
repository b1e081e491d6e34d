// Makes the addon of the C++ in native/, where this machine has a compiler. Everything else works without it.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether a program is on the PATH. */
export function has(program) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** What is missing to build, in words. */
function missing() {
  // There node-gyp finds Visual Studio by itself.
  if (process.platform === 'win32') return undefined;
  const wanted = {
    'a C++ compiler': ['c++', 'g++', 'clang++'],
    make: ['make', 'gmake'],
    'Python 3': ['python3'],
  };
  const absent = Object.entries(wanted).filter(([, programs]) => !programs.some(has));
  return absent.length === 0 ? undefined : absent.map(([what]) => what).join(', ');
}

/** Node's own headers, where they stand beside it; otherwise node-gyp fetches them. */
function nodedir() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/** Runs node-gyp in a folder that holds binding.gyp and native/; gives the exit code. */
function build(folder, sanitize) {
  const gyp = join(root, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  const run = (...args) =>
    spawnSync(process.execPath, [gyp, '--loglevel=error', ...args], { cwd: folder, encoding: 'utf8' });
  const configured = run('configure', ...nodedir(), '--', `-Dsanitize=${sanitize}`);
  const built = configured.status === 0 ? run('build', `--jobs=${availableParallelism()}`) : configured;
  if (built.status !== 0) console.error(`${built.stdout}${built.stderr}`);
  return built.status ?? 1;
}

/** Builds the addon with sanitizers (`address,undefined`) in a folder of its own; gives its path. */
export function buildSanitized(kinds, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  for (const name of ['binding.gyp', 'native', 'package.json', 'node_modules/node-addon-api'])
    cpSync(join(root, name), join(folder, name), { recursive: true, dereference: true });
  if (build(folder, kinds) !== 0) throw new Error(`the build with -fsanitize=${kinds} failed`);
  return join(folder, 'build', 'Release', 'halftone_native.node');
}

/** Compiles the kernels with one of their programs (`test`, `speed`), without Node, for any target; gives its path. */
export async function buildProgram(part, compiler, flags, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const native = join(root, 'native');
  const sources = ['arch', 'base', 'bgemm', 'blockgemm', 'loops', 'qconv', 'qgemm', part].flatMap((unit) =>
    readdirSync(join(native, unit))
      .filter((name) => name.endsWith('.cc'))
      .map((name) => join(native, unit, name)),
  );
  const common = '-std=c++17 -ffp-contract=off -fno-fast-math -fno-math-errno -fno-trapping-math'.split(' ');
  const objects = [];
  const compile = async () => {
    for (let source = sources.pop(); source; source = sources.pop()) {
      const object = join(folder, `${basename(dirname(source))}-${basename(source)}.o`);
      objects.push(object);
      await succeed(compiler, [...common, ...flags, '-c', source, '-o', object]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compile));
  const program = join(folder, `kernel-${part}`);
  await succeed(compiler, [...flags, ...objects, '-o', program, '-lpthread']);
  return program;
}

/** Runs a program to its end. Throws with what it said where it fails. */
function succeed(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => (said += String(chunk)));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${program} failed:\n${said}`))));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const absent = missing();
  if (absent === undefined) process.exitCode = build(root, '');
  else
    console.log(`The native backend was not built, for want of ${absent}; everything else works without it.`);
}
