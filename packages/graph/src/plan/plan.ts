import {
  type Backend,
  byteSize,
  floatOperations,
  HalftoneError,
  type NumericClass,
  numericClassOf,
  sizeOf,
} from '@halftone/core';
import { describe } from '../edit.ts';
import type { Node } from '../ir.ts';
import { baseOf } from '../lower/lowering.ts';
import { type HostStep, type KernelStep, type Program, touched, type Value } from '../lower/program.ts';

export interface PlanOptions {
  /** In order of preference. */
  readonly backends: readonly Backend[];
  /** Every op must run on the first backend; else the next one that supports it takes it. */
  readonly strict?: boolean | undefined;
  /** Refuse a plan whose results may differ between machines. */
  readonly exact?: boolean | undefined;
}

export type PlannedStep =
  | {
      readonly step: KernelStep;
      readonly backend: Backend;
      readonly reason: string;
      readonly numericClass: NumericClass;
    }
  | { readonly step: HostStep };

/** One row of `explain()`. */
export interface PlanRow {
  /** The graph's nodes that the step computes, fused ones joined by `+`. */
  readonly nodes: string;
  readonly op: string;
  /** `host` for a few scalars worked out between ops. */
  readonly backend: string;
  /** Why this backend: the first choice, or what the others said. */
  readonly reason: string;
  readonly numericClass: NumericClass;
  /** Float operations of a run, by the op's formula; 0 for moves and for integer ops in fixed point. */
  readonly floatOperations: number;
  /** Bytes of operands and results that are no constants, and of those the bytes that come from another backend. */
  readonly bytes: number;
  readonly bytesMoved: number;
}

export interface Plan {
  readonly program: Program;
  readonly steps: readonly PlannedStep[];
  /** Every step computes the bits of its formula, so that results are the same on every machine. */
  readonly exact: boolean;
  /** The first step that does not. */
  readonly firstInexact: PlanRow | undefined;
  explain(): readonly PlanRow[];
}

/**
 * Chooses a backend for each step: the first in order that supports its spec.
 * Throws HT_UNSUPPORTED, naming the node and each backend's reason, where none does, where `strict` forbids the next one,
 * or where `exact` was asked for and a step is only `f32-relaxed`.
 */
export function plan(program: Program, options: PlanOptions): Plan {
  const steps = program.steps.map((step) => (step.kind === 'host' ? { step } : choose(step, options)));
  let rows: readonly PlanRow[] | undefined;
  const explain = (): readonly PlanRow[] => (rows ??= explainSteps(program, steps));
  const firstInexact = explain().find((row) => row.numericClass === 'f32-relaxed');
  if (options.exact && firstInexact) {
    throw new HalftoneError(
      'HT_UNSUPPORTED',
      `${firstInexact.nodes}: ${firstInexact.op} on ${firstInexact.backend} is not exact; leave exact out, or put another backend first`,
      { node: firstInexact.nodes, op: firstInexact.op, backend: firstInexact.backend },
    );
  }
  return { program, steps, exact: firstInexact === undefined, firstInexact, explain };
}

function choose(step: KernelStep, { backends, strict }: PlanOptions): PlannedStep {
  const refusals: string[] = [];
  for (const backend of strict ? backends.slice(0, 1) : backends) {
    const answer = backend.supports(step.op, step.spec);
    if (answer === true) {
      return {
        step,
        backend,
        reason: refusals.join('; ') || 'first choice',
        numericClass: numericClassOf(
          step.op,
          step.spec,
          backend.capabilities.numericClass[step.op] ?? 'f32-relaxed',
        ),
      };
    }
    refusals.push(`${backend.name}: ${answer.reason}`);
  }
  throw new HalftoneError(
    'HT_UNSUPPORTED',
    `${names(step.nodes)}: no backend runs ${step.op} (${refusals.join('; ') || 'none was given'})`,
    { op: step.op, spec: step.spec, node: names(step.nodes) },
  );
}

function names(nodes: readonly Node[]): string {
  return nodes.map(describe).join(' + ');
}

function explainSteps(program: Program, steps: readonly PlannedStep[]): PlanRow[] {
  // A value stays where it was brought, so that a second reader there moves nothing.
  const homes = new Map<Value, Set<Backend | 'host'>>();
  for (const input of program.inputs.values()) homes.set(input, new Set(['host']));
  return steps.map((planned) => {
    const { step } = planned;
    const place = 'backend' in planned ? planned.backend : 'host';
    const { inputs, outputs } = touched(step);
    const moving = inputs.filter((value) => value.constant === undefined);
    const foreign = moving.filter((value) => !homes.get(baseOf(value))?.has(place));
    for (const value of foreign) homes.get(baseOf(value))?.add(place);
    for (const output of outputs) homes.set(output, new Set([place]));
    const bytes = (values: readonly Value[]): number =>
      values.reduce((sum, value) => sum + byteSize(value), 0);
    return {
      nodes: names(step.nodes),
      op: step.kind === 'host' ? step.label : step.op,
      backend: place === 'host' ? 'host' : place.name,
      reason: 'reason' in planned ? planned.reason : 'scalars',
      numericClass: 'numericClass' in planned ? planned.numericClass : 'exact',
      floatOperations: step.kind === 'host' ? sizeOf(step.output.shape) : floatOperations(step.op, step.spec),
      bytes: bytes([...moving, ...outputs]),
      bytesMoved: bytes(foreign),
    };
  });
}
