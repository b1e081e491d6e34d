import {
  codeRange,
  type CodeType,
  HalftoneError,
  type HostIO,
  type PackedWeights,
  type QConv2dSpec,
  type QGemmSpec,
  sizeOf,
  type Tensor,
  windowOutput,
  type WindowSpec,
} from '@halftone/core';
import { Call, CallKernel, type Field, numbersIn, Room } from '../call.ts';
import { type Machine, partsOf } from '../kernels.ts';

/** Numbers of types, as kernels know them. */
export const typeNumbers: Readonly<Record<string, number>> = { uint8: 0, int8: 1, int32: 2, float32: 3 };

/** A tensor as [outer, channels, inner]: parameters belong to the indices of `axis`, or one to all. */
export function channelsOf(
  shape: readonly number[],
  axis: number | undefined,
): readonly [number, number, number] {
  if (axis === undefined) return [1, 1, sizeOf(shape)];
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}

/** The lowest and highest code that an op may give. */
export function limits(
  dtype: CodeType,
  clamp: readonly [number, number] | undefined,
): readonly [number, number] {
  return clamp ?? codeRange(dtype);
}

export function isByte(dtype: string): dtype is CodeType {
  return dtype === 'int8' || dtype === 'uint8';
}

/** Elements that are cheap, so many to a part at least. */
export const LEAST_ELEMENTS = 32768;

/** Products of two codes, so many to a part at least. */
export const LEAST_PRODUCTS = 200000;

/** A kernel over [outer][channels][inner]: `operands` are x, y, scales and zero points by their names. */
export function elementsKernel(
  machine: Machine,
  name: string,
  kind: number,
  spec: { readonly shape: readonly number[]; readonly axis?: number | undefined; readonly codes: string },
  operands: readonly string[],
  [lo, hi]: readonly [number, number] = [0, 0],
): CallKernel {
  const { shape, axis, codes } = spec;
  const extents = channelsOf(shape, axis);
  const parts = partsOf(machine, sizeOf(shape), LEAST_ELEMENTS);
  const fields = [...operands, ...extents, typeNumbers[codes]!, lo, hi];
  return new CallKernel(machine, name, (hold) => [hold(new Call(machine, kind, parts, fields))]);
}

/** The fields of `Product`: what becomes of sums. */
export function productFields({ output, bias }: Pick<QGemmSpec | QConv2dSpec, 'output' | 'bias'>): Field[] {
  const dtype = output.type === 'codes' ? output.dtype : output.type;
  const [lo, hi] = output.type === 'codes' ? limits(output.dtype as CodeType, output.clamp) : [0, 0];
  const each = output.type !== 'int32' && output.multiplier === 'per-channel';
  return [
    'y',
    'bias',
    'multiplier',
    'zeroPoint',
    typeNumbers[dtype]!,
    Number(bias === 'float32'),
    Number(each),
    lo,
    hi,
  ];
}

/** Runs the call that packs weights, whose arrays are in the host, into a room of so many bytes. */
export function packed(
  machine: Machine,
  layout: string,
  bytes: number,
  weights: HostIO,
  callTo: (address: number) => Call,
): Room {
  const room = new Room(machine, layout, bytes);
  const io: Record<string, number> = {};
  let call: Call | undefined;
  try {
    for (const [name, tensor] of Object.entries(weights)) io[name] = upload(machine, tensor);
    call = callTo(room.address);
    call.bind(io);
    machine.kernels.run(call.address);
    return room;
  } catch (error) {
    room.dispose();
    throw error;
  } finally {
    call?.dispose();
    for (const address of Object.values(io)) machine.heap.free(address);
  }
}

/** Weights that this backend packed. Throws HT_INVALID_ARGUMENT for those of another. */
export function roomOf(op: string, weights: PackedWeights | undefined): Room | undefined {
  if (weights === undefined || weights instanceof Room) return weights;
  throw new HalftoneError('HT_INVALID_ARGUMENT', `${op}: these weights were packed by another backend`);
}

/** A window over an image in the heap, as kernels read it. */
export function windowIn(machine: Machine, spec: WindowSpec): Room {
  const { n, h, w, c, kernel, strides, pads, dilations } = spec;
  const numbers = [n, h, w, c, ...kernel, ...strides, pads[0], pads[1], ...dilations, ...windowOutput(spec)];
  return numbersIn(machine, 'window', numbers);
}

/** A host tensor in the heap; the caller frees it. */
export function upload({ heap }: Machine, tensor: Tensor): number {
  const address = heap.allocate(tensor.data.byteLength);
  heap.write(address, tensor);
  return address;
}
