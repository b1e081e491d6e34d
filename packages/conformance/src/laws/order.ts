// One timeline: what is enqueued first is done first, and the same work gives the same results.
import { type Backend, type DeviceTensor, type Tensor, zeros } from '@halftone/core';
import type { Case } from '../case.ts';
import {
  another,
  type Law,
  type LawContext,
  packableOf,
  readAll,
  require,
  sameResults,
  sameTensor,
  stage,
  withBackend,
  without,
} from './law.ts';

export const ordering: Law = {
  name: 'ordering',
  rule: 'work that is enqueued without waiting gives what it gives step by step',
  check: (context) =>
    withBackend(context, async (backend) => {
      for (const item of context.cases) {
        const [first, second] = [stage(backend, item), stage(backend, another(item))];
        const expected: Record<string, Tensor>[] = [];
        for (const each of [first, second]) {
          each.prepared.run(each.io);
          await backend.sync();
          expected.push(await readAll(backend, each));
        }
        const isGiven = async (which: 0 | 1, message: string): Promise<void> =>
          require(sameResults(await readAll(backend, first), expected[which]!), message, item);
        const write = (operands: Readonly<Record<string, Tensor>>): void => {
          for (const name in operands) backend.write(first.io[name]!, operands[name]!);
        };
        const results = Object.fromEntries(first.outputs.map((name) => [name, first.io[name]!]));
        first.prepared.run(first.io);
        first.prepared.run({ ...second.io, ...results });
        await isGiven(1, 'of two runs into one result the first one was done last');
        // Operands that are written anew behind a run are seen by the next one alone.
        first.prepared.run(first.io);
        write(second.operands);
        await isGiven(0, 'a write that came after a run changed its results');
        first.prepared.run(first.io);
        await isGiven(1, 'a run does not see the operands that were written before it');
        const early = readAll(backend, first);
        write(first.operands);
        first.prepared.run(first.io);
        require(sameResults(
          await early,
          expected[1]!,
        ), 'a run that came after a read changed what was read', item);
        first.prepared.run(first.io);
        await isGiven(0, 'the same op, enqueued twice without waiting, gave another result');
        first.dispose();
        second.dispose();
      }
      await chain(backend, context);
    }),
};

/** An op whose operand is the result of another one, enqueued behind it. */
async function chain(backend: Backend, { cases }: LawContext): Promise<void> {
  const item = cases.find(({ op }) => op === 'quantize') as Case<'quantize'> | undefined;
  if (item === undefined) return;
  const { to: from, ...place } = item.spec;
  const spec = { from, ...place };
  if (!backend.has('dequantize') || backend.supports('dequantize', spec) !== true) return;
  const staged = stage(backend, item);
  const { y, scale, zeroPoint } = staged.io as Record<string, DeviceTensor>;
  const back = backend.prepare('dequantize', spec);
  const results: Tensor[] = [];
  for (const waits of [true, false]) {
    backend.write(y!, zeros(y!.dtype, y!.shape));
    const reals = backend.alloc({ dtype: 'float32', shape: y!.shape });
    staged.prepared.run(staged.io);
    if (waits) await backend.sync();
    back.run({ x: y!, scale: scale!, zeroPoint: zeroPoint!, y: reals });
    results.push(await backend.read(reals));
    reals.dispose();
  }
  require(sameTensor(results[1]!, results[0]!), 'a run does not see the results of the run before it', item);
  back.dispose();
  staged.dispose();
}

export const preparations: Law = {
  name: 'preparations',
  rule: 'ops that are prepared for one spec have nothing in common: each has its weights, and disposing one leaves the others',
  check: (context) =>
    withBackend(context, async (backend) => {
      for (const item of context.cases) {
        const [first, second] = [stage(backend, item), stage(backend, another(item))];
        first.prepared.run(first.io);
        second.prepared.run(second.io);
        const expected = [await readAll(backend, first), await readAll(backend, second)] as const;
        first.prepared.run(second.io);
        require(sameResults(
          await readAll(backend, second),
          expected[1],
        ), 'an op that ran before gives another result for other operands', item);
        const packable = packableOf(item);
        const [one, two] = [first, second].map(({ operands }) =>
          backend.prepare(
            item.op,
            item.spec,
            Object.fromEntries(packable.map((name) => [name, operands[name]!])),
          ),
        );
        second.prepared.dispose();
        one!.run(without(first.io, packable));
        two!.run(without(second.io, packable));
        require(sameResults(await readAll(backend, first), expected[0]) &&
          sameResults(
            await readAll(backend, second),
            expected[1],
          ), 'two ops of one spec share their weights', item);
        one!.dispose();
        two!.run(without(second.io, packable));
        first.prepared.run(first.io);
        require(sameResults(await readAll(backend, first), expected[0]) &&
          sameResults(
            await readAll(backend, second),
            expected[1],
          ), 'results changed after another op of the same spec was disposed', item);
        two!.dispose();
        first.dispose();
        second.dispose();
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
      const alone = [];
      for (const item of context.cases) {
        const each = stage(kept, item);
        each.prepared.run(each.io);
        alone.push(await readAll(kept, each));
        each.dispose();
      }
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
      for (const [i, each] of [...staged, ...context.cases.map((item) => stage(kept, item))].entries()) {
        each.prepared.run(each.io);
        require(sameResults(
          await readAll(kept, each),
          alone[i % alone.length]!,
        ), 'results changed with other ops and another instance', context.cases[i % alone.length]);
        each.dispose();
      }
    }),
};
