import {
  type Backend,
  type BackendDriver,
  type BackendStats,
  catalogue,
  type DeviceTensor,
  type PreparedOp,
  type Tensor,
} from '@halftone/core';
import type { Case } from '../case.ts';
import { operandsOf, resultsOf } from '../operands.ts';

/** What a law holds a backend to. */
export interface LawContext {
  /** Opens another instance with the same options; the law disposes it. */
  open(): Promise<Backend>;
  /** The same, without the layer that checks calls: what authors write. The law disposes it. */
  readonly driver: () => Promise<BackendDriver>;
  /** One case of each op that the backend itself has: the largest ordinary one that is still small. */
  readonly cases: readonly Case[];
}

/** A rule of the contract that every backend keeps, whatever it computes. */
export interface Law {
  readonly name: string;
  /** The rule, in a sentence. */
  readonly rule: string;
  /** Throws a `Violation` where the backend breaks the rule. */
  readonly check: (context: LawContext) => Promise<void>;
}

/** A broken rule: what was done and what came of it. */
export class Violation extends Error {
  /** The case that it showed on. */
  readonly case: string | undefined;

  constructor(message: string, item?: Case) {
    super(item ? `${item.id}: ${message}` : message);
    this.name = 'Violation';
    this.case = item?.id;
  }
}

export function require(condition: boolean, message: string, item?: Case): asserts condition {
  if (!condition) throw new Violation(message, item);
}

/** Requires that every counter is where it was. */
export function requireBack(before: BackendStats, now: BackendStats, when: string): void {
  for (const counter of ['liveTensors', 'liveBytes', 'packedBytes'] as const)
    require(now[counter] ===
      before[counter], `${counter} is ${now[counter]} ${when}, it was ${before[counter]}`);
}

/** The same spec with other operands. */
export function another(item: Case): Case {
  return { ...item, id: `${item.id}/another` };
}

/** An op with its operands in the memory of a backend. */
export interface Staged {
  readonly prepared: PreparedOp;
  readonly io: Readonly<Record<string, DeviceTensor>>;
  readonly outputs: readonly string[];
  readonly operands: Readonly<Record<string, Tensor>>;
  /** Frees the op and every tensor. */
  dispose(): void;
}

/**
 * Uploads the operands of a case, allocates its results and prepares its op; nothing has run. `between` is called after
 * each tensor.
 */
export function stage(backend: Backend, item: Case, between: () => void = () => {}): Staged {
  const operands = operandsOf(item);
  const results = resultsOf(item);
  const io: Record<string, DeviceTensor> = {};
  for (const name in operands) {
    io[name] = backend.upload(operands[name]!);
    between();
  }
  for (const name in results) {
    io[name] = backend.alloc(results[name]!);
    between();
  }
  const prepared = backend.prepare(item.op, item.spec);
  return {
    prepared,
    io,
    outputs: Object.keys(results),
    operands,
    dispose() {
      prepared.dispose();
      for (const name in io) io[name]!.dispose();
    },
  };
}

/** The operands of a case that its op may pack. */
export function packableOf({ op }: Case): readonly string[] {
  return catalogue[op].packable ?? [];
}

/** Operands without those that were handed over when the op was prepared. */
export function without<T>(io: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(io).filter(([name]) => !names.includes(name)));
}

/** The results of a staged op, read back; all reads are enqueued before the first is waited for. */
export async function readAll(backend: Backend, { io, outputs }: Staged): Promise<Record<string, Tensor>> {
  const reads = outputs.map(async (name) => [name, await backend.read(io[name]!)] as const);
  return Object.fromEntries(await Promise.all(reads));
}

/** True where both hold the same elements, to the bit; NaN is NaN. */
export function sameTensor(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || a.data.length !== b.data.length) return false;
  for (let i = 0; i < a.data.length; i++) if (!Object.is(a.data[i], b.data[i])) return false;
  return true;
}

export function sameResults(
  a: Readonly<Record<string, Tensor>>,
  b: Readonly<Record<string, Tensor>>,
): boolean {
  return Object.keys(a).every((name) => sameTensor(a[name]!, b[name]!));
}

/** Runs `work` on an instance of its own. */
export async function withBackend<T>(
  context: LawContext,
  work: (backend: Backend) => Promise<T>,
): Promise<T> {
  const backend = await context.open();
  try {
    return await work(backend);
  } finally {
    await backend.dispose();
  }
}
