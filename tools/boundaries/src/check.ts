import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFile } from './parse.ts';
import { checkCycles, checkFile, checkManifest, type Violation } from './rules.ts';
import { readWorkspace, sourceFiles } from './workspace.ts';

export interface Result {
  readonly members: number;
  readonly files: number;
  readonly violations: readonly Violation[];
}

/** Checks the whole workspace below a root. */
export function checkWorkspace(root: string): Result {
  const workspace = readWorkspace(root);
  const violations: Violation[] = [];
  let files = 0;
  for (const member of workspace.members) {
    violations.push(...checkManifest(workspace, member));
    for (const part of ['src', 'test'] as const) {
      for (const path of sourceFiles(root, `${member.dir}/${part}`)) {
        const parsed = parseFile(path, readFileSync(join(root, path), 'utf8'));
        violations.push(...checkFile(workspace, member, { path, part, parsed }));
        files++;
      }
    }
  }
  violations.push(...checkCycles(workspace));
  return { members: workspace.members.length, files, violations };
}
