import { operandsOf } from '@halftone/conformance';
import { openBackend } from '@halftone/core';
import { noOpBackend, noOpCase } from './no-op.ts';
import { OpRun, taskOf } from './op-run.ts';
import type { EngineCost } from './result.ts';
import { timeInterleaved } from './time.ts';

/** Times the backend that computes nothing in the same way as all others. */
export async function measureEngine(): Promise<EngineCost> {
  const backend = await openBackend(noOpBackend);
  try {
    const task = await taskOf(noOpCase, (item) => backend.call(item.op, item.spec, operandsOf(item)));
    const run = await OpRun.open(backend, task);
    const fenced = {
      async run(times: number): Promise<void> {
        for (let i = 0; i < times; i++) await run.run(1);
      },
    };
    const [enqueued, waited] = await timeInterleaved([run, fenced], {
      rounds: 5,
      budgetMs: 100,
      sampleMs: 1,
    });
    run.dispose();
    return { runMs: enqueued!.median, fencedMs: waited!.median, clockStepMs: clockStep() };
  } finally {
    await backend.dispose();
  }
}

/** The smallest step that the clock makes here. */
function clockStep(): number {
  let least = Infinity;
  for (let i = 0; i < 200; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    least = Math.min(least, now - start);
  }
  return least;
}
