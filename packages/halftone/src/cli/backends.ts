import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import reference from '@halftone/backend-reference';
import { type BackendProvider, HalftoneError, isHalftoneError } from '@halftone/core';
import { usageError } from '../data/data-file.ts';

/** Packages that `--backend` knows by a short name. */
const packages: Readonly<Record<string, string>> = {
  native: '@halftone/backend-native',
  wasm: '@halftone/backend-wasm',
  gpujs: '@halftone/backend-gpujs',
};

export interface FoundBackend {
  readonly name: string;
  readonly provider: BackendProvider | undefined;
  /** Why there is no provider, and how to get it. */
  readonly missing?: string;
  /** Whether its package is there, all the same. */
  readonly installed: boolean;
}

/** Every backend that the project knows, installed or not; the fastest kinds first, the reference last. */
export async function knownBackends(): Promise<FoundBackend[]> {
  const found: FoundBackend[] = [];
  for (const [name, specifier] of Object.entries(packages)) found.push(await find(name, specifier));
  return [...found, { name: reference.name, provider: reference, installed: true }];
}

async function find(name: string, specifier: string): Promise<FoundBackend> {
  const url = resolveModule(specifier);
  if (url === undefined)
    return {
      name,
      provider: undefined,
      missing: `not installed; npm install ${specifier}`,
      installed: false,
    };
  try {
    return { name, provider: await load(name, specifier, url), installed: true };
  } catch (error) {
    // One broken package must not hide the others.
    if (!isHalftoneError(error)) throw error;
    return { name, provider: undefined, missing: error.message, installed: true };
  }
}

// The user's folder first: a backend is installed beside their model, not beside this package.
function resolveModule(specifier: string): string | undefined {
  for (const base of [join(process.cwd(), 'noop.js'), import.meta.url]) {
    try {
      return pathToFileURL(createRequire(base).resolve(specifier)).href;
    } catch {
      // not there: the next place, or none
    }
  }
  return undefined;
}

function providerOf(specifier: string, module: { default?: unknown }): BackendProvider {
  const provider = module.default as BackendProvider | undefined;
  if (provider?.spec !== 'backend/1') {
    throw new HalftoneError(
      'HT_BACKEND',
      `${specifier} has no backend as its default export; its spec must be "backend/1"`,
      { specifier },
    );
  }
  return provider;
}

/**
 * The provider that `--backend` names: a short name, a package, or a path to a module.
 * Throws a usage error with the nearest names for an unknown one, HT_UNAVAILABLE for one that is not installed.
 */
export async function backendByName(name: string): Promise<BackendProvider> {
  if (name === reference.name) return reference;
  const specifier = packages[name] ?? (/^[.@/]|[/.]/.test(name) ? name : undefined);
  if (specifier === undefined) {
    const known = [...Object.keys(packages), reference.name];
    throw usageError(
      '--backend',
      `--backend ${name}: no such backend; one of ${known.join(', ')}, a package or a path is needed${nearest(name, known)}`,
      { known },
    );
  }
  const url = /^[./]/.test(specifier) ? pathToFileURL(resolve(specifier)).href : resolveModule(specifier);
  if (url === undefined)
    throw new HalftoneError('HT_UNAVAILABLE', `backend ${name} is not installed; npm install ${specifier}`, {
      backend: name,
    });
  return await load(name, specifier, url);
}

async function load(name: string, specifier: string, url: string): Promise<BackendProvider> {
  let module: { default?: unknown };
  try {
    module = await import(url);
  } catch (cause) {
    throw new HalftoneError(
      'HT_UNAVAILABLE',
      `backend ${name} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { backend: name },
      { cause },
    );
  }
  return providerOf(specifier, module);
}

function nearest(name: string, known: readonly string[]): string {
  const close = known.find((other) => other.startsWith(name.slice(0, 2)));
  return close ? `; did you mean ${close}?` : '';
}
