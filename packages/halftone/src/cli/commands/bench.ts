import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname } from 'node:path';
import {
  type BenchResult,
  casesFor,
  compareResults,
  comparisonText,
  type Network,
  parseResult,
  regressions,
  runBench,
  toText,
  withRetimed,
} from '@halftone/bench';
import { HalftoneError } from '@halftone/core';
import { type Command, InvalidArgumentError } from 'commander';
import { usageError } from '../../data/data-file.ts';
import { findBackends } from '../bench/backends.ts';
import { networkOf } from '../bench/networks.ts';
import type { Absent, Found } from '../bench/found.ts';
import { findOrtNode, findPeers } from '../bench/peers.ts';
import { CommandFailed } from '../exit.ts';
import { makeFolder, writeAtomically } from '../files.ts';
import { addDataOptions, collect, type DataOptions, openData } from '../options.ts';
import { clearProgress, Terminal } from '../terminal.ts';

interface BenchCommand extends DataOptions {
  readonly ops?: boolean;
  readonly backend?: string[];
  readonly threads?: number[];
  readonly peers?: boolean;
  readonly filter?: RegExp;
  readonly quick?: boolean;
  readonly float?: string;
  readonly data?: string;
  readonly compare?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly commit?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function registerBench(program: Command, signal: AbortSignal): void {
  const command = program
    .command('bench')
    .description('time models, or ops, on every backend that is installed; wrong results get no figure')
    .argument('[model.onnx...]', 'models; the float model of model.int8.onnx is model.onnx beside it')
    .option('--ops', 'time the ops of the conformance catalogue, at the sizes of real networks')
    .option('--backend <name>', 'only this backend: a name, a package, or a path; may be repeated', collect)
    .option('--threads <counts>', 'numbers of threads, as 1,2 (default: one, and one a core)', threadCounts)
    .option('--peers', 'also onnxruntime-node, onnxruntime-web, tfjs and simsimd, where they are installed')
    .option('--filter <pattern>', 'only cases and models that match this regular expression', pattern)
    .option('--quick', 'fewer cases and shorter times: under two minutes')
    .option('--float <model.onnx>', 'the float form of the model')
    .option('--data <path>', 'test data: adds how right the answers are')
    .option('--labels <csv>', 'class index of each file, as lines of file,label')
    .option(
      '--compare <old.json>',
      'compare with an earlier result; exit with 1 where a backend became slower',
    )
    .option('--out <file>', 'write the result as JSON')
    .option('-f, --force', 'overwrite the file of --out')
    .option('--commit <name>', 'version of the source to record')
    .option('--json', 'print the result as JSON')
    .option('-q, --quiet', 'print nothing; the exit code answers');
  addDataOptions(command).addHelpText(
    'after',
    `
Examples:
  halftone bench model.int8.onnx
  halftone bench model.int8.onnx --data test-images/ --labels labels.csv --samples 100
  halftone bench --ops --quick --peers --out before.json
  halftone bench --ops --quick --compare before.json`,
  );
  command.action((models: string[], options: BenchCommand) => bench(models, options, signal));
}

async function bench(models: readonly string[], options: BenchCommand, signal: AbortSignal): Promise<void> {
  const terminal = new Terminal(options);
  checkOptions(models, options);
  const before = options.compare === undefined ? undefined : await readResult(options.compare);
  const counts = options.threads ?? [...new Set([1, availableParallelism()])];
  const { contestants, absent } = await findContestants(options, counts, models.length > 0);
  const networks = await openNetworks(models, options);
  const cases = options.ops ? casesFor(options) : [];
  if (cases.length + networks.length === 0)
    throw usageError('--filter', `--filter ${options.filter?.source} matches no case and no model`);
  const run = async (tasks?: ReadonlySet<string>): Promise<BenchResult> =>
    await runBench({
      contestants: tasks ? contestants.filter(({ kind }) => kind === 'backend') : contestants,
      cases: tasks ? cases.filter(({ id }) => tasks.has(id)) : cases,
      networks: tasks ? networks.filter(({ id }) => tasks.has(id)) : networks,
      quick: options.quick ?? false,
      commit: options.commit,
      signal,
      onProgress: ({ done, total, task }) =>
        terminal.progress(`timing ${done + 1} of ${total}: ${task}${tasks ? ', again' : ''}`),
    });
  let result = withAbsent(await run(), absent);
  let slower: readonly string[] = [];
  if (before) {
    slower = regressions(compareResults(before, result), result);
    // What looks slower is timed again before it is called so.
    for (let attempt = 0; attempt < RETRIES && slower.length > 0; attempt++) {
      result = withRetimed(result, await run(new Set(slower)));
      slower = regressions(compareResults(before, result), result);
    }
  }
  clearProgress();
  if (options.out !== undefined) await writeResult(options.out, result);
  terminal.line(toText(result).trimEnd());
  if (before) terminal.line(`\n${comparisonText(compareResults(before, result)).trimEnd()}`);
  if (options.out !== undefined) terminal.line(`\nwritten to ${options.out}`);
  terminal.result({ ...result });
  if (slower.length > 0) throw new CommandFailed();
}

/** How often figures that look slower are taken again. */
const RETRIES = 2;

function checkOptions(models: readonly string[], options: BenchCommand): void {
  if (models.length === 0 && !options.ops)
    throw usageError('<model.onnx>', 'pass a model, or --ops for a table of ops');
  for (const name of ['float', 'data', 'labels'] as const) {
    if (options[name] !== undefined && models.length !== 1)
      throw usageError(`--${name}`, `--${name} belongs to one model; pass one`);
  }
  if (options.labels !== undefined && options.data === undefined)
    throw usageError('--labels', '--labels needs --data');
  const { out, force } = options;
  if (out !== undefined && !force && existsSync(out))
    throw new HalftoneError('HT_FILE', `${out} exists; pass --force to overwrite it`, { path: out });
}

/** Whole networks run in ONNX Runtime too, where it is installed: users have a choice between it and us. */
async function findContestants(
  { backend, peers }: BenchCommand,
  counts: readonly number[],
  models: boolean,
): Promise<Found> {
  const { contestants, absent } = await findBackends(backend, counts);
  if (peers) {
    const found = await findPeers(counts);
    return {
      contestants: [...contestants, ...found.contestants],
      absent: [...absent, ...found.absent],
    };
  }
  return { contestants: [...contestants, ...(models ? await findOrtNode(counts) : [])], absent };
}

async function openNetworks(models: readonly string[], options: BenchCommand): Promise<readonly Network[]> {
  const { filter, float, data } = options;
  const networks: Network[] = [];
  for (const model of models.filter((path) => !filter || filter.test(basename(path))))
    networks.push(
      await networkOf(model, {
        float,
        openData: data === undefined ? undefined : (graph) => openData(data, graph, model, options),
      }),
    );
  const names = new Set(networks.map(({ id }) => id));
  if (names.size < networks.length)
    throw usageError('<model.onnx>', 'two models have one file name; time them one by one');
  return networks;
}

function withAbsent(result: BenchResult, absent: readonly Absent[]): BenchResult {
  const unavailable = absent.map(({ id, kind, reason }) => ({ id, kind, threads: 1, unavailable: reason }));
  return { ...result, contestants: [...result.contestants, ...unavailable] };
}

async function readResult(path: string): Promise<BenchResult> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new HalftoneError('HT_FILE', `${path} cannot be read; check the path`, { path }, { cause });
  }
  return parseResult(text, path);
}

async function writeResult(path: string, result: BenchResult): Promise<void> {
  await makeFolder(dirname(path));
  await writeAtomically(path, Buffer.from(`${JSON.stringify(result, null, 1)}\n`), true);
}

function threadCounts(text: string): number[] {
  const counts = text.split(',').map(Number);
  if (counts.every((count) => Number.isInteger(count) && count >= 1 && count <= 1024))
    return [...new Set(counts)];
  throw new InvalidArgumentError('integers above 0 are needed, as 1,2');
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
