import { HalftoneError } from '@halftone/core';
import type { BenchResult, TimedCell } from './result.ts';
import type { Timing } from './time.ts';

/** A cell of two results. */
export interface Change {
  readonly task: string;
  readonly contestant: string;
  /** Of peers no change is a regression: it says how much the machine changed. */
  readonly kind: 'backend' | 'peer';
  /** Fastest times, in milliseconds: what others do on the machine only ever adds. */
  readonly before: number;
  readonly after: number;
  /** after / before: 2 is twice as slow. */
  readonly ratio: number;
  /** Ratios from 1 / (1 + band) to 1 + band are noise. */
  readonly band: number;
  readonly verdict: 'same' | 'slower' | 'faster';
}

export interface Comparison {
  readonly changes: readonly Change[];
  /** Cells that had a figure and have none now, or the other way round. */
  readonly lost: readonly { readonly task: string; readonly contestant: string; readonly reason: string }[];
  readonly gained: readonly { readonly task: string; readonly contestant: string }[];
}

/** What two processes differ by, also where each of them is quiet. */
const BASE_BAND = 0.12;
/** Of one sample; of more the root of their number less: how much a scatter of few hides. */
const UNSEEN = 0.15;
const WIDEST_BAND = 0.5;

/** How far apart two timings of the same code may be. */
export function noiseBand(before: Timing, after: Timing): number {
  const scatter = Math.max(before.spread, after.spread);
  const unseen = UNSEEN / Math.sqrt(Math.min(before.samples, after.samples));
  return Math.min(WIDEST_BAND, BASE_BAND + scatter + unseen);
}

/**
 * Compares a result with an older one of the same machine, cell by cell.
 * Throws HT_INVALID_ARGUMENT where they come from different machines, or have no cell in common.
 */
export function compareResults(before: BenchResult, after: BenchResult): Comparison {
  requireOneMachine(before, after);
  const old = timedCells(before);
  const now = timedCells(after);
  const asked = new Set(after.tasks.map(({ id }) => id));
  const columns = new Map(after.contestants.map((contestant) => [contestant.id, contestant]));
  const changes: Change[] = [];
  const lost: { task: string; contestant: string; reason: string }[] = [];
  for (const [key, cell] of old) {
    const { task, contestant } = cell;
    // What was not asked for this time is not lost.
    if (!asked.has(task) || !columns.has(contestant)) continue;
    const then = now.get(key);
    if (then) changes.push(changeOf(cell, then, columns.get(contestant)!.kind));
    else lost.push({ task, contestant, reason: whyNot(after, task, contestant) });
  }
  if (changes.length === 0 && lost.length === 0)
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      'the two results have no cell in common; compare runs of the same cases and backends',
    );
  const gained = [...now]
    .filter(([key]) => !old.has(key))
    .map(([, { task, contestant }]) => ({ task, contestant }));
  return { changes, lost, gained };
}

function changeOf(before: TimedCell, after: TimedCell, kind: Change['kind']): Change {
  const ratio = after.timing.min / before.timing.min;
  const band = noiseBand(before.timing, after.timing);
  return {
    task: after.task,
    contestant: after.contestant,
    kind,
    before: before.timing.min,
    after: after.timing.min,
    ratio,
    band,
    verdict: ratio > 1 + band ? 'slower' : ratio < 1 / (1 + band) ? 'faster' : 'same',
  };
}

/** Cells of backends that are slower past the noise, or have no figure any more. */
export function regressions({ changes, lost }: Comparison, after: BenchResult): readonly string[] {
  const backends = new Set(after.contestants.filter(({ kind }) => kind === 'backend').map(({ id }) => id));
  return [
    ...changes
      .filter(({ kind, verdict }) => kind === 'backend' && verdict === 'slower')
      .map(({ task }) => task),
    ...lost.filter(({ contestant }) => backends.has(contestant)).map(({ task }) => task),
  ];
}

/**
 * A result in which cells that were timed again have the better of both figures, and none where either time was without.
 * Only cells of `again` change.
 */
export function withRetimed(result: BenchResult, again: BenchResult): BenchResult {
  const second = new Map(again.cells.map((cell) => [keyOf(cell), cell]));
  const cells = result.cells.map((cell) => {
    const other = second.get(keyOf(cell));
    if (other === undefined || cell.status !== 'timed') return cell;
    // What went wrong the second time has no figure, however fast the first one was.
    if (other.status !== 'timed') return other;
    return other.timing.min < cell.timing.min ? other : cell;
  });
  return { ...result, cells, seconds: result.seconds + again.seconds };
}

function requireOneMachine(before: BenchResult, after: BenchResult): void {
  const machine = ({ environment: { cpu, platform, arch, gpu } }: BenchResult): string =>
    [cpu.model ?? 'unknown CPU', `${cpu.cores} cores`, platform, arch, gpu?.renderer ?? ''].join(', ');
  const [then, now] = [machine(before), machine(after)];
  if (then === now) return;
  throw new HalftoneError(
    'HT_INVALID_ARGUMENT',
    `the older result is of another machine (${then}; this one is ${now}); make one here and compare with that`,
    { before: then, after: now },
  );
}

function timedCells({ cells }: BenchResult): ReadonlyMap<string, TimedCell> {
  return new Map(cells.flatMap((cell) => (cell.status === 'timed' ? [[keyOf(cell), cell] as const] : [])));
}

function keyOf({ task, contestant }: { readonly task: string; readonly contestant: string }): string {
  return JSON.stringify([task, contestant]);
}

function whyNot({ cells, contestants }: BenchResult, task: string, contestant: string): string {
  const cell = cells.find((one) => one.task === task && one.contestant === contestant);
  if (cell && cell.status !== 'timed') return `${cell.status}: ${cell.reason}`;
  return contestants.find(({ id }) => id === contestant)?.unavailable ?? 'it was not run';
}
