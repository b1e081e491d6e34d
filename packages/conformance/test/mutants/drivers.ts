// Drivers with one thing wrong beside their ops.
import {
  type BackendDriver,
  type BackendProvider,
  type DeviceTensor,
  type KernelProvider,
  type KernelTable,
  type OpName,
  type TensorDesc,
} from '@halftone/core';
import { type Mutant, withOps } from './mutate.ts';

/** A provider whose drivers are changed when they are opened. */
export function withDriver(
  change: (driver: BackendDriver) => Partial<BackendDriver>,
  base: BackendProvider = withOps(),
): BackendProvider {
  return {
    ...base,
    async create(options) {
      const driver = await base.create(options);
      return { ...driver, ...change(driver) };
    },
  };
}

/** A mutant of a driver. */
export function wrongDriver(
  name: string,
  bug: string,
  breaks: readonly string[],
  change: (driver: BackendDriver) => Partial<BackendDriver>,
): Mutant {
  return { name, bug, ops: breaks, provider: withDriver(change) };
}

/** An `alloc` that shows each tensor to `visit` before it is given. */
export function allocating(
  driver: BackendDriver,
  visit: (tensor: DeviceTensor, desc: TensorDesc) => void,
): (desc: TensorDesc) => DeviceTensor {
  return (desc) => {
    const tensor = driver.alloc(desc);
    visit(tensor, desc);
    return tensor;
  };
}

/** The kernels of a driver, with those of `ops` (all, where it is left out) changed. */
export function kernelsOf(
  driver: BackendDriver,
  change: (provider: KernelProvider<never>, op: OpName) => KernelProvider<never>,
  ops: readonly OpName[] = Object.keys(driver.kernels) as OpName[],
): KernelTable {
  const changed = ops.map((op) => [op, change(driver.kernels[op] as KernelProvider<never>, op)]);
  return { ...driver.kernels, ...Object.fromEntries(changed) };
}

/** Changes how the kernels of some ops are prepared. */
export function preparing(
  driver: BackendDriver,
  ops: readonly OpName[],
  prepare: (provider: KernelProvider<never>, op: OpName) => KernelProvider<never>['prepare'],
): Partial<BackendDriver> {
  return {
    kernels: kernelsOf(driver, (provider, op) => ({ ...provider, prepare: prepare(provider, op) }), ops),
  };
}
