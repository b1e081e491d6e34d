// What a backend says of itself.
import { isExactOp, opNames, type OpName } from '@halftone/core';
import { casesOf } from '../cases/index.ts';
import type { Case } from '../case.ts';
import { nameOf } from '../run-case.ts';
import {
  type Law,
  packableOf,
  readAll,
  require,
  sameResults,
  stage,
  Violation,
  withBackend,
  without,
} from './law.ts';

export const honesty: Law = {
  name: 'honesty',
  rule: 'supports() gives true or a reason, says the same twice, and what it says yes to prepares and runs',
  check: (context) =>
    withBackend(context, async (backend) => {
      for (const op of opNames) {
        for (const item of casesOf(op) as readonly Case[]) {
          const answer = ask(() => backend.supports(op, item.spec), item);
          const again = ask(() => backend.supports(op, item.spec), item);
          require((answer === true) === (again === true), 'supports() said yes once and no once', item);
          if (answer === true) continue;
          const { reason } = answer as { reason?: unknown };
          require(typeof reason === 'string' && reason !== '', 'supports() refuses without a reason', item);
          refuses(
            () => backend.prepare(op, item.spec).dispose(),
            'HT_UNSUPPORTED',
            'supports() says no and prepare() does not throw',
            item,
          );
        }
      }
    }),
};

function ask<T>(question: () => T, item: Case): T {
  try {
    return question();
  } catch (error) {
    throw new Violation(`supports() threw ${nameOf(error)}`, item);
  }
}

/** Requires that `work` throws a HalftoneError of a code. */
export function refuses(work: () => void, code: string, message: string, item?: Case): void {
  try {
    work();
  } catch (error) {
    const got = (error as { code?: unknown }).code;
    require(got === code, `${code} is the error, not ${nameOf(error)}`, item);
    return;
  }
  throw new Violation(message, item);
}

export const capabilities: Law = {
  name: 'capabilities',
  rule: 'capabilities are plain data that nothing changes, with a numeric class for each op; integer ops are exact',
  check: (context) =>
    withBackend(context, async (backend) => {
      const { capabilities: said } = backend;
      let copy: unknown;
      try {
        copy = JSON.parse(JSON.stringify(said));
      } catch (error) {
        throw new Violation(`capabilities cannot be written as JSON: ${nameOf(error)}`);
      }
      require(typeof copy === 'object' && copy !== null, 'capabilities are no object');
      const classes: Readonly<Record<string, unknown>> = said.numericClass ?? {};
      for (const { op } of context.cases) {
        const numericClass = classes[op];
        require(['exact', 'f32-ieee', 'f32-relaxed'].includes(
          numericClass as string,
        ), `the numeric class of ${op} is ${String(numericClass)}; exact, f32-ieee or f32-relaxed is needed`);
        require(mayBe(
          op,
          numericClass as string,
        ), `${op} is ${String(numericClass)}; an integer op is exact`);
      }
      for (const part of [said, said.numericClass, said.limits ?? said])
        require(Object.isFrozen(part), 'capabilities are not frozen, or what they hold is not');
    }),
};

/** Quantization divides, which some devices cannot do to the bit: it may say that it is relaxed. */
const divides: readonly OpName[] = ['quantize', 'dynamicQuantize', 'fakeQuantize', 'dequantize'];

function mayBe(op: OpName, numericClass: string): boolean {
  return numericClass === 'exact' || !isExactOp(op) || divides.includes(op) || numericClass === 'f32-ieee';
}

export const packing: Law = {
  name: 'packing',
  rule: 'weights that are handed over when an op is prepared give what weights among its operands give, in every run',
  check: (context) =>
    withBackend(context, async (backend) => {
      for (const item of context.cases) {
        const packable = packableOf(item);
        if (packable.length === 0) continue;
        const staged = stage(backend, item);
        staged.prepared.run(staged.io);
        const expected = await readAll(backend, staged);
        const weights = Object.fromEntries(packable.map((name) => [name, staged.operands[name]!]));
        const prepared = backend.prepare(item.op, item.spec, weights);
        for (let run = 0; run < 3; run++) {
          prepared.run(without(staged.io, packable));
          require(sameResults(
            await readAll(backend, staged),
            expected,
          ), `run ${run} with packed weights differs`, item);
        }
        prepared.dispose();
        staged.dispose();
      }
    }),
};
