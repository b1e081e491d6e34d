// `npm run bench`: the command `halftone bench` over what the checkout has, with the peers that this folder installs.
import { spawn, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchInPage } from './in-page.mjs';
import { models } from './models.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const args = process.argv.slice(2);

/** The commit that is checked out; ends with `+` where files were changed since. */
function commit() {
  const git = (...words) => execFileSync('git', ['-C', root, ...words], { encoding: 'utf8' }).trim();
  try {
    return `${git('rev-parse', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`;
  } catch {
    return undefined;
  }
}

/** Runs the command with the peers of this folder in reach, and ends with its exit code. */
function halftone(words) {
  const command = join(root, 'packages', 'halftone', 'dist', 'cli', 'main.js');
  const env = { ...process.env, NODE_PATH: join(here, 'node_modules') };
  const child = spawn(process.execPath, [command, ...words], { stdio: 'inherit', env });
  // The child says what an interruption means.
  process.on('SIGINT', () => {});
  child.on('close', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

const has = (...names) =>
  names.some((name) => args.some((arg) => arg === name || arg.startsWith(`${name}=`)));
const source = commit();
const extra = source && !has('--commit') ? ['--commit', source] : [];
const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

if (has('--help', '-h')) halftone(['bench', '--help']);
else if (has('--page')) await benchInPage(args, { root, here, commit: source, stamp });
else {
  const out = has('--out') ? [] : ['--out', join('out', 'bench', `${stamp}.json`)];
  halftone(['bench', '--ops', ...(await models({ root, quick: has('--quick') })), ...out, ...extra, ...args]);
}
