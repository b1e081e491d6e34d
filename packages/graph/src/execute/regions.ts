// Steps that follow each other on one backend, which may run them as one.
import type { Backend, Region, RegionStep, Tensor } from '@halftone/core';
import { baseOf } from '../lower/lowering.ts';
import type { HostStep, KernelStep, Program, Value } from '../lower/program.ts';
import { touched } from '../lower/program.ts';
import type { PlannedStep } from '../plan/plan.ts';

/** Neighbouring steps of one backend, or a step of the host. `first` is the place of the first step in the program. */
export type Segment =
  | { readonly first: number; readonly backend: Backend; readonly steps: readonly KernelStep[] }
  | { readonly first: number; readonly host: HostStep };

export function segmentsOf(planned: readonly PlannedStep[]): readonly Segment[] {
  const segments: Segment[] = [];
  let open: { readonly first: number; readonly backend: Backend; readonly steps: KernelStep[] } | undefined;
  for (const [i, entry] of planned.entries()) {
    if (!('backend' in entry)) {
      open = undefined;
      segments.push({ first: i, host: entry.step });
    } else if (open?.backend === entry.backend) {
      open.steps.push(entry.step);
    } else {
      open = { first: i, backend: entry.backend, steps: [entry.step] };
      segments.push(open);
    }
  }
  return segments;
}

/** A segment as its backend takes it, and which of the program's values its inputs and outputs are. */
export interface RegionOfValues {
  readonly region: Region;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** `needed`: whether a value is read after the segment, or is an output of the program. */
export function regionOf(steps: readonly KernelStep[], needed: (value: Value) => boolean): RegionOfValues {
  const places = new Map<Value, number>();
  const inputs: Value[] = [];
  const outputs: Value[] = [];
  const placeOf = (value: Value, list: Value[] | undefined): number => {
    const base = baseOf(value);
    let place = places.get(base);
    if (place === undefined) {
      place = places.size;
      places.set(base, place);
      list?.push(base);
    }
    return place;
  };
  const made = steps.map(({ op, spec, inputs: operands, outputs: results }): RegionStep => {
    const given: Record<string, number | Tensor> = {};
    for (const [name, value] of Object.entries(operands))
      given[name] = value.constant ?? placeOf(value, inputs);
    const numbered: Record<string, number> = {};
    for (const [name, value] of Object.entries(results))
      numbered[name] = placeOf(value, needed(baseOf(value)) ? outputs : undefined);
    return { op, spec, inputs: given, outputs: numbered };
  });
  const numbersOf = (values: readonly Value[]): number[] => values.map((value) => places.get(value)!);
  const region = {
    values: [...places.keys()],
    inputs: numbersOf(inputs),
    outputs: numbersOf(outputs),
    steps: made,
  };
  return { region, inputs, outputs };
}

/** Whether a value is read by a step from `end` on, or is an output of the program. */
export function readersAfter(program: Program): (end: number) => (value: Value) => boolean {
  const last = new Map<Value, number>();
  for (const [i, step] of program.steps.entries())
    for (const value of touched(step).inputs) last.set(baseOf(value), i);
  for (const { value } of program.outputs) last.set(baseOf(value), Infinity);
  return (end) => (value) => (last.get(value) ?? -1) >= end;
}
