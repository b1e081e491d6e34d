// The one clock. Subjects take turns, so that what disturbs the machine disturbs all of them.
import { host } from '#host';
import { median, quantile, spread } from './statistics.ts';

/** Something that can be run again and again. */
export interface Subject {
  /** Runs so many times and waits until all of it is done. */
  run(times: number): Promise<void>;
}

export interface TimeSettings {
  /** How often each subject has its turn. */
  readonly rounds: number;
  /** Milliseconds that a subject may take in all of its turns; one slow run may take more. */
  readonly budgetMs: number;
  /** Milliseconds that a sample lasts at least: short runs are timed in batches. */
  readonly sampleMs: number;
}

/** Times of one run, in milliseconds. */
export interface Timing {
  readonly min: number;
  readonly median: number;
  readonly p90: number;
  /** Half the distance between the quartiles, as a part of the median. */
  readonly spread: number;
  readonly samples: number;
  /** Runs in each sample. */
  readonly batch: number;
  /** Median of each turn. */
  readonly turns: readonly number[];
}

interface Turn {
  readonly samples: readonly number[];
  /** Processor time for each unit of time that passed; undefined where nothing tells. */
  readonly busy: number | undefined;
}

/** A turn in which less than this share of the processor time of the best was had was somebody else's. */
const LEAST_BUSY = 0.97;
/** Runs in a sample at most, also where the clock does not see them. */
const LARGEST_BATCH = 1_000_000;
/** Shorter turns than these many milliseconds are too short for the processor's own counting. */
const COUNTED_MS = 5;

class Contender {
  readonly #subject: Subject;
  readonly #settings: TimeSettings;
  readonly #turns: Turn[] = [];
  #batch = 1;
  /** Milliseconds of one run, so far as is known. */
  #estimate = 0;

  constructor(subject: Subject, settings: TimeSettings) {
    this.#subject = subject;
    this.#settings = settings;
  }

  /** Runs until the code is hot, and finds out how many runs make a sample. */
  async warmUp(): Promise<void> {
    const { budgetMs, rounds, sampleMs } = this.#settings;
    const until = performance.now() + budgetMs / rounds;
    let runs = 0;
    for (let times = 1; runs < 3 || performance.now() < until; ) {
      const start = performance.now();
      await this.#subject.run(times);
      const passed = performance.now() - start;
      this.#estimate = passed / times;
      runs += times;
      if (this.#estimate > budgetMs) break;
      if (passed < sampleMs)
        times = Math.min(LARGEST_BATCH, passed * 2 < sampleMs ? times * 2 : Math.ceil(times * 1.2));
      this.#batch = times;
    }
  }

  /** Turns that fit the budget: all of them, fewer of what is slow, one of what is slower than five budgets. */
  get turns(): number {
    const { budgetMs, rounds } = this.#settings;
    if (this.#estimate > 5 * budgetMs) return 1;
    return Math.min(rounds, Math.max(2, Math.floor(budgetMs / this.#estimate)));
  }

  async takeTurn(): Promise<void> {
    const { budgetMs, rounds } = this.#settings;
    const mine = budgetMs / rounds;
    // Others ran in between: caches and clocks come back first.
    if (this.#estimate * this.#batch < mine / 4) await this.#subject.run(this.#batch);
    const samples: number[] = [];
    const cpuBefore = host.cpuTime();
    const start = performance.now();
    let last = start;
    while (last - start < mine) {
      await this.#subject.run(this.#batch);
      const end = performance.now();
      samples.push((end - last) / this.#batch);
      last = end;
    }
    const busy =
      cpuBefore === undefined || last - start < COUNTED_MS
        ? undefined
        : (host.cpuTime()! - cpuBefore) / (last - start);
    this.#turns.push({ samples, busy });
  }

  result(): Timing {
    const kept = undisturbed(this.#turns);
    const samples = kept.flatMap((turn) => turn.samples);
    return {
      min: samples.reduce((least, sample) => Math.min(least, sample)),
      median: median(samples),
      p90: quantile(samples, 0.9),
      spread: spread(samples),
      samples: samples.length,
      batch: this.#batch,
      turns: kept.map((turn) => median(turn.samples)),
    };
  }
}

/** The turns in which nobody else had the processor; half of them at least, the best ones. */
function undisturbed(turns: readonly Turn[]): readonly Turn[] {
  const shares = turns.flatMap(({ busy }) => busy ?? []);
  if (shares.length < turns.length) return turns;
  const best = Math.max(...shares);
  const byShare = [...turns].sort((a, b) => b.busy! - a.busy!);
  const half = Math.ceil(turns.length / 2);
  return byShare.filter(({ busy }, place) => place < half || busy! >= LEAST_BUSY * best);
}

/** Times subjects turn by turn: A B C, B C A, C A B. Each has been run before. */
export async function timeInterleaved(
  subjects: readonly Subject[],
  settings: TimeSettings,
  signal?: { throwIfAborted(): void },
): Promise<readonly Timing[]> {
  const contenders = subjects.map((subject) => new Contender(subject, settings));
  for (const contender of contenders) {
    signal?.throwIfAborted();
    await contender.warmUp();
  }
  for (let round = 0; round < settings.rounds; round++) {
    for (let place = 0; place < contenders.length; place++) {
      signal?.throwIfAborted();
      const contender = contenders[(place + round) % contenders.length]!;
      if (round < contender.turns) await contender.takeTurn();
    }
  }
  return contenders.map((contender) => contender.result());
}
