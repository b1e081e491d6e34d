// What mutants are made of: the reference's ops over host arrays, with single ones replaced.
import reference from '@halftone/backend-reference';
import {
  type BackendProvider,
  type DeviceTensor,
  dtypes,
  type HostIO,
  hostBackend,
  type HostOp,
  isExactOp,
  type OpName,
  opNames,
  type OpSpecs,
  sizeOf,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';

/** A backend with one bug that a quantization library could have. */
export interface Mutant {
  readonly name: string;
  /** The cause, in a sentence. */
  readonly bug: string;
  /** What it breaks: ops, and laws as `law/counters`. */
  readonly ops: readonly string[];
  readonly provider: BackendProvider;
}

export type Ops = { readonly [O in OpName]: HostOp<OpSpecs[O]> };

const driver = await reference.create();

function rightOp(op: OpName): HostOp<never> {
  return (spec, io) => {
    const operands = Object.fromEntries(
      Object.entries(io).map(([name, { dtype, shape, data }]) => {
        const empty = driver.alloc({ dtype, shape: [0] });
        return [name, Object.assign(empty, { shape, data })];
      }),
    );
    driver.kernels[op]!.prepare(spec).run(operands);
  };
}

/** The reference's ops over host arrays. */
export const right = Object.fromEntries(opNames.map((op) => [op, rightOp(op)])) as unknown as Ops;

/** A host backend with the reference's ops, but for `changes`. */
export function withOps(changes: Partial<Ops> = {}): BackendProvider {
  return hostBackend({
    name: 'mutant',
    device: 'host memory',
    numericClass: (op) => (isExactOp(op) ? 'exact' : 'f32-ieee'),
    ops: { ...right, ...changes },
  });
}

/** A mutant with one wrong op. */
export function wrongOp<O extends OpName>(op: O, name: string, bug: string, run: HostOp<OpSpecs[O]>): Mutant {
  return { name: `${op}: ${name}`, bug, ops: [op], provider: withOps({ [op]: run } as Partial<Ops>) };
}

/** A mutant that runs an op with another spec or other operands than it was given. */
export function wrongCall<O extends OpName>(
  op: O,
  name: string,
  bug: string,
  change: (spec: OpSpecs[O], io: HostIO) => readonly [spec: OpSpecs[O], io: HostIO],
): Mutant {
  return wrongOp(op, name, bug, (spec, io) => (right[op] as HostOp<OpSpecs[O]>)(...change(spec, io)));
}

/** Elements of every type whose elements are numbers. */
export type Elements = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array;

export function elements(io: HostIO, name: string): Elements {
  return io[name]!.data as Elements;
}

export function scalar(io: HostIO, name: string): number {
  return elements(io, name)[0]!;
}

/** Element `i` of a list with one for each channel, or with one for all. */
export function each(list: Elements, i: number): number {
  return list[list.length === 1 ? 0 : i]!;
}

/** Operands with other elements of one. */
export function put(io: HostIO, name: string, data: ArrayLike<number>): HostIO {
  const { dtype, shape } = io[name]!;
  return { ...io, [name]: fresh({ dtype, shape }, data) };
}

/** A tensor of its own with these elements, or with zeros. */
export function fresh(desc: TensorDesc, data?: ArrayLike<number>): Tensor {
  const array = new dtypes[desc.dtype].Array(sizeOf(desc.shape)) as Elements;
  if (data) array.set(data);
  return { ...desc, data: array } as Tensor;
}

/** The memory of a tensor of a host backend. */
export function hostOf(tensor: DeviceTensor): Tensor {
  return tensor as unknown as Tensor;
}

export function hostIO(io: Readonly<Record<string, DeviceTensor>>): HostIO {
  return io as unknown as HostIO;
}

/** A tensor whose memory can be taken away. */
export interface Mutable {
  data: unknown;
}
