import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/paths.mjs';

/** Lines of a lock file that name a host: those would send every user to the registry of whoever wrote it. */
export function linesWithHosts(text) {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => /\w:\/\/|\btarball:/.test(line));
}

/** Fails when pnpm-lock.yaml names a host. */
export function checkLockfile() {
  const found = linesWithHosts(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8'));
  for (const { line, number } of found) console.log(`pnpm-lock.yaml:${number} ${line}`);
  if (found.length === 0) console.log('No host in pnpm-lock.yaml');
  return found.length === 0 ? 0 : 1;
}
