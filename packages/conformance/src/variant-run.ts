import {
  type Backend,
  type BackendDriver,
  type BackendProvider,
  catalogue,
  HalftoneError,
  isHalftoneError,
  openBackend,
  type OpName,
  sizeOf,
} from '@halftone/core';
import type { Case } from './case.ts';
import { casesOf } from './cases/index.ts';
import { largeCases } from './cases/large.ts';
import { drawCases, elementsIn, isComputable } from './fuzz.ts';
import { laws } from './laws/index.ts';
import { Violation } from './laws/law.ts';
import { looksLike } from './looks-like.ts';
import { resultsOf } from './operands.ts';
import type { ExplainedFailure, LawReport, OpReport, VariantReport, Verdict } from './report.ts';
import { type Failure, nameOf, type Oracle, type Outcome, runCase } from './run-case.ts';
import { shrink } from './shrink.ts';
import { opsOfTier, type SuiteOptions } from './suite-options.ts';

/** Indices of wrong elements that a report keeps of each failure. */
const INDICES_KEPT = 16;
/** Failures that a report keeps of each op. */
const FAILURES_KEPT = 10;

/** One run over one variant. */
export class VariantRun<Options> {
  asked = 0;
  readonly #provider: BackendProvider<Options>;
  readonly #label: string;
  readonly #chosen: Options | undefined;
  readonly #options: SuiteOptions<Options>;
  readonly #oracle: Oracle;
  /** The oracle without its memory. */
  readonly #fresh: Oracle;
  #drawn: readonly Case[] = [];
  readonly #failures: ExplainedFailure[] = [];

  constructor(
    provider: BackendProvider<Options>,
    label: string,
    chosen: Options | undefined,
    options: SuiteOptions<Options>,
    oracle: Oracle,
    fresh: Oracle,
  ) {
    this.#provider = provider;
    this.#fresh = fresh;
    this.#label = label;
    this.#chosen = chosen;
    this.#options = options;
    this.#oracle = oracle;
  }

  async report(): Promise<VariantReport> {
    const started = Date.now();
    const backend = await this.#open();
    const ops: { [O in OpName]?: OpReport } = {};
    let small: readonly Case[] = [];
    try {
      this.#drawn = await this.#draw(backend);
      small = opsOfTier(this.#options.tier).flatMap((op) => exampleOf(backend, op));
      for (const op of opsOfTier(this.#options.tier)) {
        const report = await this.#op(backend, op);
        if (report) ops[op] = report;
        if (this.#stops) break;
      }
    } finally {
      await backend.dispose();
    }
    const found = this.#options.mode === 'support' || this.#stops ? {} : await this.#laws(small);
    const inherited = opsOfTier('required').some((op) => !backend.has(op));
    const broken = this.#failures.length > 0 || Object.values(found).some(({ passed }) => !passed);
    const verdict: Verdict = broken ? 'failed' : inherited ? 'partial' : 'complete';
    return {
      label: this.#label,
      device: backend.device,
      capabilities: backend.capabilities,
      verdict,
      ops,
      laws: found,
      failures: this.#failures,
      seconds: since(started),
    };
  }

  async #draw(backend: Backend): Promise<readonly Case[]> {
    const { fuzz, grep, tier } = this.#options;
    const ops = opsOfTier(tier).filter((op) => backend.has(op));
    if (fuzz === undefined || ops.length === 0) return [];
    const drawn: Case[] = [];
    for (const item of drawCases(fuzz.count, fuzz.seed, ops))
      if (!grep || grep.test(item.id)) if (await isComputable(item, this.#oracle)) drawn.push(item);
    return drawn;
  }

  get #stops(): boolean {
    return this.#options.bail === true && this.#failures.length > 0;
  }

  async #open(): Promise<Backend> {
    try {
      return await openBackend(this.#provider, this.#chosen);
    } catch (cause) {
      if (isHalftoneError(cause)) throw cause;
      const { name } = this.#provider;
      throw new HalftoneError(
        'HT_BACKEND',
        `${name}: opening it failed: ${nameOf(cause)}`,
        { backend: name },
        { cause },
      );
    }
  }

  #casesOf(op: OpName): readonly Case[] {
    const { grep, large } = this.#options;
    const all = [
      ...(casesOf(op) as readonly Case[]),
      ...(large ? largeCases(op) : []),
      ...this.#drawn.filter((item) => item.op === op),
    ];
    return grep ? all.filter(({ id }) => grep.test(id)) : all;
  }

  /** What a failure says, with its cause where that shows, and for a drawn case its smallest form. */
  async #explain(backend: Backend, item: Case, failure: Failure): Promise<ExplainedFailure> {
    const cause = looksLike(item, failure.mismatch);
    const { mismatch } = failure;
    const explained = {
      ...failure,
      ...(mismatch && { mismatch: { ...mismatch, indices: mismatch.indices.slice(0, INDICES_KEPT) } }),
      ...(cause ? { looksLike: cause } : {}),
    };
    if (!item.tags.includes('fuzz')) return explained;
    const smallest = await shrink(item, async (candidate) => {
      // Its operands differ from those of the case that is remembered under this name.
      const outcome = await attempt(() => runCase(candidate, backend, this.#fresh));
      return outcome?.status === 'failed';
    });
    return { ...explained, smallest: { spec: smallest.spec, inputs: smallest.inputs } };
  }

  async #op(backend: Backend, op: OpName): Promise<OpReport | undefined> {
    const { mode = 'test', signal } = this.#options;
    const own = backend.has(op);
    const counts = { passed: 0, failed: 0 };
    const skipped: Record<string, number> = {};
    const variants = new Set<string>();
    const cases = this.#casesOf(op);
    this.asked += cases.length;
    if (cases.length === 0) return undefined;
    for (const item of own ? cases : []) {
      signal?.throwIfAborted();
      this.#options.onStart?.(item.id);
      const outcome =
        mode === 'support' ? supportOf(backend, item) : await runCase(item, backend, this.#oracle);
      if (outcome.status === 'passed') {
        counts.passed++;
        if (outcome.variant !== '') variants.add(outcome.variant);
      } else if (outcome.status === 'skipped' && !mustSupport(item)) {
        skipped[outcome.reason] = (skipped[outcome.reason] ?? 0) + 1;
      } else {
        const failure =
          outcome.status === 'failed'
            ? outcome.failure
            : {
                case: item.id,
                path: 'call' as const,
                message: `supports() refuses what the required tier needs: ${outcome.reason}`,
              };
        if (counts.failed++ < FAILURES_KEPT) this.#failures.push(await this.#explain(backend, item, failure));
        if (this.#stops) break;
      }
    }
    this.#options.onProgress?.({
      variant: this.#label,
      name: op,
      ...counts,
      skipped: Object.values(skipped).reduce((sum, n) => sum + n, 0),
    });
    return {
      tier: catalogue[op].tier,
      status: own ? 'own' : 'inherited',
      numericClass: backend.capabilities.numericClass[op],
      ...counts,
      skipped,
      variants: [...variants],
    };
  }

  async #laws(cases: readonly Case[]): Promise<Record<string, LawReport>> {
    const found: Record<string, LawReport> = {};
    for (const { name, rule, check } of laws) {
      this.#options.signal?.throwIfAborted();
      if (this.#options.grep && !this.#options.grep.test(`law/${name}`)) continue;
      this.#options.onStart?.(`law/${name}`);
      let message: string | undefined;
      try {
        const driver = (): Promise<BackendDriver> => this.#provider.create(this.#chosen);
        await check({ open: () => this.#open(), driver, cases });
      } catch (error) {
        message = error instanceof Violation ? error.message : `threw ${nameOf(error)}`;
      }
      found[name] = { rule, passed: message === undefined, ...(message === undefined ? {} : { message }) };
      this.#options.onProgress?.({
        variant: this.#label,
        name: `law ${name}`,
        passed: message === undefined ? 1 : 0,
        failed: message === undefined ? 0 : 1,
        skipped: 0,
      });
      if (this.#options.bail && message !== undefined) break;
    }
    return found;
  }
}

function supportOf(
  backend: Backend,
  item: Case,
): { status: 'passed'; variant: string } | { status: 'skipped'; reason: string } {
  const answer = backend.supports(item.op, item.spec);
  return answer === true ? { status: 'passed', variant: '' } : { status: 'skipped', reason: answer.reason };
}

/** True where a backend that has the op may not refuse: the required tier, without its optional forms. */
function mustSupport(item: Case): boolean {
  return catalogue[item.op].tier === 'required' && !item.tags.includes('form');
}

/** Elements of the operands of an example, and of its results. */
const EXAMPLE_OPERANDS = 2000;
const EXAMPLE_RESULTS = [6, 400] as const;

/**
 * What the laws do with an op: of the cases that the backend takes the one with the most operands that is still small, for
 * an order of sums to show, and with ordinary elements, for a difference not to drown in NaN.
 */
function exampleOf(backend: Backend, op: OpName): readonly Case[] {
  if (!backend.has(op)) return [];
  let best: Case | undefined;
  let most = 0;
  for (const item of casesOf(op) as readonly Case[]) {
    const results = Object.values(resultsOf(item)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const operands = elementsIn(item) - results;
    const [least, largest] = EXAMPLE_RESULTS;
    if (operands <= most || operands > EXAMPLE_OPERANDS || results < least || results > largest) continue;
    if (!isOrdinary(item) || !takes(backend, item)) continue;
    best = item;
    most = operands;
  }
  return best ? [best] : [];
}

function isOrdinary({ inputs }: Case): boolean {
  return Object.values(inputs).every(
    (recipe) => 'data' in recipe || !['special', 'extremes', 'constant'].includes(recipe.fill),
  );
}

/** False also where supports() throws, which the laws say by themselves. */
function takes(backend: Backend, item: Case): boolean {
  try {
    return backend.supports(item.op, item.spec) === true;
  } catch {
    return false;
  }
}

/** The outcome of a case that may be none: shrinking tries operands that the oracle refuses. */
async function attempt(run: () => Promise<Outcome>): Promise<Outcome | undefined> {
  try {
    return await run();
  } catch (error) {
    if (isHalftoneError(error)) return undefined;
    throw error;
  }
}

/** Seconds since a time. */
export function since(started: number): number {
  return (Date.now() - started) / 1000;
}
