import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root } from '../lib/paths.mjs';

const advised = 400;
const allowed = 500;
// Made files, which nobody reads from top to bottom, stand in testdata.
const skipped = new Set(['node_modules', 'dist', 'testdata']);

/** Every source file below a folder with its number of lines. */
function sourceLengths(base) {
  return readdirSync(base, { withFileTypes: true })
    .filter((entry) => !skipped.has(entry.name) && !entry.name.startsWith('.'))
    .flatMap((entry) => {
      const path = join(base, entry.name);
      if (entry.isDirectory()) return sourceLengths(path);
      if (!/\.(ts|mts|js|mjs|cc|h)$/.test(entry.name)) return [];
      const text = readFileSync(path, 'utf8');
      return [{ path, lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0) }];
    });
}

/** Warns above 400 lines and fails above 500: a reader should hold a file in mind whole. */
export function checkFileLengths(base = join(root, 'packages')) {
  const long = sourceLengths(base)
    .filter(({ lines }) => lines > advised)
    .sort((a, b) => b.lines - a.lines);
  for (const { path, lines } of long) {
    const name = relative(root, path).split(sep).join('/');
    console.log(`${lines > allowed ? 'too long' : 'warning '} ${lines} lines  ${name}`);
  }
  if (long.length === 0) console.log(`No file has more than ${advised} lines`);
  return long.some(({ lines }) => lines > allowed) ? 1 : 0;
}
