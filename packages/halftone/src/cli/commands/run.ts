import { join } from 'node:path';
import { openBackend, type Tensor } from '@halftone/core';
import { GraphSession } from '@halftone/graph';
import type { Command } from 'commander';
import { usageError } from '../../data/data-file.ts';
import { fitterFor } from '../../data/fit.ts';
import { encodeTensorAsNpy, readNpy } from '../../data/npy.ts';
import { backendByName } from '../backends.ts';
import { makeFolder, writeAtomically } from '../files.ts';
import {
  addArithmeticOptions,
  type ArithmeticChoice,
  backendOption,
  collect,
  modelInputs,
} from '../options.ts';
import { loadModel } from '../load-model.ts';
import { Terminal } from '../terminal.ts';

interface RunCommand extends ArithmeticChoice {
  readonly input?: string[];
  readonly backend: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function registerRun(program: Command): void {
  const command = program
    .command('run')
    .description('run a model once on arrays from .npy files')
    .argument('<model.onnx>')
    .option('--input <name=file.npy>', 'array for an input; once for each input', collect)
    .addOption(backendOption().default('reference'))
    .option('-o, --output <folder>', 'write each output as <name>.npy there')
    .option('-f, --force', 'overwrite files that exist')
    .option('--json', 'print one JSON document');
  addArithmeticOptions(command)
    .addHelpText('after', '\nExample:\n  halftone run model.int8.onnx --input input=image.npy -o outputs/')
    .action(run);
}

async function run(path: string, options: RunCommand): Promise<void> {
  const terminal = new Terminal(options);
  const graph = await loadModel(path);
  const files = new Map((options.input ?? []).map(parseInput));
  if (files.size < (options.input ?? []).length)
    throw usageError('--input', '--input names an input twice; pass one array for each');
  const feeds: [name: string, feed: Tensor][] = [];
  for (const input of modelInputs(graph)) {
    const file = files.get(input.name);
    if (file === undefined)
      throw usageError('--input', `input ${input.name} is missing; pass --input ${input.name}=file.npy`, {
        input: input.name,
      });
    files.delete(input.name);
    const array = await readNpy(file);
    // A whole batch is taken as it is; a single sample without its batch axis gets one.
    const exact = input.shape?.length === array.shape.length;
    feeds.push([input.name, fitterFor(exact ? { ...input, shape: array.shape } : input)(array, file)]);
  }
  for (const name of files.keys())
    throw usageError(
      '--input',
      `the model has no input ${name}; it takes ${graph.inputs.map((input) => input.name).join(', ')}`,
    );
  const backend = await openBackend(await backendByName(options.backend));
  try {
    const session = new GraphSession(graph, {
      backends: [backend],
      arithmetic: options.arithmetic,
      integerOnly: options.integerOnly,
    });
    const start = performance.now();
    const results = await session.run(Object.fromEntries(feeds));
    const latencyMs = performance.now() - start;
    const rows = session.explain();
    await session.dispose();
    const outputs = [];
    if (options.output !== undefined) await makeFolder(options.output);
    for (const [name, result] of Object.entries(results)) {
      const file = options.output === undefined ? undefined : join(options.output, `${fileName(name)}.npy`);
      if (file !== undefined) await writeAtomically(file, encodeTensorAsNpy(result), options.force);
      const [head, count] = [
        Array.from(result.data.slice(0, 8) as Float32Array, (value) => Number(value)),
        result.data.length,
      ];
      terminal.line(
        `${name}: ${result.dtype} [${result.shape.join(', ')}] = ${head.map((value) => Number(value.toPrecision(6))).join(', ')}${count > 8 ? ', …' : ''}${file ? ` -> ${file}` : ''}`,
      );
      outputs.push({
        name,
        dtype: result.dtype,
        shape: result.shape,
        file: file ?? null,
        ...(file ? {} : { data: Array.from(result.data as Float32Array, Number) }),
      });
    }
    terminal.line(terminal.dim(`${latencyMs.toFixed(1)} ms on ${backend.name}, first run`));
    const floatOperations = rows.reduce((sum, row) => sum + row.floatOperations, 0);
    terminal.result({
      model: path,
      backend: backend.name,
      exact: session.exact,
      floatOperations,
      latencyMs,
      outputs,
    });
  } finally {
    await backend.dispose();
  }
}

function parseInput(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw usageError('--input', `--input ${text}: name=file.npy is needed`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** A value's name as a file's: separators of paths become underscores. */
function fileName(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '_').replace(/^\.+/, '_');
}
