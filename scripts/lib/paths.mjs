import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository root. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where scripts leave reports and packed packages. */
export const outDir = join(root, '.out');

/** Reads a JSON file, as a path below the root or absolute. */
export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Every workspace package: its folder relative to the root, and its manifest. */
export function workspacePackages(base = root) {
  const lines = readFileSync(join(base, 'pnpm-workspace.yaml'), 'utf8').split('\n');
  const groups = lines.map((line) => /^ {2}- (\w+)\/\*$/.exec(line)?.[1]).filter(Boolean);
  return groups
    .flatMap((group) =>
      existsSync(join(base, group)) ? readdirSync(join(base, group)).map((name) => `${group}/${name}`) : [],
    )
    .filter((dir) => existsSync(join(base, dir, 'package.json')))
    .sort()
    .map((dir) => ({ dir, manifest: readJson(join(base, dir, 'package.json')) }));
}
