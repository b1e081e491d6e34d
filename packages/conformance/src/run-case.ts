import {
  type Backend,
  catalogue,
  dtypes,
  type HostIO,
  isHalftoneError,
  type NumericClass,
  numericClassOf,
  type OpDefinition,
  sameShape,
  sizeOf,
  type Tensor,
  tensor,
  type TensorDesc,
} from '@halftone/core';
import type { Case } from './case.ts';
import { compare, type Mismatch } from './compare.ts';
import { operandsOf, resultsOf } from './operands.ts';
import { tolerancesOf } from './tolerance.ts';

/** How an operand reaches the kernel: uploaded with the others, or handed over when the op is prepared, to be packed. */
export type Path = 'call' | 'prepared';

/** What became of a case on a backend. */
export type Outcome =
  | { readonly status: 'passed'; readonly variant: string }
  | { readonly status: 'skipped'; readonly reason: string }
  | { readonly status: 'failed'; readonly failure: Failure };

export interface Failure {
  readonly case: string;
  readonly path: Path;
  /** The kernel's own name, where it got as far as that. */
  readonly variant?: string;
  /** What went wrong, in a sentence. */
  readonly message: string;
  readonly mismatch?: Mismatch;
}

/** Who knows the right results. */
export type Oracle = (item: Case) => Promise<Readonly<Record<string, Tensor>>>;

/** An oracle that asks another backend, and only for what the case does not know itself. */
export function oracleOf(backend: Backend): Oracle {
  return async (item) => {
    const stated = statedBy(item);
    const all = Object.keys(resultsOf(item)).every((name) => stated[name] !== undefined);
    return all ? stated : { ...(await backend.call(item.op, item.spec, operandsOf(item))), ...stated };
  };
}

/** Results that a case states itself. */
function statedBy(item: Case): Record<string, Tensor> {
  const { expected = {} } = item;
  return Object.fromEntries(
    Object.entries(resultsOf(item)).flatMap(([name, { dtype, shape }]) => {
      const values = expected[name];
      if (values === undefined) return [];
      const data = dtype === 'int64' ? values.map(BigInt) : [...values];
      return [[name, tensor(dtype, data as number[], shape)]];
    }),
  );
}

/** Runs a case in each way that its op can be run, and compares what comes out with what the oracle says. */
export async function runCase(item: Case, backend: Backend, oracle: Oracle): Promise<Outcome> {
  let supported: ReturnType<Backend['supports']>;
  try {
    supported = backend.supports(item.op, item.spec);
  } catch (error) {
    const message = `supports() threw ${nameOf(error)}`;
    return { status: 'failed', failure: { case: item.id, path: 'call', message } };
  }
  if (supported !== true) return { status: 'skipped', reason: supported.reason };
  const operands = operandsOf(item);
  const expected = await oracle(item);
  const declared = backend.capabilities.numericClass[item.op] ?? 'exact';
  const numericClass = numericClassOf(item.op, item.spec, declared);
  const tolerances = tolerancesOf(item, operands);
  const { packable = [] } = catalogue[item.op] as OpDefinition<Case['spec']>;
  const paths: Path[] = packable.length > 0 ? ['call', 'prepared'] : ['call'];
  let variant = '';
  for (const path of paths) {
    const failed = (message: string, mismatch?: Mismatch): Outcome => ({
      status: 'failed',
      failure: {
        case: item.id,
        path,
        message,
        ...(variant === '' ? {} : { variant }),
        ...(mismatch && { mismatch }),
      },
    });
    let results: Record<string, Tensor>;
    try {
      const run = await runOnce(backend, item, operands, path === 'prepared' ? packable : []);
      ({ variant, results } = run);
    } catch (error) {
      return failed(`supports() said yes, and it threw ${nameOf(error)}`);
    }
    const wrong = compareAll(expected, results, numericClass, tolerances);
    if (wrong)
      return failed(
        typeof wrong === 'string' ? wrong : messageOf(wrong),
        typeof wrong === 'string' ? undefined : wrong,
      );
  }
  return { status: 'passed', variant };
}

/** Runs an op on uploaded operands; those in `weights` are handed over when it is prepared. */
async function runOnce(
  backend: Backend,
  item: Case,
  operands: HostIO,
  weights: readonly string[],
): Promise<{ variant: string; results: Record<string, Tensor> }> {
  const handed = Object.fromEntries(weights.map((name) => [name, operands[name]!]));
  const prepared = backend.prepare(item.op, item.spec, handed);
  const io: Record<string, ReturnType<Backend['alloc']>> = {};
  try {
    for (const name in operands) if (!weights.includes(name)) io[name] = backend.upload(operands[name]!);
    const outputs = resultsOf(item);
    for (const name in outputs) io[name] = backend.upload(used(outputs[name]!));
    prepared.run(io);
    const results: Record<string, Tensor> = {};
    for (const name in outputs) results[name] = await backend.read(io[name]!);
    return { variant: prepared.variant, results };
  } finally {
    prepared.dispose();
    for (const name in io) io[name]!.dispose();
  }
}

/** Memory as an earlier result left it: the contents of what is allocated are unspecified, and no run may count on them. */
export function used({ dtype, shape }: TensorDesc): Tensor {
  const data = new dtypes[dtype].Array(sizeOf(shape));
  const value =
    dtype === 'float32' ? NaN : dtype === 'int64' ? 9223372036854775807n : dtypes[dtype].range![1];
  data.fill(value as never);
  return { dtype, shape, data } as Tensor;
}

function compareAll(
  expected: Readonly<Record<string, Tensor>>,
  results: Readonly<Record<string, Tensor>>,
  numericClass: NumericClass,
  tolerances: Readonly<Record<string, Float64Array>>,
): Mismatch | string | undefined {
  for (const [name, wanted] of Object.entries(expected)) {
    const got = results[name];
    if (
      got === undefined ||
      got.dtype !== wanted.dtype ||
      !sameShape(got.shape, wanted.shape) ||
      !(got.data instanceof dtypes[wanted.dtype].Array) ||
      got.data.length !== wanted.data.length
    )
      return `read() gave ${got?.dtype} [${got?.shape.join(', ')}] in ${got?.data.constructor.name} for ${name}, ${wanted.dtype} [${wanted.shape.join(', ')}] was allocated`;
    const mismatch = compare(name, wanted, got, numericClass, tolerances[name]);
    if (mismatch) return mismatch;
  }
  return undefined;
}

function messageOf({ output, place, expected, got, wrong, count }: Mismatch): string {
  return `${output}[${place.join(', ')}] is ${got}, ${expected} is right; ${wrong} of ${count} elements are wrong`;
}

/** An error in a few words. */
export function nameOf(error: unknown): string {
  if (isHalftoneError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
