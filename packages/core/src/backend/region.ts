// Ops that a backend may run as one, from host tensors to host tensors.
import { HalftoneError } from '../errors.ts';
import { catalogue, type OpName, type OpSpecs } from '../ops/catalogue.ts';
import type { Descs, OpDefinition } from '../ops/definition.ts';
import { byteSize, sizeOf, type Tensor, type TensorDesc } from '../tensor.ts';

/** One op of a region. */
export interface RegionStep<O extends OpName = OpName> {
  readonly op: O;
  readonly spec: OpSpecs[O];
  /** Operands by name: a constant, or which of the region's values. */
  readonly inputs: Readonly<Record<string, number | Tensor>>;
  /** Which of the region's values each result is. */
  readonly outputs: Readonly<Record<string, number>>;
}

/** Steps in their order, on values that are inputs of the region or results of one earlier step. */
export interface Region {
  /** Everything that is no constant; steps name values by their places here. */
  readonly values: readonly TensorDesc[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly steps: readonly RegionStep[];
}

/** A region made ready. */
export interface Executable {
  /** Name of the code that runs, for `explain()` and benchmarks. */
  readonly variant: string;
  /** Host tensors of the region's inputs, in their order, to those of its outputs, which are the caller's own. */
  run(inputs: readonly Tensor[]): readonly Tensor[] | Promise<readonly Tensor[]>;
  dispose(): void;
}

/**
 * Checks that a region can be run in the order of its steps.
 * Throws HT_INVALID_ARGUMENT for values that are read before they are there, written twice or never; HT_DTYPE_MISMATCH and
 * HT_SHAPE_MISMATCH for operands that do not fit; and what the checks of the specs throw.
 */
export function checkRegion({ values, inputs, outputs, steps }: Region): void {
  const known = new Set<number>();
  const results = new Set<number>();
  const define = (value: number, name: string): void => {
    if (values[value] === undefined || known.has(value))
      throw invalid(`${name}: there is no value ${value}, or it is defined twice`, { value });
    known.add(value);
  };
  for (const input of inputs) define(input, 'input');
  for (const { op, spec, inputs: operands, outputs: given } of steps) {
    const definition = catalogue[op] as OpDefinition<typeof spec>;
    definition.check(spec);
    const [wanted, made] = [definition.inputs(spec), definition.outputs(spec)];
    requireNames(op, wanted, operands);
    requireNames(op, made, given);
    for (const [name, operand] of Object.entries(operands)) {
      if (typeof operand === 'number' && !known.has(operand))
        throw invalid(`${op}: operand ${name}, value ${operand}, is read before it is there`, {
          op,
          operand: name,
        });
      const found = typeof operand === 'number' ? values[operand]! : operand;
      requireDesc(op, name, wanted[name]!, found);
      if (typeof operand !== 'number') requireElements(op, name, operand);
    }
    for (const [name, value] of Object.entries(given)) {
      define(value, `${op}, result ${name}`);
      requireDesc(op, name, made[name]!, values[value]!);
      results.add(value);
    }
  }
  for (const output of outputs)
    if (!results.delete(output))
      throw invalid(`output, value ${output}, is the result of no step, or is listed twice`, {
        value: output,
      });
}

/** Checks the tensors of a run against the region's inputs. Throws HT_DTYPE_MISMATCH, HT_SHAPE_MISMATCH, HT_INVALID_ARGUMENT. */
export function checkRegionInputs({ values, inputs }: Region, given: readonly Tensor[]): void {
  if (given.length !== inputs.length)
    throw invalid(`the region takes ${inputs.length} inputs, not ${given.length}`, { inputs: given.length });
  for (const [i, value] of inputs.entries()) {
    requireDesc('region', `input ${i}`, values[value]!, given[i]!);
    requireElements('region', `input ${i}`, given[i]!);
  }
}

function requireNames(op: OpName, wanted: Descs, given: Readonly<Record<string, unknown>>): void {
  for (const name in { ...wanted, ...given })
    if (wanted[name] === undefined || given[name] === undefined)
      throw invalid(`${op}: operand ${name} is missing, or is none of this spec`, { op, operand: name });
}

function requireDesc(op: string, name: string, wanted: TensorDesc, given: TensorDesc): void {
  if (wanted.dtype !== given.dtype)
    throw new HalftoneError(
      'HT_DTYPE_MISMATCH',
      `${op}: ${name} is ${given.dtype}, ${wanted.dtype} is needed`,
      { op, operand: name },
    );
  if (sizeOf(wanted.shape) !== sizeOf(given.shape)) throw misfit(op, name, wanted.shape);
}

function requireElements(op: string, name: string, { dtype, shape, data }: Tensor): void {
  if (data.length * data.BYTES_PER_ELEMENT !== byteSize({ dtype, shape })) throw misfit(op, name, shape);
}

function misfit(op: string, name: string, shape: readonly number[]): HalftoneError {
  return new HalftoneError('HT_SHAPE_MISMATCH', `${op}: ${name} does not fill [${shape.join(', ')}]`, {
    op,
    operand: name,
    expected: shape,
  });
}

function invalid(message: string, details: object): HalftoneError {
  return new HalftoneError('HT_INVALID_ARGUMENT', message, { ...details });
}
