// Results for people: one table, and what stands behind its gaps.
import { exp, log } from '@halftone/core';
import type { Comparison } from './compare-results.ts';
import type { BenchResult, Cell, ContestantInfo, TaskInfo, TimedCell } from './result.ts';

/** A time with three digits and its unit. */
export function formatTime(ms: number): string {
  const [value, unit] =
    ms >= 1000 ? [ms / 1000, 's'] : ms >= 1 ? [ms, 'ms'] : ms >= 0.001 ? [ms * 1000, 'us'] : [ms * 1e6, 'ns'];
  return `${threeDigits(value)} ${unit}`;
}

function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Operations, or bytes, a second. */
export function formatRate(ms: number, { work }: TaskInfo): string {
  if (!work) return '';
  const [amount, units] =
    work.operations > 0 ? [work.operations, ['GOP/s', 'TOP/s']] : [work.bytes, ['GB/s', 'TB/s']];
  const giga = amount / ms / 1e6;
  return giga >= 1000 ? `${threeDigits(giga / 1000)} ${units[1]}` : `${threeDigits(giga)} ${units[0]}`;
}

/** A ratio as people say it: 2.1x, 0.03x. */
export function formatRatio(ratio: number): string {
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio >= 0.1 ? ratio.toFixed(2) : ratio.toPrecision(2)}x`;
}

/** Columns as wide as their widest cells; all but the first stand right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** The tables of a result, with a line for each gap and each difference. */
export function toText(result: BenchResult): string {
  const { environment, engine, contestants, settings } = result;
  const { cpu } = environment;
  const notes = new Map<string, string[]>();
  return [
    `${environment.runtime}, ${cpu.model ?? 'unknown CPU'}, ${cpu.cores} cores${result.commit ? `, commit ${shortCommit(result.commit)}` : ''}`,
    `medians of one run, ${settings.rounds} rounds turn by turn; the engine itself: ${formatTime(engine.runMs)} a run, ${formatTime(engine.fencedMs)} with the wait for its end`,
    ...contestants.map(legend),
    '',
    ...tableOf(result, 'op', notes),
    ...tableOf(result, 'network', notes),
    ...[...notes].map(
      ([note, ids]) => `${note}  ${ids.length === 1 ? ids[0] : `${ids.length} rows, ${ids[0]} the first`}`,
    ),
    ...accuracies(result),
    ...means(result),
    '',
  ].join('\n');
}

/** Twelve digits tell commits apart; a + says that files were changed since. */
function shortCommit(commit: string): string {
  return commit.length > 13 ? `${commit.slice(0, 12)}${commit.endsWith('+') ? '+' : ''}` : commit;
}

/** Who took part: version, and what computes. */
function legend({ id, version, device, threads, unavailable }: ContestantInfo): string {
  if (unavailable !== undefined) return `not run  ${id}: ${unavailable}`;
  const facts = [
    version,
    device,
    threads > 1 && !device?.includes('thread') ? `${threads} threads` : undefined,
  ];
  return `${id}: ${facts.filter(Boolean).join(', ') || 'networks alone'}`;
}

/** Rows of one kind, with the columns that have anything to say of them. */
function tableOf({ tasks, contestants, cells }: BenchResult, kind: TaskInfo['kind'], notes: Notes): string[] {
  const rows = tasks.filter((task) => task.kind === kind);
  const names = new Set(rows.map(({ id }) => id));
  const mine = cells.filter(({ task }) => names.has(task));
  const columns = contestants.filter(({ id }) => mine.some(({ contestant }) => contestant === id));
  if (columns.length === 0) return [];
  const ops = kind === 'op';
  const floats = new Set(columns.flatMap(({ id, form }) => (form === 'float' ? [id] : [])));
  const body = rows.map((task) => {
    const row = columns.map(({ id }) => mine.find((cell) => cell.task === task.id && cell.contestant === id));
    const [best] = row
      .filter((cell): cell is TimedCell => cell?.status === 'timed')
      .sort((a, b) => a.timing.median - b.timing.median);
    const rate = best ? formatRate(best.timing.median, task) : '';
    const share = best?.limit ? `${((100 * best.limit.ms) / best.timing.median).toFixed(0)} %` : '';
    return [
      nameOf(task.id),
      ...row.map((cell) => mark(cell, cell === best, floats, notes)),
      ...(ops ? [rate, share] : []),
    ];
  });
  const header = ['', ...columns.map(({ id }) => id), ...(ops ? ['best', 'of limit'] : [])];
  return [...table([header, ...body]), ''];
}

/** What is said below the tables, and of which rows. */
type Notes = Map<string, string[]>;

/** A row's name, shorter. */
function nameOf(task: string): string {
  return task.replace('/large/', ' ');
}

function mark(cell: Cell | undefined, best: boolean, floats: ReadonlySet<string>, notes: Notes): string {
  if (cell === undefined) return '';
  const note = (text: string): void => {
    notes.set(text, [...(notes.get(text) ?? []), nameOf(cell.task)]);
  };
  if (cell.status !== 'timed') {
    if (cell.status !== 'refused') note(`${cell.status.toUpperCase()}  ${cell.contestant}: ${cell.reason}`);
    return cell.status === 'refused' ? '-' : cell.status.toUpperCase();
  }
  const { difference } = cell;
  const agreement = floats.has(cell.contestant) ? undefined : cell.agreement;
  if (difference)
    note(
      `~  ${cell.contestant} differs in ${difference.wrong} of ${difference.count} elements, by ${Number(difference.largest.toPrecision(3))} at most:`,
    );
  else if (agreement && agreement.bitEqual < 1)
    note(
      `~  ${cell.contestant} agrees with the reference in ${(100 * agreement.bitEqual).toFixed(1)} % of outputs${agreement.sqnrDb === undefined ? '' : `, ${agreement.sqnrDb.toFixed(1)} dB`}:`,
    );
  const differs = difference ?? (agreement && agreement.bitEqual < 1);
  return `${best ? '*' : ''}${differs ? '~' : ''}${formatTime(cell.timing.median)}`;
}

/** How good the answers of each contestant were, network by network. */
function accuracies({ cells }: BenchResult): string[] {
  return cells.flatMap((cell) => {
    if (cell.status !== 'timed' || cell.accuracy === undefined) return [];
    const { samples, labelled, top1, sqnrDb } = cell.accuracy;
    const right =
      labelled !== undefined && top1 !== undefined
        ? [`${top1} of ${labelled} right (${((100 * top1) / labelled).toFixed(1)} %)`]
        : [];
    const close = sqnrDb === undefined ? [] : [`${sqnrDb.toFixed(1)} dB against the float model`];
    return [
      `${cell.task}  ${cell.contestant}: ${[...right, ...close].join(', ') || 'equal to the float model'}, on ${samples} samples`,
    ];
  });
}

/** Each backend against each peer, over the tasks that both have figures for. */
function means({ contestants, cells }: BenchResult): string[] {
  const timed = (id: string): Map<string, number> =>
    new Map(
      cells.flatMap((cell) =>
        cell.contestant === id && cell.status === 'timed' ? [[cell.task, cell.timing.median]] : [],
      ),
    );
  const peers = contestants.filter(({ kind, form }) => kind === 'peer' && form !== 'float');
  return contestants
    .filter(({ kind }) => kind === 'backend')
    .flatMap((backend) =>
      peers.flatMap((peer) => {
        if (backend.threads !== peer.threads) return [];
        const theirs = timed(peer.id);
        const ratios = [...timed(backend.id)].flatMap(([task, ms]) =>
          theirs.has(task) ? [theirs.get(task)! / ms] : [],
        );
        if (ratios.length === 0) return [];
        return [
          `${backend.id} against ${peer.id}: ${formatRatio(geometricMean(ratios))} its speed, geometric mean of ${ratios.length}`,
        ];
      }),
    );
}

/** The number whose multiple by itself is the product of all. */
function geometricMean(ratios: readonly number[]): number {
  return exp(ratios.reduce((sum, ratio) => sum + log(ratio), 0) / ratios.length);
}

/** What changed, cell by cell: first what is slower, then what is faster; what stayed the same is counted. */
export function comparisonText({ changes, lost, gained }: Comparison): string {
  const line = (word: string): string[] =>
    changes
      .filter(({ verdict }) => verdict === word)
      .sort((a, b) => b.ratio - a.ratio)
      .map(
        ({ task, contestant, before, after, ratio, band, kind }) =>
          `${word}  ${nameOf(task)}  ${contestant}${kind === 'peer' ? ' (a peer)' : ''}: ${formatTime(before)} -> ${formatTime(after)}, ${formatRatio(ratio)} the time; noise is up to ${formatRatio(1 + band)}`,
      );
  const same = changes.filter(({ verdict }) => verdict === 'same').length;
  return [
    ...line('slower'),
    ...line('faster'),
    ...lost.map(({ task, contestant, reason }) => `lost  ${nameOf(task)}  ${contestant}: ${reason}`),
    ...gained.map(({ task, contestant }) => `new  ${nameOf(task)}  ${contestant}`),
    `${same} of ${changes.length} figures are the same within the noise`,
    '',
  ].join('\n');
}
