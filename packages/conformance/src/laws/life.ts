// Errors and endings.
import { type Backend, isHalftoneError } from '@halftone/core';
import { nameOf } from '../run-case.ts';
import {
  type Law,
  readAll,
  require,
  requireBack,
  sameResults,
  stage,
  Violation,
  withBackend,
} from './law.ts';
import { refuses } from './promises.ts';

export const recovery: Law = {
  name: 'recovery',
  rule: 'an op that failed leaves the backend as it was: the next one gives the right results',
  check: (context) =>
    withBackend(context, async (backend) => {
      for (const item of context.cases) {
        const staged = stage(backend, item);
        staged.prepared.run(staged.io);
        const expected = await readAll(backend, staged);
        const before = backend.stats();
        const [operand] = Object.keys(staged.operands);
        const { [operand!]: _left, ...missing } = staged.io;
        refuses(() => staged.prepared.run(missing), 'HT_INVALID_ARGUMENT', `it ran without ${operand}`, item);
        const wrong = backend.alloc({ dtype: staged.io[operand!]!.dtype, shape: [977] });
        refuses(
          () => staged.prepared.run({ ...staged.io, [operand!]: wrong }),
          'HT_SHAPE_MISMATCH',
          `it ran with ${operand} of 977 elements`,
          item,
        );
        wrong.dispose();
        // An allocation that no machine has.
        try {
          backend.alloc({ dtype: 'float32', shape: [16777216, 16777216] }).dispose();
        } catch (error) {
          require(isHalftoneError(
            error,
          ), `alloc() of 2^50 bytes threw ${nameOf(error)}; HT_OUT_OF_MEMORY is the error`);
        }
        requireBack(before, backend.stats(), `after calls of ${item.id} that failed`);
        staged.prepared.run(staged.io);
        require(sameResults(
          await readAll(backend, staged),
          expected,
        ), 'results changed after a failed call', item);
        staged.dispose();
      }
    }),
};

export const endings: Law = {
  name: 'endings',
  rule: 'what was disposed refuses to work with HT_DISPOSED, and dispose() may come twice',
  async check(context) {
    const backend = await context.open();
    for (const item of context.cases) {
      const staged = stage(backend, item);
      const [operand] = Object.keys(staged.io);
      const gone = staged.io[operand!]!;
      gone.dispose();
      refuses(() => staged.prepared.run(staged.io), 'HT_DISPOSED', `it ran with ${operand} disposed`, item);
      await rejects(async () => void (await backend.read(gone)), 'a disposed tensor was read');
      staged.prepared.dispose();
      staged.prepared.dispose();
      refuses(() => staged.prepared.run(staged.io), 'HT_DISPOSED', 'it ran after dispose()', item);
      staged.dispose();
    }
    await backend.dispose();
    await backend.dispose();
    refuses(
      () => void backend.alloc({ dtype: 'int8', shape: [1] }),
      'HT_DISPOSED',
      'alloc() works after dispose()',
    );
    await rejects(() => backend.sync(), 'sync() works after dispose()');
  },
};

async function rejects(work: () => Promise<void>, message: string): Promise<void> {
  try {
    await work();
  } catch (error) {
    require(isHalftoneError(error, 'HT_DISPOSED'), `HT_DISPOSED is the error, not ${nameOf(error)}`);
    return;
  }
  throw new Violation(message);
}

export const afterwards: Law = {
  name: 'afterwards',
  rule: 'an instance that is disposed with work under way finishes it, and a new one can be opened',
  async check(context) {
    const first: Backend = await context.open();
    const [item] = context.cases;
    if (item) {
      const staged = stage(first, item);
      staged.prepared.run(staged.io);
    }
    await first.dispose();
    await withBackend(context, async (second) => {
      require(second.stats().liveTensors === 0, 'a new instance begins with live tensors');
      if (!item) return;
      const staged = stage(second, item);
      staged.prepared.run(staged.io);
      await readAll(second, staged);
      staged.dispose();
    });
  },
};
