// Runs one row of the benchmark: opens every contestant, lets in those that are right, times them together.
import { type Backend, isHalftoneError } from '@halftone/core';
import type { Contestant } from './contestant.ts';
import { type Difference, OpRun, type Task } from './op-run.ts';
import type { Cell, TimedCell } from './result.ts';
import { timeInterleaved, type TimeSettings, type Subject } from './time.ts';

/** A contestant that is ready to take part in a row. */
export interface Entrant {
  readonly contestant: Contestant;
  readonly subject: Subject;
  /** What a timed cell says beside its times. */
  readonly facts: Pick<TimedCell, 'variant' | 'phases' | 'difference' | 'agreement' | 'accuracy'>;
  /** Called after the timing: why the figures do not count, where they do not. */
  recheck(): Promise<string | undefined>;
  dispose(): Promise<void>;
}

/** Times entrants together; those whose later runs went wrong get no figures. */
export async function contest(
  task: string,
  entrants: readonly Entrant[],
  settings: TimeSettings,
  signal?: { throwIfAborted(): void },
): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  const timings = await timeInterleaved(
    entrants.map(({ subject }) => subject),
    settings,
    signal,
  );
  for (const [place, entrant] of entrants.entries()) {
    const { contestant, facts } = entrant;
    const reason = await entrant.recheck();
    const cell = { task, contestant: contestant.id };
    cells.push(
      reason === undefined
        ? { ...cell, status: 'timed', ...facts, timing: timings[place]! }
        : { ...cell, status: 'wrong', reason },
    );
  }
  return cells;
}

/** Opens a contestant at a case, or says why it gets no figures. */
export async function enterOp(contestant: Contestant, backend: Backend, task: Task): Promise<Entrant | Cell> {
  const { item } = task;
  const without = (status: 'refused' | 'wrong' | 'failed', reason: string): Cell => ({
    task: item.id,
    contestant: contestant.id,
    status,
    reason,
  });
  let run: OpRun;
  try {
    const supported = backend.supports(item.op, item.spec);
    if (supported !== true) return without('refused', supported.reason);
    run = await OpRun.open(backend, task);
  } catch (error) {
    return without('failed', reasonOf(error));
  }
  // A peer that rounds in another way does the same work; one that is farther off does other work.
  const mayDiffer = contestant.kind === 'peer';
  const wrongNow = (): Difference | undefined => {
    const difference = run.difference();
    return difference && !(mayDiffer && run.isSlight(difference)) ? difference : undefined;
  };
  const wrong = wrongNow();
  if (wrong) {
    run.dispose();
    return without('wrong', describe(wrong));
  }
  const difference = run.difference();
  return {
    contestant,
    subject: run,
    facts: { variant: run.variant, phases: run.phases, ...(difference ? { difference } : {}) },
    async recheck() {
      await run.reread();
      const later = wrongNow();
      return later && `a later run went wrong: ${describe(later)}`;
    },
    async dispose() {
      run.dispose();
    },
  };
}

/** How far results are from the right ones, in words. */
function describe({ output, wrong, count, largest }: Difference): string {
  return `${wrong} of ${count} elements of ${output} differ, by ${Number(largest.toPrecision(3))} at most`;
}

export function reasonOf(error: unknown): string {
  if (isHalftoneError(error)) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

export function isCell(entry: Entrant | Cell): entry is Cell {
  return 'status' in entry;
}
