import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BackendProvider, HalftoneError } from '@halftone/core';

/**
 * The provider that a module exports by default; a path or a package, both from the folder `from`.
 * Throws HT_BACKEND where there is no such module, where importing it fails, and where what it exports is no provider.
 */
export async function resolveProvider(specifier: string, from: string): Promise<BackendProvider> {
  const path = findModule(specifier, from);
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HalftoneError(
      'HT_BACKEND',
      `${specifier}: importing it failed: ${reason}`,
      { module: specifier },
      { cause },
    );
  }
  return providerOf(module.default, specifier);
}

function providerOf(value: unknown, specifier: string): BackendProvider {
  const wrong = (what: string): HalftoneError =>
    new HalftoneError(
      'HT_BACKEND',
      `${specifier}: ${what}; a backend's default export is a provider { spec: 'backend/1', name, probe, create }`,
      { module: specifier },
    );
  if (value === undefined) throw wrong('it has no default export');
  if (typeof value !== 'object' || value === null) throw wrong(`its default export is a ${typeof value}`);
  const { spec, name, probe, create } = value as Partial<Record<keyof BackendProvider, unknown>>;
  if (spec !== 'backend/1') throw wrong(`spec is ${JSON.stringify(spec)}, and this suite knows "backend/1"`);
  if (typeof name !== 'string' || name === '') throw wrong('it has no name');
  if (typeof probe !== 'function') throw wrong('probe is no function');
  if (typeof create !== 'function') throw wrong('create is no function');
  return value as BackendProvider;
}

function findModule(specifier: string, from: string): string {
  const path = resolve(from, specifier);
  if (existsSync(path) && statSync(path).isFile()) return path;
  const found = /^[./]/.test(specifier) ? undefined : findPackage(specifier, from);
  if (found) return found;
  throw new HalftoneError(
    'HT_BACKEND',
    `${specifier}: no such file or package, seen from ${from}; pass the path of the built module, or install the package here`,
    { module: specifier, from },
  );
}

/** An installed package's entry, by the conditions of `import`: packages without `require` have no other. */
function findPackage(specifier: string, from: string): string | undefined {
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(specifier) ?? [];
  for (let folder = from; name !== undefined; folder = dirname(folder)) {
    const manifest = join(folder, 'node_modules', name, 'package.json');
    if (existsSync(manifest)) {
      const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown };
      const key = `.${rest ?? ''}`;
      const table = exports as Record<string, unknown> | undefined;
      const entry =
        typeof exports === 'object' && table !== null && table && key in table
          ? table[key]
          : rest
            ? undefined
            : exports;
      const target = byCondition(entry);
      if (target !== undefined) return join(dirname(manifest), target);
      break;
    }
    if (dirname(folder) === folder) break;
  }
  try {
    return createRequire(join(from, 'noop.js')).resolve(specifier);
  } catch {
    return undefined;
  }
}

function byCondition(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry;
  if (typeof entry !== 'object' || entry === null) return undefined;
  for (const [condition, inner] of Object.entries(entry)) {
    if (!['node-addons', 'node', 'import', 'module-sync', 'default'].includes(condition)) continue;
    const target = byCondition(inner);
    if (target !== undefined) return target;
  }
  return undefined;
}
