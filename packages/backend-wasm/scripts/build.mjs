// Compiles the kernels in assembly/ to the modules in wasm/, and writes these once more as text, for bundles of one file.
// Each has a section that says which code it belongs to.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const common = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory'];
// What the memory that is imported may be at most.
const shared = ['--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'];

/** Entries and options of each module. */
const modules = {
  simd: ['assembly/index.ts', '--enable', 'simd'],
  relaxed: ['assembly/index.ts', 'assembly/relaxed.ts', '--enable', 'simd,relaxed-simd'],
  'simd-threads': ['assembly/index.ts', 'assembly/threads.ts', '--enable', 'simd,threads', ...shared],
  'relaxed-threads': [
    'assembly/index.ts',
    'assembly/relaxed.ts',
    'assembly/threads.ts',
    '--enable',
    'simd,relaxed-simd,threads',
    ...shared,
  ],
};

/** What the code and its modules must have in common: a hash of the sources of both. */
function stampOfSources() {
  const hash = createHash('sha256');
  for (const folder of ['assembly', 'src'])
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort())
      if (name.endsWith('.ts')) hash.update(readFileSync(join(root, folder, name)));
  return hash.digest('hex').slice(0, 16);
}

/** A module with a custom section, whose name and content are shorter than 64 bytes each. */
function withSection(module, name, content) {
  const body = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from(content)]);
  return Buffer.concat([module, Buffer.from([0, body.length]), body]);
}

const stamp = stampOfSources();
mkdirSync(join(root, 'wasm'), { recursive: true });
for (const [name, options] of Object.entries(modules)) {
  let said = '';
  const { error } = await asc.main([...options, '--outFile', `wasm/${name}.wasm`, ...common], {
    baseDir: root,
    stderr: { write: (text) => (said += text) },
  });
  if (error) {
    console.error(`${name}: ${error.message}\n${said}`);
    process.exit(1);
  }
  const file = join(root, 'wasm', `${name}.wasm`);
  writeFileSync(file, withSection(readFileSync(file), 'halftone', stamp));
}
const texts = Object.keys(modules).map((name) => {
  const bytes = readFileSync(join(root, 'wasm', `${name}.wasm`));
  return `  '${name}': '${bytes.toString('base64')}',\n`;
});
writeFileSync(join(root, 'wasm', 'inline.js'), `export const modules = {\n${texts.join('')}};\n`);
writeFileSync(join(root, 'wasm', 'stamp.js'), `export const stamp = '${stamp}';\n`);
