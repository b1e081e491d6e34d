#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { createBackend, CreateError } from './index.ts';

const usage = `Usage: create-backend <folder> [--name <name>]

Writes the skeleton of a Halftone backend, whose conformance run passes.

Options:
  --name <name>  what users type for it (default: the folder's name)
  -h, --help     display help

Exit codes: 0 done, 1 the folder is not empty, 2 wrong usage`;

async function main(): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: { name: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    console.error(`create-backend: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) {
    console.error(usage);
    return 2;
  }
  try {
    const { name, files } = await createBackend(folder, { name: values.name });
    console.log(
      `backend ${name}: ${files.join(', ')} in ${folder}\nnext   cd ${folder} && npm install && npm test`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof CreateError)) throw error;
    console.error(`create-backend: ${error.message}`);
    return error.code === 'usage' ? 2 : 1;
  }
}

process.exitCode = await main();
