import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>> | string;
  readonly imports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Member {
  /** `packages`, `apps`, `tests` or `tools`. */
  readonly group: string;
  /** The folder's own name. */
  readonly folder: string;
  /** The folder relative to the root, with `/`. */
  readonly dir: string;
  readonly manifest: Manifest;
}

export interface Workspace {
  readonly root: string;
  readonly members: readonly Member[];
  readonly byName: ReadonlyMap<string, Member>;
}

const groups = ['packages', 'apps', 'tests', 'tools'];

/** Reads every member of the workspace below a root. */
export function readWorkspace(root: string): Workspace {
  const members = groups
    .filter((group) => existsSync(join(root, group)))
    .flatMap((group) =>
      readdirSync(join(root, group))
        .filter((folder) => existsSync(join(root, group, folder, 'package.json')))
        .sort()
        .map((folder) => ({
          group,
          folder,
          dir: `${group}/${folder}`,
          manifest: JSON.parse(readFileSync(join(root, group, folder, 'package.json'), 'utf8')) as Manifest,
        })),
    );
  return { root, members, byName: new Map(members.map((member) => [member.manifest.name, member])) };
}

/** Source files of a member below one of its folders, relative to the root and with `/`. */
export function sourceFiles(root: string, dir: string): string[] {
  const base = join(root, dir);
  if (!existsSync(base)) return [];
  return readdirSync(base, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|tsx|js|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !/(^|\/)(node_modules|dist|assembly)\//.test(file))
    .sort();
}

/**
 * The source files of a member that only Node loads: targets of the `node` condition in its `imports`.
 * `./dist/files-node.js` stands for `src/files-node.ts`.
 */
export function nodeOnlyFiles(member: Member): ReadonlySet<string> {
  const files = new Set<string>();
  for (const target of Object.values(member.manifest.imports ?? {})) {
    if (typeof target !== 'object' || target === null || !('node' in target)) continue;
    const { node } = target;
    if (typeof node !== 'string') continue;
    files.add(`${member.dir}/${node.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts')}`);
  }
  return files;
}
