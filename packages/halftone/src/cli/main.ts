#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { isHalftoneError } from '@halftone/core';
import { registerBackends } from './commands/backends.ts';
import { registerBench } from './commands/bench.ts';
import { registerCheck } from './commands/check.ts';
import { registerCompare } from './commands/compare.ts';
import { registerInspect } from './commands/inspect.ts';
import { registerQuantize } from './commands/quantize.ts';
import { registerRun } from './commands/run.ts';
import { registerWorked } from './commands/worked.ts';
import { CommandFailed, exitCodeOf, exitCodes } from './exit.ts';
import { clearProgress } from './terminal.ts';

const interruption = new AbortController();
const version = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

const program = new Command('halftone')
  .description('Quantize ONNX models, prove what it cost, and run them with exact integers. No Python.')
  .version(version)
  .showHelpAfterError('(see --help)')
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText(
    'after',
    `
Exit codes: 0 done, 1 failed or past a limit, 2 wrong usage, 3 not supported or not available, 130 interrupted`,
  );

registerQuantize(program, interruption.signal);
registerCompare(program, interruption.signal);
registerBench(program, interruption.signal);
registerRun(program);
registerCheck(program, interruption.signal);
registerInspect(program);
registerBackends(program);
registerWorked(program);

process.on('SIGINT', () => {
  // The second time, whatever is running does not listen.
  if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
  interruption.abort(new Error('interrupted'));
});
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as head may close the pipe early: the files and the exit code are still wanted.
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error, interruption.signal.aborted);
  report(error);
}

function report(error: unknown): void {
  clearProgress();
  if (error instanceof CommanderError || error instanceof CommandFailed) return;
  if (interruption.signal.aborted) console.error('halftone: interrupted; nothing was left half-written');
  else if (isHalftoneError(error)) console.error(`halftone: ${error.message} (${error.code})`);
  else console.error('halftone: this is a bug; please report it with the command and this trace:\n', error);
}
