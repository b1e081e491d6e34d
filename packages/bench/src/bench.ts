import { type Backend, type BackendProvider, openBackend } from '@halftone/core';
import reference from '@halftone/backend-reference';
import { type Case, oracleOf } from '@halftone/conformance';
import { host } from '#host';
import { casesFor } from './cases.ts';
import { contest, type Entrant, enterOp, isCell, reasonOf } from './contest.ts';
import type { Contestant, Network, NetworkRunner } from './contestant.ts';
import { measureLimits, limitOf } from './limits.ts';
import { enterNetwork, networksOn, referenceOutputs } from './network-run.ts';
import { measureEngine } from './engine-cost.ts';
import { taskOf } from './op-run.ts';
import { type BenchResult, type Cell, type ContestantInfo, RESULT_SCHEMA, type TaskInfo } from './result.ts';
import type { TimeSettings } from './time.ts';
import { workOf } from './work.ts';

/** What to time, and how long. */
export interface BenchOptions {
  readonly contestants: readonly Contestant[];
  /** Default: the large cases, or the quick ones of them. */
  readonly cases?: readonly Case[];
  readonly networks?: readonly Network[];
  /** Fewer cases, shorter times: under two minutes in all. */
  readonly quick?: boolean;
  /** Recorded with the result. */
  readonly commit?: string | undefined;
  /** Called before each row. */
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
    readonly task: string;
  }) => void;
  readonly signal?: { throwIfAborted(): void } | undefined;
}

/** Milliseconds that a quick benchmark spends on timing in all; opening and checking come on top. */
const QUICK_MS = 60_000;

function settingsOf(quick: boolean, cells: number): TimeSettings {
  if (!quick) return { rounds: 10, budgetMs: 1000, sampleMs: 1 };
  return { rounds: 6, budgetMs: Math.min(400, Math.max(60, QUICK_MS / cells)), sampleMs: 0.5 };
}

/** A contestant that is there: its backend is open for the whole benchmark. */
interface Present {
  readonly contestant: Contestant;
  readonly backend: Backend | undefined;
  readonly networks: NetworkRunner | undefined;
}

/** Times contestants on ops and networks, each only after its results were checked. */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const { quick = false, networks = [], signal } = options;
  const cases = options.cases ?? casesFor({ quick });
  const started = performance.now();
  const environment = host.environment();
  const limits = measureLimits(environment);
  const engine = await measureEngine();
  const present: Present[] = [];
  const contestants: ContestantInfo[] = [];
  const judge = await openBackend(reference);
  const cells: Cell[] = [];
  const tasks: TaskInfo[] = [];
  try {
    for (const contestant of options.contestants) {
      const { found, info } = await open(contestant);
      contestants.push(info);
      if (found) present.push(found);
    }
    const rows = cases.length + networks.length;
    const settings = settingsOf(quick, rows * Math.max(1, present.length));
    const row = (task: TaskInfo): void => {
      signal?.throwIfAborted();
      options.onProgress?.({ done: tasks.length, total: rows, task: task.id });
      tasks.push(task);
    };
    for (const item of cases) {
      const work = workOf(item);
      row({ id: item.id, kind: 'op', op: item.op, spec: jsonOf(item.spec), work });
      const task = await taskOf(item, oracleOf(judge));
      const able = present.filter(({ backend }) => backend !== undefined);
      const entries = able.map(
        ({ contestant, backend }) =>
          () =>
            enterOp(contestant, backend!, task),
      );
      for (const cell of await timeRow(item.id, entries, settings, signal)) {
        const limit =
          cell.status === 'timed' &&
          limitOf(work, limits, environment, threadsOf(present, cell.contestant), cell.variant);
        cells.push(limit ? { ...cell, limit } : cell);
      }
    }
    for (const network of networks) {
      row({ id: network.id, kind: 'network' });
      const expected = await referenceOutputs(network);
      const able = present.flatMap(({ contestant, networks: runner }) =>
        runner ? [{ contestant, runner }] : [],
      );
      const entries = able.flatMap(({ contestant, runner }) => [
        () => enterNetwork(contestant, () => runner.open(network), network, expected),
      ]);
      cells.push(...(await timeRow(network.id, entries, settings, signal)));
    }
    return {
      schema: RESULT_SCHEMA,
      date: new Date().toISOString(),
      ...(options.commit === undefined ? {} : { commit: options.commit }),
      environment,
      limits,
      settings: { quick, ...settings },
      engine,
      contestants,
      tasks,
      cells,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    for (const { backend } of present) await backend?.dispose();
    await judge.dispose();
  }
}

async function open(contestant: Contestant): Promise<{ found?: Present; info: ContestantInfo }> {
  const { id, kind, version, threads, form, provider, options, networks } = contestant;
  const info: ContestantInfo = {
    id,
    kind,
    threads,
    ...(version === undefined ? {} : { version }),
    ...(form === undefined ? {} : { form }),
    ...(options === undefined ? {} : { options: jsonOf(options) }),
  };
  try {
    const backend = provider && (await openBackend(provider as BackendProvider, options));
    const runner = networks ?? (backend && kind === 'backend' ? networksOn(backend) : undefined);
    return {
      found: { contestant, backend, networks: runner },
      info: backend ? { ...info, device: backend.device } : info,
    };
  } catch (error) {
    return { info: { ...info, unavailable: reasonOf(error) } };
  }
}

/** Opens one entrant after the other, times those that are right, and closes all of them. */
async function timeRow(
  task: string,
  entries: readonly (() => Promise<Entrant | Cell>)[],
  settings: TimeSettings,
  signal: BenchOptions['signal'],
): Promise<readonly Cell[]> {
  const entrants: Entrant[] = [];
  const without: Cell[] = [];
  try {
    for (const enter of entries) {
      signal?.throwIfAborted();
      const entry = await enter();
      if (isCell(entry)) without.push(entry);
      else entrants.push(entry);
    }
    return [...(await contest(task, entrants, settings, signal)), ...without];
  } finally {
    for (const entrant of entrants) await entrant.dispose();
  }
}

function threadsOf(present: readonly Present[], id: string): number {
  return present.find(({ contestant }) => contestant.id === id)?.contestant.threads ?? 1;
}

/** A copy that JSON can hold: it has no infinities. */
function jsonOf(value: object): Readonly<Record<string, unknown>> {
  const finite = (_: string, entry: unknown): unknown =>
    typeof entry === 'number' && !Number.isFinite(entry) ? String(entry) : entry;
  return JSON.parse(JSON.stringify(value, finite)) as Record<string, unknown>;
}
