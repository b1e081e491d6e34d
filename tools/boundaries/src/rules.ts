import { arrowsOf, hostGlobals, portable } from './arrows.ts';
import type { ParsedFile, Reference } from './parse.ts';
import { isPublicEntry, resolveSpecifier } from './specifier.ts';
import { type Manifest, type Member, nodeOnlyFiles, type Workspace } from './workspace.ts';

type Rule = 'arrow' | 'cycle' | 'entry' | 'escape' | 'host' | 'node-only' | 'undeclared';

export interface Violation {
  readonly rule: Rule;
  /** File and line, or a manifest. */
  readonly place: string;
  readonly message: string;
}

export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly part: 'src' | 'test';
  readonly parsed: ParsedFile;
}

function runtimeDependencies({ dependencies, peerDependencies, optionalDependencies }: Manifest): string[] {
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
}

/** Whether the design lets one member depend on another; `dev` where only tests see it. */
function mayUse(from: Member, to: Member, dev: boolean): boolean {
  // Tools help with tests and with one another; nothing that is published is made of them.
  if (to.group === 'tools') return dev || from.group !== 'packages';
  if (to.group !== 'packages') return false;
  // Apps, tests and tools stand above every package.
  if (from.group !== 'packages') return true;
  const arrows = arrowsOf(from.folder);
  if (!arrows) return false;
  return [...arrows.use, ...(dev ? (arrows.dev ?? []) : [])].includes(to.folder);
}

/** Checks what a manifest declares. */
export function checkManifest(workspace: Workspace, member: Member): Violation[] {
  const place = `${member.dir}/package.json`;
  if (member.group === 'packages' && !arrowsOf(member.folder)) {
    return [{ rule: 'arrow', place, message: 'this package has no row in tools/boundaries/src/arrows.ts' }];
  }
  const check = (names: string[], dev: boolean): Violation[] =>
    names.flatMap((name) => {
      const target = workspace.byName.get(name);
      if (!target || mayUse(member, target, dev)) return [];
      return [
        { rule: 'arrow' as const, place, message: `${member.manifest.name} may not depend on ${name}` },
      ];
    });
  return [
    ...check(runtimeDependencies(member.manifest), false),
    ...check(Object.keys(member.manifest.devDependencies ?? {}), true),
  ];
}

/** Checks the imports and globals of one file. */
export function checkFile(workspace: Workspace, member: Member, file: SourceFile): Violation[] {
  const nodeOnly = nodeOnlyFiles(member);
  // A folder `src/node` holds what the files of the node condition are made of.
  const inNodeFolder = (path: string): boolean => path.startsWith(`${member.dir}/src/node/`);
  const isNodeOnly = (path: string): boolean => nodeOnly.has(path) || inNodeFolder(path);
  const test = file.part === 'test';
  const mustBePortable =
    !test && member.group === 'packages' && portable.includes(member.folder) && !isNodeOnly(file.path);
  const declared = new Set(runtimeDependencies(member.manifest));
  // What is never published may use development dependencies anywhere.
  if (test || member.group !== 'packages')
    for (const name of Object.keys(member.manifest.devDependencies ?? {})) declared.add(name);

  const problem = ({ name }: Reference): [Rule, string] | undefined => {
    const target = resolveSpecifier(workspace, file.path, name);
    switch (target.kind) {
      case 'relative': {
        const inside = test ? `${member.dir}/` : `${member.dir}/src/`;
        // What is never published may read the data of what is.
        const data = member.group !== 'packages' && /^packages\/[^/]+\/demo\//.test(target.path);
        // What a build makes stands beside the code that it belongs to.
        const made = target.path.startsWith(`${member.dir}/wasm/`);
        if (!target.path.startsWith(inside) && !data && !made)
          return ['escape', `${name} leads outside of ${inside}`];
        if (!test && (nodeOnly.has(target.path) || (inNodeFolder(target.path) && !isNodeOnly(file.path))))
          return ['node-only', `${name} is only for Node: import it by its # name`];
        return undefined;
      }
      case 'node':
        return mustBePortable ? ['host', `${name} does not exist in a page`] : undefined;
      // Pages of a tool load what its own server gives them.
      case 'address':
        return member.group === 'packages' ? ['host', `${name} is an address, not a package`] : undefined;
      case 'private':
        return target.name in (member.manifest.imports ?? {})
          ? undefined
          : ['undeclared', `${name} is not in "imports" of package.json`];
      case 'external':
        return declared.has(target.name) ? undefined : ['undeclared', `${target.name} is not a dependency`];
      case 'member': {
        const { member: other, subpath } = target;
        if (other !== member && !mayUse(member, other, test)) {
          return ['arrow', `${member.manifest.name} may not import ${other.manifest.name}`];
        }
        if (!isPublicEntry(other, subpath)) return ['entry', `${name} is not a public entry`];
        if (other !== member && !declared.has(other.manifest.name)) {
          return ['undeclared', `${other.manifest.name} is not a dependency`];
        }
        return undefined;
      }
    }
  };

  const imports = file.parsed.imports.flatMap((reference) => {
    const found = problem(reference);
    return found ? [{ rule: found[0], place: `${file.path}:${reference.line}`, message: found[1] }] : [];
  });
  const globals = file.parsed.globals
    .filter(({ name }) => mustBePortable && hostGlobals.has(name))
    .map(({ name, line }) => ({
      rule: 'host' as const,
      place: `${file.path}:${line}`,
      message: `${name} exists on one kind of host alone`,
    }));
  return [...imports, ...globals];
}

/** Finds cycles between members, development dependencies included: turbo would refuse them, less plainly. */
export function checkCycles(workspace: Workspace): Violation[] {
  const done = new Set<Member>();
  const violations: Violation[] = [];
  const visit = (member: Member, path: readonly Member[]): void => {
    const start = path.indexOf(member);
    if (start >= 0) {
      const names = [...path.slice(start), member].map(({ manifest }) => manifest.name);
      violations.push({ rule: 'cycle', place: `${member.dir}/package.json`, message: names.join(' -> ') });
      return;
    }
    if (done.has(member)) return;
    const names = [
      ...runtimeDependencies(member.manifest),
      ...Object.keys(member.manifest.devDependencies ?? {}),
    ];
    for (const name of names) {
      const next = workspace.byName.get(name);
      if (next) visit(next, [...path, member]);
    }
    done.add(member);
  };
  for (const member of workspace.members) visit(member, []);
  return violations;
}
