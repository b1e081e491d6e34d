// Part of building `halftone`: the worked examples become files of the package, for its command to print.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/paths.mjs';

const target = join(root, 'packages', 'halftone', 'dist', 'worked');
rmSync(target, { recursive: true, force: true });
cpSync(join(root, 'examples', 'worked'), target, { recursive: true });
