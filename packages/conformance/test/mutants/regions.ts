// Mistakes of backends that run several steps as one.
import {
  type BackendDriver,
  catalogue,
  type Executable,
  type HostIO,
  type HostOp,
  type OpDefinition,
  type OpName,
  planArena,
  type Region,
  type RegionStep,
  type Tensor,
  type TensorDesc,
  zeros,
} from '@halftone/core';
import { wrongDriver } from './drivers.ts';
import { type Mutant, right } from './mutate.ts';

/** What a compiled region does, and how it goes wrong. */
interface RegionBugs {
  /** Lifetimes of values in the block of memory, changed before they are placed. */
  readonly plan?: (region: Region) => Region;
  /** Parameters of one element stay what they were in the first run. */
  readonly bakes?: boolean;
  /** All runs give the same arrays. */
  readonly shares?: boolean;
  /** Inputs are read when somebody waits. */
  readonly late?: boolean;
  /** Constants are read in each run. */
  readonly borrows?: boolean;
  /** Steps are done in the order of their ops' names. */
  readonly sorts?: boolean;
  /** What a step finds in a value that it knows under another shape. */
  readonly seen?: (value: Tensor, shape: readonly number[]) => Tensor;
  readonly onDispose?: () => void;
  readonly onCompile?: () => void;
}

/** A driver that runs regions on the reference's ops, with its values in one block. */
export function regional(bugs: RegionBugs = {}): (driver: BackendDriver) => Partial<BackendDriver> {
  return () => ({ compile: (region) => compiled(region, bugs) });
}

function compiled(region: Region, bugs: RegionBugs): Executable {
  bugs.onCompile?.();
  const { offsets, byteLength } = planArena(bugs.plan?.(region) ?? region, 8, new Set());
  const block = new ArrayBuffer(byteLength);
  const place = (desc: TensorDesc, offset: number): Tensor => {
    const { data } = zeros(desc.dtype, []);
    const Elements = data.constructor as new (
      buffer: ArrayBuffer,
      offset: number,
      length: number,
    ) => Tensor['data'];
    return {
      ...desc,
      data: new Elements(
        block,
        offset,
        desc.shape.reduce((a, b) => a * b, 1),
      ),
    } as Tensor;
  };
  const values = region.values.map((desc, i) => place(desc, offsets[i]!));
  const steps = region.steps.map(
    (step): RegionStep => ({
      ...step,
      inputs: Object.fromEntries(
        Object.entries(step.inputs).map(([name, operand]) => [
          name,
          typeof operand === 'number' || bugs.borrows
            ? operand
            : ({ ...operand, data: operand.data.slice() } as Tensor),
        ]),
      ),
    }),
  );
  if (bugs.sorts) steps.sort((a, b) => (a.op < b.op ? -1 : a.op > b.op ? 1 : 0));
  const baked = new Map<RegionStep, Record<string, Tensor>>();
  const compute = (given: readonly Tensor[]): Tensor[] => {
    for (const [i, value] of region.inputs.entries()) values[value]!.data.set(given[i]!.data as never);
    for (const step of steps) {
      const io: Record<string, Tensor> = {};
      for (const [name, operand] of Object.entries({ ...step.inputs, ...step.outputs }))
        io[name] = typeof operand === 'number' ? values[operand]! : operand;
      if (bugs.seen) {
        const wanted = (catalogue[step.op] as OpDefinition<typeof step.spec>).inputs(step.spec);
        for (const name in wanted) io[name] = bugs.seen(io[name]!, wanted[name]!.shape);
      }
      if (bugs.bakes) {
        const scalars = Object.entries(io).filter(
          ([name, { data }]) => data.length === 1 && name in step.inputs,
        );
        const first =
          baked.get(step) ??
          Object.fromEntries(
            scalars.map(([name, value]) => [name, { ...value, data: value.data.slice() } as Tensor]),
          );
        baked.set(step, first);
        Object.assign(io, first);
      }
      (right[step.op as OpName] as HostOp<never>)(step.spec as never, io as HostIO);
    }
    return region.outputs.map((value) =>
      bugs.shares ? values[value]! : ({ ...values[value]!, data: values[value]!.data.slice() } as Tensor),
    );
  };
  return {
    variant: 'one loop over the steps',
    run: (given) => (bugs.late ? Promise.resolve().then(() => compute(given)) : compute(given)),
    dispose: () => bugs.onDispose?.(),
  };
}

function broken(name: string, bug: string, bugs: RegionBugs): Mutant {
  return wrongDriver(name, bug, ['law/regions'], regional(bugs));
}

/** Forgets what the last steps read: those values may be overwritten too early. */
function forgetful(region: Region): Region {
  const last = region.steps.length - 1;
  return { ...region, steps: region.steps.map((step, i) => (i === last ? { ...step, inputs: {} } : step)) };
}

export const regions: readonly Mutant[] = [
  broken('region: forgets the last reader', 'the memory plan ends a life one step too early', {
    plan: forgetful,
  }),
  broken(
    'region: forgets outputs',
    'the memory plan gives away the memory of results that are read at the end',
    {
      plan: (region) => ({ ...region, outputs: [] }),
    },
  ),
  broken(
    'region: bakes scalars',
    'scales and zero points are read when the steps are recorded, not when they run',
    {
      bakes: true,
    },
  ),
  broken('region: gives its own memory', 'results are views of the block, which the next run overwrites', {
    shares: true,
  }),
  broken('region: reads inputs late', 'inputs are read after the call has come back', { late: true }),
  broken('region: borrows constants', 'constants are read in each run from the arrays of the caller', {
    borrows: true,
  }),
  broken('region: sorts its steps', 'steps of one op are done together, whatever they read', { sorts: true }),
  wrongDriver(
    'region: leaks packed weights',
    'dispose() does not give back what compile() packed',
    ['law/regions'],
    (driver) => {
      let bytes = 0;
      return {
        ...regional({ onCompile: () => (bytes += 8) })(driver),
        stats: () => ({ ...driver.stats(), packedBytes: driver.stats().packedBytes + bytes }),
      };
    },
  ),
];
