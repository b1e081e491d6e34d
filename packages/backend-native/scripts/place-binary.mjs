// Before a platform's package is packed: copies the binary that was built on this machine into it, without symbols.
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { has } from './build.mjs';

const { name, main, os, cpu } = JSON.parse(readFileSync('package.json', 'utf8'));
if (!os.includes(process.platform) || !cpu.includes(process.arch))
  throw new Error(`${name} is packed on its own platform, and this is ${process.platform} ${process.arch}`);
const built = fileURLToPath(new URL('../build/Release/halftone_native.node', import.meta.url));
if (!existsSync(built))
  throw new Error(`${name} has nothing to pack: install a C++ compiler and run npm run build`);
const placed = join(process.cwd(), main);
copyFileSync(built, placed);
if (has('strip')) spawnSync('strip', ['--strip-unneeded', placed]);
