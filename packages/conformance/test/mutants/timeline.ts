// Mistakes with the order of work, and with state that outlives a run.
import type { BackendDriver, OpName, Tensor } from '@halftone/core';
import { HalftoneError } from '@halftone/core';
import { allocating, kernelsOf, preparing, withDriver, wrongDriver } from './drivers.ts';
import { ascending, gemmOf } from './floats.ts';
import { elements, hostIO, type Mutant, right, withOps } from './mutate.ts';

/** How a queue of work goes wrong. */
export interface QueueBugs {
  /** Writes do not wait for the work before them. */
  readonly writesAtOnce?: boolean;
  /** Reads do not wait for the work before them. */
  readonly readsAtOnce?: boolean;
  /** The work between two waits is done from the last to the first. */
  readonly reversed?: boolean;
  /** Ops of different names have queues of their own, the second half of the catalogue first. */
  readonly apart?: boolean;
}

/** A driver that puts its runs in a queue, and does them when somebody waits. */
export function queued(bugs: QueueBugs = {}): (driver: BackendDriver) => Partial<BackendDriver> {
  return (driver) => {
    let queue: { readonly op: OpName; readonly work: () => void }[] = [];
    const flush = (): void => {
      const due = queue;
      queue = [];
      if (bugs.reversed) due.reverse();
      if (bugs.apart) due.sort((a, b) => (a.op < b.op ? -1 : a.op > b.op ? 1 : 0));
      for (const { work } of due) work();
    };
    return {
      alloc: allocating(driver, (tensor) => {
        const dispose = tensor.dispose.bind(tensor);
        tensor.dispose = () => {
          flush();
          dispose();
        };
      }),
      write(dst, src) {
        if (!bugs.writesAtOnce) flush();
        driver.write(dst, src);
      },
      async read(src) {
        if (!bugs.readsAtOnce) flush();
        return await driver.read(src);
      },
      sync: async () => flush(),
      async dispose() {
        flush();
        await driver.dispose();
      },
      kernels: kernelsOf(driver, (provider, op) => ({
        ...provider,
        prepare(spec, packed) {
          const kernel = provider.prepare(spec, packed);
          return { ...kernel, run: (io) => void queue.push({ op, work: () => kernel.run(io) }) };
        },
      })),
    };
  };
}

const order: readonly Mutant[] = [
  wrongDriver(
    'writes overtake runs',
    'a write goes to memory at once, and a run before it sees it',
    ['law/ordering'],
    queued({ writesAtOnce: true }),
  ),
  wrongDriver(
    'reads overtake runs',
    'a read does not wait for the queue',
    ['law/ordering', 'qgemm', 'quantize'],
    queued({ readsAtOnce: true }),
  ),
  wrongDriver('runs in reverse', 'the queue is a stack', ['law/ordering'], queued({ reversed: true })),
  wrongDriver(
    'runs ops apart',
    'each op has a queue, and nothing waits between them',
    ['law/ordering'],
    queued({ apart: true }),
  ),
];

let workspace = 0;

const state: readonly Mutant[] = [
  wrongDriver(
    'keeps the first weights',
    'what is made of the weights at the first run serves the later ones',
    ['law/ordering', 'law/preparations'],
    (driver) =>
      preparing(driver, ['qgemm'], () => (spec) => {
        let b: Tensor | undefined;
        return {
          variant: 'qgemm',
          run(io) {
            const host = hostIO(io);
            b ??= { ...host['b']!, data: host['b']!.data.slice() } as Tensor;
            right.qgemm(spec, { ...host, b });
          },
          dispose() {},
        };
      }),
  ),
  wrongDriver(
    'keeps the first parameters',
    'scales are folded at the first run',
    ['law/ordering', 'law/preparations'],
    (driver) =>
      preparing(driver, ['quantize', 'dequantize'], (_, op) => (spec) => {
        let scale: Tensor | undefined;
        return {
          variant: op,
          run(io) {
            const host = hostIO(io);
            scale ??= { ...host['scale']!, data: host['scale']!.data.slice() } as Tensor;
            (right[op] as (spec: never, io: object) => void)(spec, { ...host, scale });
          },
          dispose() {},
        };
      }),
  ),
  wrongDriver(
    'disposes what others use',
    'ops of one spec share a kernel, which the first dispose() frees',
    ['law/preparations'],
    (driver) => {
      const alive = new Map<string, { freed: boolean }>();
      return preparing(
        driver,
        ['quantize', 'dequantize', 'qgemm', 'gemm', 'maxpool'],
        (provider, op) => (spec, packed) => {
          const key = `${op} ${JSON.stringify(spec)}`;
          const shared = alive.get(key) ?? { freed: false };
          alive.set(key, shared);
          const kernel = provider.prepare(spec, packed);
          return {
            ...kernel,
            run(io) {
              if (shared.freed) throw new HalftoneError('HT_BACKEND', 'the kernel was freed');
              kernel.run(io);
            },
            dispose() {
              shared.freed = true;
              alive.delete(key);
            },
          };
        },
      );
    },
  ),
  wrongDriver(
    'has a workspace of the last op',
    'prepare() makes one workspace for all, as large as the op at hand',
    ['law/isolation', 'law/preparations'],
    (driver) =>
      preparing(driver, ['quantize', 'qgemm', 'dequantize', 'gemm'], (provider) => (spec, packed) => {
        const kernel = provider.prepare(spec, packed);
        const needed = JSON.stringify(spec).length;
        workspace = needed;
        return {
          ...kernel,
          run(io) {
            kernel.run(io);
            if (workspace < needed) elements(hostIO(io), 'y').fill(0);
          },
        };
      }),
  ),
  {
    name: 'adds in another order each time',
    bug: 'threads add their sums in the order in which they end',
    ops: ['law/determinism'],
    provider: relaxed(() => {
      let runs = 0;
      return gemmOf((x, w) =>
        ++runs % 7 < 3 ? ascending(x, w) : ascending([...x].reverse(), [...w].reverse()),
      );
    }),
  },
  {
    name: 'tunes each instance',
    bug: 'the kernel is the fastest of the first calls, and not the same in every instance',
    ops: ['law/determinism'],
    provider: (() => {
      let instances = 0;
      const base = relaxed(() => right.gemm);
      return withDriver((driver) => {
        const turn = ++instances % 2 === 0;
        const other = gemmOf((x, w) => ascending([...x].reverse(), [...w].reverse()));
        return preparing(
          driver,
          ['gemm'],
          (provider) => (spec, packed) =>
            turn
              ? { variant: 'gemm_tuned', run: (io) => other(spec, hostIO(io)), dispose() {} }
              : provider.prepare(spec, packed),
        );
      }, base);
    })(),
  },
];

/** A backend whose gemm is relaxed. */
function relaxed(make: () => (spec: never, io: never) => void): Mutant['provider'] {
  const base = withOps({ gemm: make() as never });
  return withDriver(
    ({ capabilities }) => ({
      capabilities: Object.freeze({
        numericClass: Object.freeze({ ...capabilities.numericClass, gemm: 'f32-relaxed' }),
      }),
    }),
    base,
  );
}

/** Mistakes with order and state. */
export const timeline: readonly Mutant[] = [...order, ...state];
