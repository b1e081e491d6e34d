import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Root of the repository. */
export const root: string = fileURLToPath(new URL('../../../', import.meta.url));

/** A package as npm describes it. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  /** Of a package with a binary for some platform alone. */
  readonly os?: readonly string[];
  readonly packageManager?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

const shell = process.platform === 'win32';

/** Whether the native backend was built on this machine. */
export const hasBinary: boolean = existsSync(
  join(root, 'packages/backend-native/build/Release/halftone_native.node'),
);

async function foldersIn(group: string): Promise<string[]> {
  const names = await readdir(join(root, group));
  return names
    .map((name) => join(root, group, name))
    .filter((from) => existsSync(join(from, 'package.json')));
}

/** Packs every public package, as a release would, into `folder`; tarballs by package name. */
export async function packAll(folder: string): Promise<ReadonlyMap<string, string>> {
  const { packageManager = 'pnpm' } = await manifestIn(root);
  const tarballs = new Map<string, string>();
  for (const from of [...(await foldersIn('packages')), ...(hasBinary ? await foldersIn('platforms') : [])]) {
    const manifest = await manifestIn(from);
    if (manifest.private || (manifest.os && !manifest.os.includes(process.platform))) continue;
    const args = ['--yes', packageManager, '--dir', from, 'pack', '--json', '--pack-destination', folder];
    const { stdout } = await exec('npx', args, { shell });
    const { filename } = JSON.parse(stdout) as { filename: string };
    tarballs.set(manifest.name, filename);
  }
  return tarballs;
}

/** A folder with an installation in it. */
export interface Installed {
  readonly folder: string;
  readonly manifests: readonly Manifest[];
  readonly bytes: number;
  /** Paths of all files in node_modules, relative to it. */
  readonly files: readonly string[];
}

/**
 * Installs `wanted` in an empty folder with a cache of its own: our packages from their tarballs, those of others from the
 * registry that npm is set to.
 */
export async function install(
  wanted: readonly string[],
  tarballs: ReadonlyMap<string, string>,
  options: readonly string[] = [],
): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'halftone-install-'));
  const overrides = Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${file}`]));
  const dependencies = Object.fromEntries(wanted.map((name) => [name, overrides[name]]));
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies, overrides }),
  );
  const cache = join(folder, '.cache');
  await mkdir(cache);
  const args = ['install', '--no-audit', '--no-fund', '--cache', cache, ...options];
  await exec('npm', args, { cwd: folder, shell });
  const modules = join(folder, 'node_modules');
  const files = (await readdir(modules, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  let bytes = 0;
  for (const file of files) bytes += (await stat(file)).size;
  const relative = files.map((file) => file.slice(modules.length + 1).replaceAll('\\', '/')).sort();
  const packages = relative.filter((file) => /^(@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(file));
  const manifests = await Promise.all(packages.map((file) => manifestIn(join(modules, file, '..'))));
  return { folder, manifests, bytes, files: relative };
}

/** Runs a program of the installation. */
export async function runIn(folder: string, program: string, args: readonly string[]): Promise<string> {
  // What starts a test may put the workspace's own packages within reach; an installation has only what it installed.
  const env = { ...process.env, NODE_PATH: '' };
  const { stdout } = await exec(program, args, {
    cwd: folder,
    env,
    shell: shell && program !== process.execPath,
  });
  return stdout;
}

/** The blocks of a README in a language, `js` for what Node runs as it stands. */
export async function codeBlocks(readme: string, language = 'js'): Promise<string[]> {
  const text = await readFile(join(root, readme), 'utf8');
  return [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
    .filter((match) => match[1] === language)
    .map((match) => match[2]!);
}

/** Runs a program of the installation that may fail; gives its exit code and what it printed. */
export async function failIn(
  folder: string,
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string }> {
  try {
    return { code: 0, stdout: await runIn(folder, program, args) };
  } catch (error) {
    const { code, stdout } = error as { code?: unknown; stdout?: unknown };
    if (typeof code !== 'number' || typeof stdout !== 'string') throw error;
    return { code, stdout };
  }
}
