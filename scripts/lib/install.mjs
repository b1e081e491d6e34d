import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { readJson, root, workspacePackages } from './paths.mjs';
import { run, runNpm, Stop } from './process.mjs';

const stampFile = join(root, 'node_modules', '.halftone', 'install.json');
const dependencyFields = ['dependencies', 'devDependencies'];

/**
 * The variables for a child process that may call pnpm, which turbo does by name.
 * @param {string} folder where the pinned pnpm is
 */
function environmentWith(folder) {
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  return {
    [key]: `${folder}${delimiter}${process.env[key] ?? ''}`,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
  };
}

/** Changes when anything that an install depends on does. */
function inputsHash(packages) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const name of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    hash.update(`\0${name}\0`).update(readFileSync(join(root, name)));
  }
  for (const { dir, manifest } of packages) hash.update(`\0${dir}\0`).update(JSON.stringify(manifest));
  return hash.digest('hex');
}

/** True when every direct dependency is linked: a folder that someone cleaned is noticed without asking pnpm. */
function allLinked(packages) {
  return packages.every(({ dir, manifest }) =>
    dependencyFields
      .flatMap((field) => Object.keys(manifest[field] ?? {}))
      .every((name) => existsSync(join(root, dir, 'node_modules', name, 'package.json'))),
  );
}

/** The folder of a program that npm gets from the registry (or its cache), or undefined. */
export async function programFolder(spec, program) {
  const script = join(root, 'scripts', 'lib', 'print-path.mjs');
  const args = [
    'exec',
    '--yes',
    '--prefer-offline',
    '--loglevel=error',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=1000',
  ];
  const { code, output } = await runNpm([...args, `--package=${spec}`, '--', 'node', script], {
    quiet: true,
  });
  if (code !== 0) return undefined;
  const names = process.platform === 'win32' ? [`${program}.cmd`, `${program}.exe`] : [program];
  return output
    .trim()
    .split(delimiter)
    .find((folder) => folder.includes('_npx') && names.some((name) => existsSync(join(folder, name))));
}

/** Says why something could not be fetched: only the registry knows whether the network is the reason. */
export async function fetchFailure(spec, otherwise) {
  const { code } = await runNpm(
    [
      'view',
      spec,
      'version',
      '--prefer-online',
      '--loglevel=silent',
      '--fetch-retries=0',
      '--fetch-timeout=15000',
    ],
    { quiet: true },
  );
  return new Stop(
    code === 0
      ? otherwise
      : 'The npm registry cannot be reached: check the network or proxy, then run the command again.',
  );
}

async function pinnedPnpm(stamp) {
  const spec = readJson(join(root, 'package.json')).packageManager;
  if (stamp.spec === spec && existsSync(stamp.pnpm)) return { spec, pnpm: stamp.pnpm };
  if (process.env.npm_config_user_agent?.startsWith(`${spec.replace('@', '/')} `)) {
    return { spec, pnpm: dirname(process.env.npm_execpath ?? process.execPath) };
  }
  console.log(`Getting ${spec} through npm`);
  const pnpm = await programFolder(spec, 'pnpm');
  if (!pnpm)
    throw await fetchFailure(spec, `npm could not provide ${spec}: "npx -y ${spec} --version" shows why.`);
  return { spec, pnpm };
}

/**
 * Installs the locked dependencies unless they are in place already.
 * @returns the environment in which the workspace's tools run
 */
export async function ensureInstalled() {
  const stamp = existsSync(stampFile) ? readJson(stampFile) : {};
  const packages = [{ dir: '.', manifest: readJson(join(root, 'package.json')) }, ...workspacePackages()];
  const inputs = inputsHash(packages);
  const { spec, pnpm } = await pinnedPnpm(stamp);
  const env = environmentWith(pnpm);
  if (stamp.inputs === inputs && allLinked(packages)) {
    console.log('Dependencies are up to date');
  } else {
    const program = process.platform === 'win32' ? 'pnpm' : join(pnpm, 'pnpm');
    const args = ['install', '--frozen-lockfile', '--config.confirm-modules-purge=false'];
    const code = await run(program, args, { env });
    if (code !== 0)
      throw await fetchFailure(spec, 'The dependencies could not be installed; the lines above say why.');
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, JSON.stringify({ inputs, spec, pnpm }));
  return env;
}
