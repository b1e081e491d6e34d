import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { Member, Workspace } from './workspace.ts';

const builtins = new Set(builtinModules);

export type Target =
  | { readonly kind: 'relative'; readonly path: string }
  | { readonly kind: 'node' }
  | { readonly kind: 'address' }
  | { readonly kind: 'private'; readonly name: string }
  | { readonly kind: 'member'; readonly member: Member; readonly subpath: string }
  | { readonly kind: 'external'; readonly name: string };

/** What an import specifier means in a file; `file` is relative to the workspace root. */
export function resolveSpecifier(workspace: Workspace, file: string, specifier: string): Target {
  if (specifier.startsWith('.')) {
    return { kind: 'relative', path: posix.join(posix.dirname(file), specifier) };
  }
  if (specifier.startsWith('node:') || builtins.has(specifier)) return { kind: 'node' };
  if (/^\/|^\w+:/.test(specifier)) return { kind: 'address' };
  if (specifier.startsWith('#')) return { kind: 'private', name: specifier };
  const parts = specifier.split('/');
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  const member = workspace.byName.get(name);
  return member
    ? { kind: 'member', member, subpath: `.${specifier.slice(name.length)}` }
    : { kind: 'external', name };
}

/** True when a package lets others import this subpath. */
export function isPublicEntry({ manifest: { exports } }: Member, subpath: string): boolean {
  if (exports === undefined || typeof exports === 'string') return subpath === '.';
  return Object.keys(exports).some((key) => key === subpath || (subpath === '.' && !key.startsWith('.')));
}
