import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Why nothing was written. */
export class CreateError extends Error {
  /** `usage`: the name cannot be one. `occupied`: the folder holds something. */
  readonly code: 'usage' | 'occupied';

  constructor(code: 'usage' | 'occupied', message: string) {
    super(message);
    this.name = 'CreateError';
    this.code = code;
  }
}

const templates = fileURLToPath(new URL('../templates/', import.meta.url));

/** Files by the names that they get: inside a package, npm and its tools read a package.json and a .gitignore as their own. */
const files: Readonly<Record<string, string>> = {
  'manifest.json': 'package.json',
  'index.js': 'index.js',
  'README.md': 'README.md',
  gitignore: '.gitignore',
};

/**
 * Writes the skeleton of a backend into an empty or new folder; `name` is what users type, by default the folder's name
 * without `halftone-backend-`. Gives the name and the files. Throws CreateError before anything is written.
 */
export async function createBackend(
  folder: string,
  options: { readonly name?: string | undefined } = {},
): Promise<{ readonly name: string; readonly files: readonly string[] }> {
  const path = resolve(folder);
  const name = options.name ?? basename(path).replace(/^halftone-backend-/, '');
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 60) {
    throw new CreateError(
      'usage',
      `'${name}' is no name of a backend: lower-case letters, digits and single hyphens, such as my-gpu; pass --name`,
    );
  }
  const present = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new CreateError('occupied', `${folder} cannot be used (${error.code}); choose another folder`);
  });
  if (present.length > 0) throw new CreateError('occupied', `${folder} is not empty; choose another folder`);
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const texts = await Promise.all(Object.keys(files).map((file) => readFile(join(templates, file), 'utf8')));
  await mkdir(path, { recursive: true });
  for (const [i, file] of Object.values(files).entries()) {
    const text = texts[i]!.replaceAll('{{name}}', name).replaceAll('{{version}}', version);
    await writeFile(join(path, file), text, { flag: 'wx' });
  }
  return { name, files: Object.values(files) };
}
