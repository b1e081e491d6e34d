import { basename } from 'node:path';
import { type Backend, HalftoneError, isHalftoneError, openBackend } from '@halftone/core';
import { GraphSession } from '@halftone/graph';
import type { Command } from 'commander';
import { findTestFolders, readTestSet, type TestFolder } from '../../data/test-sets.ts';
import { type Mismatch, mismatch } from '../../evaluate/conformity.ts';
import { backendByName } from '../backends.ts';
import { CommandFailed } from '../exit.ts';
import { backendOption } from '../options.ts';
import { loadModel } from '../load-model.ts';
import { Terminal } from '../terminal.ts';

interface CheckCommand {
  readonly backend: string;
  readonly json?: boolean;
}

interface Verdict {
  readonly name: string;
  readonly path: string;
  readonly passed: boolean;
  readonly sets: number;
  readonly reason?: string;
  readonly mismatches?: readonly Mismatch[];
}

export function registerCheck(program: Command, signal: AbortSignal): void {
  program
    .command('check')
    .description('run ONNX test folders (model.onnx, test_data_set_*) and compare the results')
    .argument('<folder...>', 'test folders, or parents of test folders')
    .addOption(backendOption().default('reference'))
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nIntegers must be equal, floats within a relative 1e-3 and an absolute 1e-4.')
    .action((folders: string[], options: CheckCommand) => check(folders, options, signal));
}

async function check(folders: readonly string[], options: CheckCommand, signal: AbortSignal): Promise<void> {
  const terminal = new Terminal(options);
  const tests: TestFolder[] = [];
  for (const folder of folders) tests.push(...(await findTestFolders(folder)));
  const backend = await openBackend(await backendByName(options.backend));
  const verdicts: Verdict[] = [];
  try {
    for (const test of tests) {
      signal.throwIfAborted();
      const verdict = await judge(test, backend);
      verdicts.push(verdict);
      terminal.line(
        `${verdict.passed ? 'ok  ' : 'FAIL'} ${verdict.name}${verdict.reason ? `: ${verdict.reason}` : ''}`,
      );
    }
  } finally {
    await backend.dispose();
  }
  const failed = verdicts.filter((verdict) => !verdict.passed).length;
  terminal.line(`\n${verdicts.length - failed} of ${verdicts.length} passed on ${options.backend}`);
  terminal.result({ backend: options.backend, passed: verdicts.length - failed, failed, tests: verdicts });
  if (failed > 0) throw new CommandFailed();
}

async function judge(test: TestFolder, backend: Backend): Promise<Verdict> {
  const name = basename(test.path);
  const base = { name, path: test.path, sets: test.sets.length };
  try {
    if (test.model === undefined)
      throw new HalftoneError('HT_DATA_INVALID', `${test.path} has no model.onnx`, { path: test.path });
    const graph = await loadModel(test.model);
    const names = {
      inputs: graph.inputs.map((input) => input.name),
      outputs: graph.outputs.map((output) => output.name),
    };
    const session = new GraphSession(graph, { backends: [backend] });
    const mismatches: Mismatch[] = [];
    for (const set of test.sets) {
      const { feeds, outputs } = await readTestSet(set, names);
      if (Object.keys(outputs).length === 0)
        throw new HalftoneError('HT_DATA_INVALID', `${set.path} has no output_0.pb to compare with`, {
          path: set.path,
        });
      const results = await session.run(feeds);
      for (const [output, expected] of Object.entries(outputs)) {
        const wrong = mismatch(output, expected, results[output]);
        if (wrong) mismatches.push(wrong);
      }
    }
    await session.dispose();
    const [first] = mismatches;
    return first
      ? { ...base, passed: false, reason: `output ${first.output} ${first.reason}`, mismatches }
      : { ...base, passed: true };
  } catch (error) {
    if (!isHalftoneError(error)) throw error;
    return { ...base, passed: false, reason: error.message };
  }
}
