import { isHalftoneError } from '@halftone/core';
import { CommanderError } from 'commander';

/** Exit codes of every command of the project. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, unsupported: 3, interrupted: 130 } as const;

/** Ends a command after it has printed what it found: a limit was passed, a check failed. */
export class CommandFailed extends Error {}

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown, interrupted: boolean): number {
  if (interrupted) return exitCodes.interrupted;
  // Commander's own code is 1 for a wrong command line; --help and --version throw with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (!isHalftoneError(error)) return exitCodes.failed;
  // What the command passes on comes from its options: a value out of their domain is wrong usage.
  if (error.code === 'HT_INVALID_ARGUMENT') return exitCodes.usage;
  if (error.code === 'HT_UNSUPPORTED' || error.code === 'HT_UNAVAILABLE') return exitCodes.unsupported;
  return exitCodes.failed;
}
