// One timeline: what is enqueued first is done first, and the same work gives the same results.
import { type Law, readAll, require, sameResults, stage, withBackend } from './law.ts';

export const ordering: Law = {
  name: 'ordering',
  rule: 'work that is enqueued without waiting gives what it gives step by step',
  check: (context) =>
    withBackend(context, async (backend) => {
      for (const item of context.cases) {
        const waiting = stage(backend, item);
        waiting.prepared.run(waiting.io);
        await backend.sync();
        const expected = await readAll(backend, waiting);
        waiting.dispose();

        const chained = stage(backend, item);
        // Operands that are written anew behind a run are seen by the next one alone.
        chained.prepared.run(chained.io);
        const early = readAll(backend, chained);
        for (const name in chained.operands) {
          const zeros = {
            ...chained.operands[name]!,
            data: chained.operands[name]!.data.slice().fill(0 as never),
          };
          backend.write(chained.io[name]!, zeros as never);
        }
        chained.prepared.run(chained.io);
        require(sameResults(
          await early,
          expected,
        ), 'what was enqueued after a run and its read changed what was read', item);
        for (const name in chained.operands) backend.write(chained.io[name]!, chained.operands[name]!);
        chained.prepared.run(chained.io);
        chained.prepared.run(chained.io);
        require(sameResults(
          await readAll(backend, chained),
          expected,
        ), 'the same op, enqueued twice without waiting, gave another result', item);
        chained.dispose();
      }
    }),
};

export const determinism: Law = {
  name: 'determinism',
  rule: 'the same operands give the same bits, in every run and in every instance',
  async check(context) {
    await withBackend(context, async (first) => {
      await withBackend(context, async (second) => {
        for (const item of context.cases) {
          const results = [];
          for (const backend of [first, second, first]) {
            const staged = stage(backend, item);
            staged.prepared.run(staged.io);
            results.push(await readAll(backend, staged));
            staged.dispose();
          }
          require(sameResults(results[0]!, results[2]!), 'two runs of one instance differ', item);
          require(sameResults(results[0]!, results[1]!), 'two instances differ', item);
        }
      });
    });
  },
};

export const isolation: Law = {
  name: 'isolation',
  rule: 'instances share nothing: disposing one leaves the tensors, ops and counters of another alone',
  check: (context) =>
    withBackend(context, async (kept) => {
      const staged = context.cases.map((item) => stage(kept, item));
      const counters = kept.stats();
      const other = await context.open();
      const theirs = context.cases.map((item) => stage(other, item));
      for (const each of theirs) each.prepared.run(each.io);
      const now = kept.stats();
      require(now.liveTensors === counters.liveTensors &&
        now.liveBytes === counters.liveBytes, 'the counters of one instance count the tensors of another');
      for (const each of theirs) each.dispose();
      await other.dispose();
      for (const [i, each] of staged.entries()) {
        each.prepared.run(each.io);
        const first = await readAll(kept, each);
        each.prepared.run(each.io);
        require(sameResults(
          await readAll(kept, each),
          first,
        ), 'results changed after another instance was disposed', context.cases[i]);
        each.dispose();
      }
    }),
};
