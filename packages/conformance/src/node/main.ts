#!/usr/bin/env node
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHalftoneError } from '@halftone/core';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { allCases } from '../cases/index.ts';
import { largeCases } from '../cases/large.ts';
import type { ExplainedFailure, Report } from '../report.ts';
import { toJUnit } from '../reports/junit.ts';
import { toMarkdown } from '../reports/markdown.ts';
import { toText } from '../reports/text.ts';
import { nameOf } from '../run-case.ts';
import { runSuite } from '../suite.ts';
import { resolveProvider } from './resolve-provider.ts';

/** Exit codes, as of every command of the project. */
const exitCodes = { ok: 0, failed: 1, usage: 2, unavailable: 3, interrupted: 130 } as const;

interface Options {
  readonly options?: object;
  readonly grep?: RegExp;
  readonly tier?: 'required' | 'derived' | 'float';
  readonly mode: 'test' | 'support';
  readonly fuzz?: number;
  readonly seed: number;
  readonly large?: boolean;
  readonly report: readonly Format[];
  readonly out: string;
  readonly bail?: boolean;
  readonly list?: boolean;
}

type Format = 'json' | 'md' | 'junit';
const formats: readonly string[] = ['json', 'md', 'junit'];

const version = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

const interruption = new AbortController();
process.on('SIGINT', () => {
  if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
  interruption.abort(new Error('interrupted'));
});

const program = new Command('conformance')
  .description('Asks a backend of Halftone whether it is correct.')
  .version(version)
  .argument('[module]', 'a backend: the path of its module, or an installed package')
  .option('--options <json>', 'options of the backend, instead of the variants that it names', jsonObject)
  .option('--grep <pattern>', 'only cases and laws (law/<name>) that match this regular expression', pattern)
  .addOption(
    new Option('--tier <tier>', 'only ops up to this tier').choices(['required', 'derived', 'float']),
  )
  .addOption(
    new Option('--mode <mode>', 'support: ask supports() alone, run nothing')
      .choices(['test', 'support'])
      .default('test'),
  )
  .option('--fuzz <count>', 'draw this many cases besides; failures are made as small as they get', count)
  .option('--seed <number>', 'seed of --fuzz', count, 1)
  .option('--large', 'also the large cases, of the sizes of real networks, that benchmarks time')
  .option('--report <formats>', 'write conformance.json, .md, .junit.xml: json,md,junit', formatList, [])
  .option('--out <folder>', 'where reports are written', '.')
  .option('--bail', 'stop at the first failure')
  .option('--list', 'print the names of the cases, and run nothing')
  .showHelpAfterError('(see --help)')
  .exitOverride()
  .addHelpText(
    'after',
    `
Exit codes: 0 complete or partial, 1 failed, 2 wrong usage, 3 not available here, 130 interrupted`,
  )
  .action(run);

/** What is being asked; undefined while nothing is. */
let asking: string | undefined;

// Where a promise of the backend never settles, nothing is left to do: Node ends without a word.
process.on('exit', () => {
  if (asking === undefined) return;
  console.error(`conformance: ${asking}: a promise of the backend never settles`);
  process.exitCode = exitCodes.failed;
});

try {
  await program.parseAsync();
} catch (error) {
  asking = undefined;
  process.exitCode = codeOf(error);
  if (interruption.signal.aborted) console.error('conformance: interrupted');
  else if (isHalftoneError(error)) console.error(`conformance: ${error.message} (${error.code})`);
  else if (!(error instanceof CommanderError))
    console.error('conformance: this is a bug; please report it:\n', error);
}

function codeOf(error: unknown): number {
  if (interruption.signal.aborted) return exitCodes.interrupted;
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (isHalftoneError(error, 'HT_INVALID_ARGUMENT')) return exitCodes.usage;
  return isHalftoneError(error, 'HT_UNAVAILABLE') ? exitCodes.unavailable : exitCodes.failed;
}

async function run(module: string | undefined, options: Options): Promise<void> {
  if (options.list) {
    const listed = [...allCases(), ...(options.large ? largeCases() : [])];
    for (const { id } of listed) if (!options.grep || options.grep.test(id)) console.log(id);
    return;
  }
  if (module === undefined) return program.error('error: a module is needed');
  const provider = await resolveProvider(module, process.cwd());
  const live = process.stderr.isTTY === true && process.env['CI'] === undefined;
  asking = 'opening it';
  const report = await runSuite(provider, {
    options: options.options,
    grep: options.grep,
    tier: options.tier,
    mode: options.mode,
    bail: options.bail,
    large: options.large,
    fuzz: options.fuzz === undefined ? undefined : { count: options.fuzz, seed: options.seed },
    signal: interruption.signal,
    onStart: (name) => {
      asking = name;
    },
    onProgress: ({ variant, name }) => {
      if (live) process.stderr.write(`\r\x1b[2K${variant}: ${name}`);
    },
  });
  asking = undefined;
  if (live) process.stderr.write('\r\x1b[2K');
  process.stdout.write(toText(report, (failure) => repeatLine(module, options, failure)));
  writeReports(report, options);
  if (report.verdict === 'failed') process.exitCode = exitCodes.failed;
}

function repeatLine(module: string, { options, fuzz, seed }: Options, failure: ExplainedFailure): string {
  const large = failure.case.includes('/large/') ? ' --large' : '';
  const drawn = failure.case.includes('/fuzz-') ? ` --fuzz ${fuzz} --seed ${seed}` : large;
  const given = options === undefined ? '' : ` --options '${JSON.stringify(options)}'`;
  return `npx @halftone/conformance ${module}${given}${drawn} --grep '^${failure.case.replaceAll(/[.+*?()[\]{}|\\^$]/g, '\\$&')}$'`;
}

function writeReports(report: Report, { report: wanted, out }: Options): void {
  if (wanted.length === 0) return;
  mkdirSync(out, { recursive: true });
  const environment = {
    runtime: `Node ${process.versions.node}`,
    platform: `${process.platform} ${process.arch}`,
  };
  const texts: { readonly [F in Format]: () => readonly [file: string, text: string] } = {
    json: () => [
      'conformance.json',
      `${JSON.stringify({ ...report, suite: version, environment, date: new Date().toISOString() }, finite, 2)}\n`,
    ],
    md: () => ['conformance.md', toMarkdown(report)],
    junit: () => ['conformance.junit.xml', toJUnit(report)],
  };
  for (const format of wanted) {
    const [file, text] = texts[format]();
    writeFileSync(join(out, file), text);
  }
}

// JSON has no infinities and no NaN.
function finite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function jsonObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(nameOf(error));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new InvalidArgumentError('a JSON object is needed');
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(nameOf(error));
  }
}

function count(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('an integer of 0 or more is needed');
}

function formatList(text: string): Format[] {
  const list = text.split(',');
  const wrong = list.find((format) => !formats.includes(format));
  if (wrong !== undefined) throw new InvalidArgumentError(`'${wrong}' is none of ${formats.join(', ')}`);
  return list as Format[];
}
