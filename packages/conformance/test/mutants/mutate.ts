// Ways to break the reference: each takes one thing away from being right and leaves the rest.
import reference from '@halftone/backend-reference';
import {
  type BackendDriver,
  type BackendProvider,
  catalogue,
  type DeviceIO,
  type KernelProvider,
  type OpDefinition,
  type OpName,
  type OpSpecs,
  sizeOf,
  type Tensor,
} from '@halftone/core';

/** A backend with one realistic mistake. */
export interface Mutant {
  readonly name: string;
  /** Where such a mistake comes from. */
  readonly bug: string;
  /** The ops and laws (`law/<name>`) of which at least one must find it. */
  readonly breaks: readonly string[];
  readonly provider: BackendProvider;
}

// oxlint-disable-next-line typescript/no-explicit-any -- mutants look into tensors of any type
export type Arrays = Record<string, any>;

/** The arrays of host tensors, which drivers made by `hostBackend` keep in `data`. */
function arraysOf(io: DeviceIO): Arrays {
  return Object.fromEntries(
    Object.entries(io).map(([name, tensor]) => [name, (tensor as unknown as Tensor).data]),
  );
}

/** The reference with its driver changed. */
export function mutateDriver(change: (driver: BackendDriver) => Partial<BackendDriver>): BackendProvider {
  return {
    ...reference,
    name: 'mutant',
    async create() {
      const driver = await reference.create();
      return { ...driver, ...change(driver) };
    },
  };
}

type Run<O extends OpName> = (spec: OpSpecs[O], arrays: Arrays, right: () => void, io: DeviceIO) => void;

/** The reference with one op that runs otherwise; `right` does what it should. */
export function mutateOp<O extends OpName>(op: O, run: Run<O>): BackendProvider {
  return mutateDriver((driver) => {
    const kernel = driver.kernels[op] as KernelProvider<OpSpecs[O]>;
    const changed: KernelProvider<OpSpecs[O]> = {
      ...kernel,
      prepare(spec) {
        const right = kernel.prepare(spec);
        return { ...right, run: (io) => run(spec, arraysOf(io), () => right.run(io), io) };
      },
    };
    return { kernels: { ...driver.kernels, [op]: changed } };
  });
}

/** Runs an op for another spec than it was asked for, where that takes as many elements of everything. */
export function respec<O extends OpName>(op: O, change: (spec: OpSpecs[O]) => OpSpecs[O]): BackendProvider {
  return mutateDriver((driver) => {
    const kernel = driver.kernels[op] as KernelProvider<OpSpecs[O]>;
    return {
      kernels: {
        ...driver.kernels,
        [op]: {
          ...kernel,
          prepare: (spec: OpSpecs[O]) =>
            kernel.prepare(sameSizes(op, spec, change(spec)) ? change(spec) : spec),
        },
      },
    };
  });
}

function sameSizes<O extends OpName>(op: O, a: OpSpecs[O], b: OpSpecs[O]): boolean {
  const definition = catalogue[op] as OpDefinition<OpSpecs[O]>;
  const sizes = (spec: OpSpecs[O]): string =>
    JSON.stringify(
      Object.entries({ ...definition.inputs(spec), ...definition.outputs(spec) }).map(
        ([name, { shape, dtype }]) => [name, dtype, sizeOf(shape)],
      ),
    );
  try {
    definition.check(b);
    return sizes(a) === sizes(b);
  } catch {
    return false;
  }
}

/** Runs an op on operands that were changed; they are restored behind it. */
export function reoperand<O extends OpName>(
  op: O,
  change: (arrays: Arrays, spec: OpSpecs[O]) => void,
): BackendProvider {
  return mutateOp(op, (spec, arrays, right) => {
    const outputs = Object.keys((catalogue[op] as OpDefinition<OpSpecs[O]>).outputs(spec));
    const kept = Object.entries(arrays)
      .filter(([name]) => !outputs.includes(name))
      .map(([name, array]) => [name, array.slice()] as const);
    change(arrays, spec);
    right();
    for (const [name, array] of kept) arrays[name].set(array);
  });
}

/** Lets the op do it right, then spoils its results. */
export function spoil<O extends OpName>(
  op: O,
  change: (arrays: Arrays, spec: OpSpecs[O]) => void,
): BackendProvider {
  return mutateOp(op, (spec, arrays, right) => {
    right();
    change(arrays, spec);
  });
}

export const { fround } = Math;

/** Nearest integer, ties to even. */
export function halfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

export function halfUp(x: number): number {
  return Math.floor(x + 0.5);
}

export function halfAway(x: number): number {
  return x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
}

export function clamp(x: number, lo: number, hi: number): number {
  return x > lo ? (x < hi ? x : hi) : lo;
}
