// A driver with one block of memory, where writing past the end of a tensor hits the next one.
import {
  type BackendDriver,
  type BackendProvider,
  byteSize,
  type DeviceIO,
  type DeviceTensor,
  dtypes,
  HalftoneError,
  type HostIO,
  type HostOp,
  isExactOp,
  type KernelTable,
  opNames,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';
import { type Elements, hostOf, type Ops, right } from './mutate.ts';

const ARENA = 16 * 1024 * 1024;
const ALIGN = 8;

/** What an arena does wrong. */
export interface ArenaBugs {
  /** Bytes that an allocation takes; default its size, rounded up to 8. */
  readonly reserve?: (bytes: number) => number;
  /** A block that is disposed twice is free twice. */
  readonly freesTwice?: boolean;
}

interface Block {
  readonly at: number;
  readonly bytes: number;
}

/** A provider whose tensors stand side by side in one buffer, with the reference's ops but for `ops`. */
export function arena(ops: Partial<Ops> = {}, bugs: ArenaBugs = {}): BackendProvider {
  const all = { ...right, ...ops };
  const numericClass = Object.fromEntries(opNames.map((op) => [op, isExactOp(op) ? 'exact' : 'f32-ieee']));
  return {
    spec: 'backend/1',
    name: 'mutant',
    probe: async () => ({ available: true, device: 'one block of memory' }),
    create: async () => createArena(all, numericClass as never, bugs),
  };
}

function createArena(
  ops: Ops,
  numericClass: BackendDriver['capabilities']['numericClass'],
  { reserve = (bytes) => Math.ceil(bytes / ALIGN) * ALIGN, freesTwice = false }: ArenaBugs,
): BackendDriver {
  const buffer = new ArrayBuffer(ARENA);
  const free = new Map<number, number[]>();
  let [next, liveTensors, liveBytes] = [0, 0, 0];
  const take = (bytes: number): Block => {
    const found = free.get(bytes)?.pop();
    if (found !== undefined) return { at: found, bytes };
    if (next + bytes > ARENA) throw new HalftoneError('HT_OUT_OF_MEMORY', `no memory for ${bytes} bytes`);
    const at = next;
    next += bytes;
    return { at, bytes };
  };
  const give = ({ at, bytes }: Block): void => {
    if (liveTensors === 0 && !freesTwice) {
      free.clear();
      next = 0;
    } else free.set(bytes, [...(free.get(bytes) ?? []), at]);
  };
  const alloc = (desc: TensorDesc): DeviceTensor => {
    const size = byteSize(desc);
    const block = take(reserve(size));
    let disposed = false;
    liveTensors++;
    liveBytes += size;
    const tensor = {
      dtype: desc.dtype,
      shape: desc.shape,
      data: new dtypes[desc.dtype].Array(buffer, block.at, size / dtypes[desc.dtype].bytes),
      get disposed() {
        return disposed;
      },
      dispose() {
        if (disposed) {
          if (freesTwice) give(block);
          return;
        }
        disposed = true;
        liveTensors--;
        liveBytes -= size;
        give(block);
      },
    };
    return tensor;
  };
  const kernels = Object.fromEntries(
    opNames.map((op) => [
      op,
      {
        supports: () => true,
        prepare: (spec: never) => ({
          variant: op,
          run: (io: DeviceIO) => (ops[op] as HostOp<never>)(spec, io as unknown as HostIO),
          dispose() {},
        }),
      },
    ]),
  );
  return {
    name: 'mutant',
    device: 'one block of memory',
    capabilities: Object.freeze({ numericClass: Object.freeze(numericClass) }),
    kernels: kernels as unknown as KernelTable,
    alloc,
    write: (dst, src) => (hostOf(dst).data as Elements).set(src.data as Elements),
    read: async (src) => ({ dtype: src.dtype, shape: src.shape, data: hostOf(src).data.slice() }) as Tensor,
    sync: async () => {},
    stats: () => ({ liveTensors, liveBytes, packedBytes: 0 }),
    dispose: async () => {},
  };
}

/** Writes `value` to `count` elements from element `from` of a tensor, past its end as well. */
export function writePast(tensor: Tensor, from: number, count: number, value: number): void {
  const { buffer, byteOffset, BYTES_PER_ELEMENT } = tensor.data;
  const at = byteOffset + from * BYTES_PER_ELEMENT;
  const end = Math.min(at + count * BYTES_PER_ELEMENT, buffer.byteLength);
  if (at < 0 || end <= at) return;
  const Ctor = dtypes[tensor.dtype].Array;
  const view = new Ctor(buffer, at, Math.floor((end - at) / BYTES_PER_ELEMENT));
  view.fill((tensor.dtype === 'int64' ? BigInt(value) : value) as never);
}
