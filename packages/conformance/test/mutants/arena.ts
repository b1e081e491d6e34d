// A backend whose tensors stand side by side in one buffer, as in WebAssembly or a native heap: what is written past an end
// hits the neighbour.
import reference from '@halftone/backend-reference';
import {
  type BackendProvider,
  byteSize,
  type DeviceIO,
  type DeviceTensor,
  dtypes,
  HalftoneError,
  type KernelProvider,
  type OpName,
  sizeOf,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';

const SIZE = 1 << 26;

/** Elements that every kernel writes outside its result. */
export interface ArenaFaults {
  readonly pastEnd?: number;
  readonly beforeBegin?: number;
}

/** The reference over an arena; right where there are no faults. */
export function arena({ pastEnd = 0, beforeBegin = 0 }: ArenaFaults = {}): BackendProvider {
  return {
    ...reference,
    name: 'arena',
    async create() {
      const inner = await reference.create();
      const buffer = new ArrayBuffer(SIZE);
      let top = 64;
      let live = 0;
      let bytes = 0;
      let disposed = false;
      const view = (tensor: DeviceTensor): Tensor => tensor as unknown as Tensor;
      const alloc = (desc: TensorDesc): DeviceTensor => {
        if (disposed) throw new HalftoneError('HT_DISPOSED', 'the arena was disposed');
        const size = byteSize(desc);
        if (size > SIZE / 2) throw new HalftoneError('HT_OUT_OF_MEMORY', 'the arena is full');
        if (top + size > SIZE) throw new HalftoneError('HT_OUT_OF_MEMORY', 'the arena is full');
        const { Array: Elements } = dtypes[desc.dtype];
        const data = new Elements(buffer, top, sizeOf(desc.shape));
        top += Math.ceil(size / 8) * 8;
        live++;
        bytes += size;
        const tensor = {
          ...desc,
          data,
          disposed: false,
          dispose() {
            if (tensor.disposed) return;
            tensor.disposed = true;
            bytes -= size;
            if (--live === 0) top = 64;
          },
        };
        return tensor;
      };
      const kernels = Object.fromEntries(
        Object.entries(inner.kernels).map(([op, found]) => {
          const kernel = found as unknown as KernelProvider<object>;
          const wrapped: KernelProvider<object> = {
            supports: (spec) => kernel.supports(spec),
            prepare(spec) {
              const right = kernel.prepare(spec);
              return {
                ...right,
                run(io: DeviceIO) {
                  // The reference runs on its own tensors; the arena's get what comes out.
                  const own = Object.fromEntries(
                    Object.entries(io).map(([name, tensor]) => {
                      const held = inner.alloc(tensor);
                      inner.write(held, view(tensor));
                      return [name, held] as const;
                    }),
                  );
                  right.run(own);
                  for (const name in io) {
                    const { data } = view(io[name]!);
                    data.set(view(own[name]!).data as never);
                    own[name]!.dispose();
                  }
                  const y = io['y'];
                  if (y) spill(view(y).data, pastEnd, beforeBegin);
                },
              };
            },
          };
          return [op, wrapped];
        }),
      ) as { [O in OpName]?: never };
      return {
        name: 'arena',
        device: 'JavaScript over one buffer',
        capabilities: inner.capabilities,
        kernels,
        alloc,
        write: (dst, src) => view(dst).data.set(src.data as never),
        read: async (src) => ({ dtype: src.dtype, shape: src.shape, data: view(src).data.slice() }) as Tensor,
        sync: async () => {},
        stats: () => ({ liveTensors: live, liveBytes: bytes, packedBytes: 0 }),
        async dispose() {
          disposed = true;
          await inner.dispose();
        },
      };
    },
  };
}

function spill(data: Tensor['data'], after: number, before: number): void {
  if (data.length === 0) return;
  const { buffer, byteOffset, byteLength } = data;
  new Uint8Array(buffer, byteOffset + byteLength, after * data.BYTES_PER_ELEMENT).fill(0xee);
  const width = before * data.BYTES_PER_ELEMENT;
  new Uint8Array(buffer, byteOffset - width, width).fill(0xee);
}
