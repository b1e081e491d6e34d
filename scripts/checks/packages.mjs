import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { outDir, root, workspacePackages } from '../lib/paths.mjs';
import { run } from '../lib/process.mjs';

const required = ['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts', 'package.json', 'src/index.ts'];

/** What single packages hold besides, made by their build. */
const alsoRequired = { halftone: ['dist/worked/unit-line.mjs', 'dist/worked/lib/worked.mjs'] };

/** What is wrong with the files that a package would publish. */
export function wrongFiles(names, name) {
  const missing = [...required, ...(alsoRequired[name] ?? [])]
    .filter((file) => !names.includes(file))
    .map((file) => `lacks ${file}`);
  const leaked = names
    .filter((file) => /\.tsbuildinfo$|(^|\/)(test|node_modules|\.tsbuild)\//.test(file))
    .map((file) => `should not hold ${file}`);
  return [...missing, ...leaked];
}

/** A package of a platform holds a binary, and is packed where that was built. */
function checkPlatform(manifest, names) {
  const missing = ['LICENSE', 'README.md', manifest.main, 'package.json'].filter(
    (file) => !names.includes(file),
  );
  for (const file of missing) console.log(`${manifest.name} lacks ${file}`);
  return missing.length === 0;
}

function isBuiltHere({ os, cpu }) {
  const binary = join(root, 'packages/backend-native/build/Release/halftone_native.node');
  return os.includes(process.platform) && cpu.includes(process.arch) && existsSync(binary);
}

async function checkPackage(dir, manifest, packDir, env, local) {
  if (manifest.os && !isBuiltHere(manifest)) {
    console.log(`${manifest.name}: not checked, since its binary was not built here`);
    return true;
  }
  const args = ['--dir', join(root, dir), 'pack', '--json', '--pack-destination', packDir];
  const { code, output } = await run('pnpm', args, { env, quiet: true });
  if (code !== 0) {
    console.log(`${manifest.name}: pnpm pack failed`);
    return false;
  }
  const packed = JSON.parse(output);
  const tarball = join(packDir, basename(packed.filename));
  const names = packed.files.map((file) => file.path);
  if (manifest.os) return checkPlatform(manifest, names);
  const wrong = wrongFiles(names, manifest.name);
  for (const problem of wrong) console.log(`${manifest.name} ${problem}`);
  const publint = await local('publint', ['run', tarball, '--strict'], env);
  const attw = await local(
    'attw',
    [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji', '--quiet'],
    env,
  );
  return wrong.length === 0 && publint === 0 && attw === 0;
}

/** Packs every public package as a release would, and checks what a user would install. */
export async function checkPackages(env, local) {
  const packDir = join(outDir, 'packed');
  rmSync(packDir, { recursive: true, force: true });
  mkdirSync(packDir, { recursive: true });
  let ok = true;
  for (const { dir, manifest } of workspacePackages()) {
    if (manifest.private) continue;
    if (!(await checkPackage(dir, manifest, packDir, env, local))) ok = false;
  }
  return ok ? 0 : 1;
}
