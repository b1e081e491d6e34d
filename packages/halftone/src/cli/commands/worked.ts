import { readdir } from 'node:fs/promises';
import { HalftoneError } from '@halftone/core';
import type { Command } from 'commander';
import { table, Terminal } from '../terminal.ts';

/** What a file of examples/worked gives; see its lib/worked.mjs. */
interface WorkedExample {
  readonly name: string;
  readonly title: string;
  /** The document whose numbers are worked. */
  readonly document: string;
  /** `agrees` is null where the document prints nothing. */
  readonly rows: readonly {
    readonly what: string;
    readonly document: string;
    readonly ours: readonly (number | string)[];
    readonly agrees: boolean | null;
  }[];
  readonly remark: string;
}

// The build copies the examples beside the compiled command.
const folder = new URL('../../worked/', import.meta.url);

export function registerWorked(program: Command): void {
  program
    .command('worked')
    .description(
      'print worked numbers of quantization texts with ours beside them; without a name, list them',
    )
    .argument('[name]', 'an example, as listed')
    .option('--json', 'print one JSON document')
    .action(worked);
}

async function worked(name: string | undefined, options: { json?: boolean }): Promise<void> {
  const terminal = new Terminal(options);
  const names = await exampleNames();
  if (name === undefined) {
    const examples = await Promise.all(names.map(load));
    for (const line of table([['name', ''], ...examples.map((example) => [example.name, example.title])]))
      terminal.line(line);
    terminal.result({
      examples: examples.map(({ name: own, title, document }) => ({ name: own, title, document })),
    });
    return;
  }
  if (!names.includes(name)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `no example ${name}; one of ${names.join(', ')} is needed`,
      {
        name,
        known: names,
      },
    );
  }
  const example = await load(name);
  const { text } = (await import(new URL('lib/worked.mjs', folder).href)) as {
    readonly text: (example: WorkedExample) => string;
  };
  terminal.line(text(example));
  terminal.result({ ...example });
}

async function exampleNames(): Promise<string[]> {
  const files = await readdir(folder).catch((cause: unknown) => {
    throw new HalftoneError(
      'HT_UNAVAILABLE',
      'the examples are not beside the command; install halftone again, or run `npm run build` in a checkout',
      {},
      { cause },
    );
  });
  return files.flatMap((file) => (file.endsWith('.mjs') ? [file.slice(0, -'.mjs'.length)] : [])).sort();
}

async function load(name: string): Promise<WorkedExample> {
  const module = (await import(new URL(`${name}.mjs`, folder).href)) as { default: WorkedExample };
  return module.default;
}
