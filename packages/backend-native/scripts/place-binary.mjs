// Before a platform's package is packed: copies the binary that was built on this machine into it, without symbols.
// --remove, afterwards: takes it away, so that a checkout has the one that it built alone.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { has } from './build.mjs';

const { name, main, os, cpu } = JSON.parse(readFileSync('package.json', 'utf8'));
const placed = join(process.cwd(), main);
if (process.argv.includes('--remove')) rmSync(placed, { force: true });
else place();

function place() {
  if (!os.includes(process.platform) || !cpu.includes(process.arch))
    throw new Error(`${name} is packed on its own platform, and this is ${process.platform} ${process.arch}`);
  const built = fileURLToPath(new URL('../build/Release/halftone_native.node', import.meta.url));
  if (!existsSync(built))
    throw new Error(`${name} has nothing to pack: install a C++ compiler and run npm run build`);
  copyFileSync(built, placed);
  if (has('strip')) spawnSync('strip', ['--strip-unneeded', placed]);
}
