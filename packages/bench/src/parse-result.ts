import { HalftoneError } from '@halftone/core';
import { type BenchResult, RESULT_SCHEMA } from './result.ts';
import { anyObject, boolean, byMember, list, number, object, oneOf, type Shape, text } from './shape.ts';

const name = text(1000);
const ms = number(0);
const count = number(0, Number.MAX_SAFE_INTEGER);
const share = number(0, 1);

const environment = object({
  runtime: name,
  platform: name,
  arch: name,
  cpu: object({ 'model?': name, cores: number(1, 100_000), flags: list(name, 1000) }),
  'memoryBytes?': count,
  'gpu?': object({ renderer: name, software: boolean }),
});

const timing = object({
  min: ms,
  median: ms,
  p90: ms,
  spread: number(0),
  samples: number(1),
  batch: number(1),
  turns: list(ms, 10_000),
});

const cell: Record<string, Shape> = { task: name, contestant: name };
const untimed = object({ ...cell, reason: text() });

const result = object({
  date: name,
  'commit?': name,
  environment,
  limits: object({
    'clockGhz?': number(0),
    copy: list(object({ bytes: count, bytesPerSecond: number(0) }), 1000),
  }),
  settings: object({ quick: boolean, rounds: number(1), budgetMs: ms, sampleMs: ms }),
  engine: object({ runMs: ms, fencedMs: ms, clockStepMs: ms }),
  contestants: list(
    object({
      id: name,
      kind: oneOf('backend', 'peer'),
      'version?': name,
      threads: number(1, 100_000),
      'form?': oneOf('float'),
      'device?': name,
      'options?': anyObject,
      'unavailable?': text(),
    }),
    1000,
  ),
  tasks: list(
    object({
      id: name,
      kind: oneOf('op', 'network'),
      'op?': name,
      'spec?': anyObject,
      'work?': object({ operations: count, bytes: count }),
    }),
  ),
  cells: list(
    byMember('status', {
      timed: object({
        ...cell,
        'variant?': name,
        'phases?': object({ pack: ms, firstRun: ms, 'upload?': ms, 'read?': ms }),
        timing,
        'limit?': object({ ms, by: oneOf('compute', 'memory'), 'unit?': name }),
        'difference?': object({ output: name, wrong: count, count, largest: number(0) }),
        'agreement?': object({ bitEqual: share, 'sqnrDb?': number() }),
        'accuracy?': object({ samples: count, 'labelled?': count, 'top1?': count, 'sqnrDb?': number() }),
      }),
      refused: untimed,
      wrong: untimed,
      failed: untimed,
    }),
  ),
  seconds: number(0),
});

/**
 * Reads a result: its text, or what JSON.parse made of it. `source` names it in errors.
 * Throws HT_DATA_INVALID with the place of what is no result of this version.
 */
export function parseResult(input: unknown, source = 'result'): BenchResult {
  let value: unknown = input;
  try {
    if (typeof input === 'string') value = JSON.parse(input);
    object({ schema: text() })(value, '');
    const { schema } = value as { schema: string };
    if (schema !== RESULT_SCHEMA)
      throw new TypeError(`schema: ${JSON.stringify(schema.slice(0, 60))} is not ${RESULT_SCHEMA}`);
    result(value, '');
    checkNames(value as BenchResult);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HalftoneError(
      'HT_DATA_INVALID',
      `${source} is no benchmark result: ${reason}; a result comes from halftone bench --out`,
      { source },
      { cause },
    );
  }
  return value as BenchResult;
}

/** Every cell belongs to a row and a column, and to no two alike. */
function checkNames({ tasks, contestants, cells }: BenchResult): void {
  const rows = unique('tasks', tasks);
  const columns = unique('contestants', contestants);
  const seen = new Set<string>();
  for (const [i, { task, contestant }] of cells.entries()) {
    if (!rows.has(task)) throw new TypeError(`cells[${i}].task: there is no task of this name`);
    if (!columns.has(contestant))
      throw new TypeError(`cells[${i}].contestant: there is no contestant of this name`);
    const key = JSON.stringify([task, contestant]);
    if (seen.has(key)) throw new TypeError(`cells[${i}]: a second cell of this task and contestant`);
    seen.add(key);
  }
}

function unique(place: string, entries: readonly { readonly id: string }[]): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const [i, { id }] of entries.entries()) {
    if (ids.has(id)) throw new TypeError(`${place}[${i}].id: a second entry of this name`);
    ids.add(id);
  }
  return ids;
}
