// What every backend needs around the way that it runs the steps of a region as one: their kernels, with their weights.
import { catalogue, type OpName } from '../ops/catalogue.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import type { HostIO, PackedWeights, Refusal } from './contract.ts';
import { CountedWeights } from './counted-weights.ts';
import type { Executable, Region, RegionStep } from './region.ts';

/** A step of a region with its kernel, which has its weights: `inputs` are what it still takes. */
export interface StepKernel<K> {
  readonly kernel: K;
  readonly inputs: RegionStep['inputs'];
  readonly outputs: RegionStep['outputs'];
}

/** Makes prepared steps ready to run as one; what it gives disposes its own memory alone. */
export type CompileSteps<K> = (region: Region, steps: readonly StepKernel<K>[]) => Executable | Refusal;

/** How kernels of an op are made. */
export interface KernelForm<K> {
  readonly pack?: (spec: never, weights: HostIO) => PackedWeights;
  readonly prepare: (spec: never, packed?: PackedWeights) => K;
}

/** Prepares the kernels of a region, packs its weights, and counts and disposes both. */
export function compileSteps<K extends { dispose?(): void }>(
  region: Region,
  forms: ReadonlyMap<OpName, KernelForm<K>>,
  counts: { packedBytes: number },
  compile: CompileSteps<K>,
): Executable | Refusal {
  if (region.values.some(({ shape }) => sizeOf(shape) === 0))
    return { reason: 'a tensor of the region has no elements' };
  const owned: { dispose(): void }[] = [];
  const dispose = (): void => {
    for (const each of owned.splice(0).reverse()) each.dispose();
  };
  try {
    const steps = region.steps.map((step) => prepare(step, forms.get(step.op)!, counts, owned));
    const compiled = compile(region, steps);
    if ('reason' in compiled) {
      dispose();
      return compiled;
    }
    owned.push(compiled);
    return { variant: compiled.variant, run: (inputs) => compiled.run(inputs), dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

function prepare<K extends { dispose?(): void }>(
  { op, spec, inputs, outputs }: RegionStep,
  form: KernelForm<K>,
  counts: { packedBytes: number },
  owned: { dispose(): void }[],
): StepKernel<K> {
  const packable = catalogue[op].packable ?? [];
  const packs =
    form.pack && packable.length > 0 && packable.every((name) => typeof inputs[name] === 'object');
  let packed: PackedWeights | undefined;
  if (packs) {
    const weights = Object.fromEntries(packable.map((name) => [name, inputs[name] as Tensor]));
    const counted = new CountedWeights(form.pack(spec as never, weights), counts);
    owned.push(counted);
    packed = counted.weights;
  }
  const kernel = form.prepare(spec as never, packed);
  owned.push({ dispose: () => kernel.dispose?.() });
  const left = packs
    ? Object.fromEntries(Object.entries(inputs).filter(([name]) => !packable.includes(name)))
    : inputs;
  return { kernel, inputs: left, outputs };
}
