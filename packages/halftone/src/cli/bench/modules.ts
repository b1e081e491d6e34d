// Packages that a user may have installed: beside their own files, else beside this package.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** An installed package. */
export interface Installed {
  readonly version: string | undefined;
  /** The module. */
  load(): Promise<unknown>;
  /** Another instance of the module, and of these packages, that shares nothing with those loaded before. */
  loadAnew(related: readonly string[]): unknown;
}

/** A package by its name; undefined where it is not installed. */
export function findPackage(name: string): Installed | undefined {
  for (const base of [join(process.cwd(), 'noop.js'), import.meta.url]) {
    const require = createRequire(base);
    let path: string;
    try {
      path = require.resolve(name);
    } catch {
      continue;
    }
    return {
      version: versionOf(path, name),
      load: async () => mainOf(await import(pathToFileURL(path).href)),
      loadAnew(related) {
        const folders = [name, ...related].map((one) => join('node_modules', one, '/'));
        for (const loaded of Object.keys(require.cache))
          if (folders.some((folder) => loaded.includes(folder))) delete require.cache[loaded];
        return mainOf(require(path));
      },
    };
  }
  return undefined;
}

/** What a module is for: its default export where it has one. */
function mainOf(module: unknown): unknown {
  return (module as { default?: unknown }).default ?? module;
}

/** The version in the manifest above a file of a package. */
function versionOf(path: string, name: string): string | undefined {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (!existsSync(manifest)) continue;
    const read = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string; version?: string };
    if (read.name === name) return read.version;
  }
  return undefined;
}
