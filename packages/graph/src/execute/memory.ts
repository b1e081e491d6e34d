import type { Backend, DeviceTensor, DType } from '@halftone/core';
import { baseOf } from '../lower/lowering.ts';
import type { Program, Value } from '../lower/program.ts';
import { touched } from '../lower/program.ts';

/** Device tensors that later values of the same dtype and size take over. */
export class TensorPool {
  readonly #free = new Map<Backend, Map<string, DeviceTensor[]>>();
  readonly #all: DeviceTensor[] = [];

  take(backend: Backend, dtype: DType, size: number): DeviceTensor {
    const found = this.#list(backend, `${dtype} ${size}`).pop();
    if (found) return found;
    const tensor = backend.alloc({ dtype, shape: [size] });
    this.#all.push(tensor);
    return tensor;
  }

  give(backend: Backend, tensor: DeviceTensor): void {
    this.#list(backend, `${tensor.dtype} ${tensor.shape[0]}`).push(tensor);
  }

  dispose(): void {
    for (const tensor of this.#all) tensor.dispose();
  }

  #list(backend: Backend, key: string): DeviceTensor[] {
    let lists = this.#free.get(backend);
    if (lists === undefined) this.#free.set(backend, (lists = new Map()));
    let list = lists.get(key);
    if (list === undefined) lists.set(key, (list = []));
    return list;
  }
}

/** For each step the values that nothing reads after it; outputs of the program are never among them. */
export function lastUses(program: Program): readonly (readonly Value[])[] {
  const last = new Map<Value, number>();
  program.steps.forEach((step, i) => {
    const { inputs, outputs } = touched(step);
    for (const value of [...inputs, ...outputs]) if (value.constant === undefined) last.set(baseOf(value), i);
  });
  for (const output of program.outputs) last.delete(baseOf(output.value));
  const releases: Value[][] = program.steps.map(() => []);
  for (const [value, step] of last) releases[step]!.push(value);
  return releases;
}
