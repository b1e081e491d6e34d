import { describe, expect, it } from 'vitest';
import {
  type BackendProvider,
  type DeviceDriverOptions,
  deviceDriver,
  HalftoneError,
  openBackend,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { codeOf } from './support.ts';

/** What a device of the tests saw; handles are numbers. */
interface Device {
  readonly arrays: Map<number, Tensor>;
  readonly waiting: (() => void)[];
  freed: number[];
  ended: number;
}

const newDevice = (): Device => ({ arrays: new Map(), waiting: [], freed: [], ended: 0 });

/** A queue: work is done when somebody waits. */
function queued(device: Device, most = Infinity): BackendProvider {
  let next = 1;
  const flush = (): void => {
    for (const work of device.waiting.splice(0)) work();
  };
  const options: DeviceDriverOptions<number> = {
    name: 'queued',
    device: 'test',
    numericClass: () => 'exact',
    memory: {
      allocate(desc) {
        if (device.arrays.size >= most) throw new HalftoneError('HT_OUT_OF_MEMORY', 'full');
        device.arrays.set(next, zeros(desc.dtype, desc.shape));
        return next++;
      },
      free(handle) {
        device.freed.push(handle);
        device.arrays.delete(handle);
      },
      write(handle, src) {
        const copy = { ...src, data: src.data.slice() } as Tensor;
        device.waiting.push(() => device.arrays.set(handle, copy));
      },
      async read(handle) {
        flush();
        const { dtype, shape, data } = device.arrays.get(handle)!;
        return { dtype, shape, data: data.slice() } as Tensor;
      },
    },
    ops: {
      lut256: {
        prepare: () => ({
          variant: 'lookup_later',
          run({ x, table, y }) {
            device.waiting.push(() => {
              const [codes, values, result] = [x!, table!, y!].map(
                (handle) => device.arrays.get(handle)!.data,
              );
              for (let i = 0; i < codes!.length; i++) result![i] = values![codes![i]! as number]!;
            });
          },
        }),
      },
    },
    sync: async () => flush(),
    dispose: () => void device.ended++,
  };
  return {
    spec: 'backend/1',
    name: 'queued',
    probe: async () => ({ available: true, device: 'test' }),
    create: async () => deviceDriver(options),
  };
}

const table = tensor(
  'uint8',
  Uint8Array.from({ length: 256 }, (_, i) => 255 - i),
);
const spec = { from: 'uint8', to: 'uint8', shape: [3] } as const;

describe('a driver over handles', () => {
  it('hands handles to kernels, in the order in which work was given', async () => {
    const device = newDevice();
    const backend = await openBackend(queued(device));
    const lookup = backend.prepare('lut256', spec);
    const [x, t] = [backend.upload(tensor('uint8', [1, 2, 3])), backend.upload(table)];
    const [y, z] = [backend.alloc(x), backend.alloc(x)];
    lookup.run({ x, table: t, y });
    lookup.run({ x: y, table: t, y: z });
    expect(device.waiting).toHaveLength(4);
    expect([(await backend.read(y)).data, (await backend.read(z)).data]).toEqual([
      Uint8Array.of(254, 253, 252),
      Uint8Array.of(1, 2, 3),
    ]);
    expect(lookup.variant).toBe('lookup_later');
  });

  it('frees each handle once, and counts', async () => {
    const device = newDevice();
    const backend = await openBackend(queued(device));
    const [a, b] = [
      backend.alloc({ dtype: 'int32', shape: [5] }),
      backend.alloc({ dtype: 'uint8', shape: [0] }),
    ];
    expect(backend.stats()).toEqual({ liveTensors: 2, liveBytes: 20, packedBytes: 0 });
    for (const each of [a, a, b, b]) each.dispose();
    expect(backend.stats()).toEqual({ liveTensors: 0, liveBytes: 0, packedBytes: 0 });
    expect(device.freed).toEqual([1, 2]);
    await backend.dispose();
    await backend.dispose();
    expect(device.ended).toBe(1);
    expect(await codeOf(() => backend.alloc({ dtype: 'uint8', shape: [1] }))).toBe('HT_DISPOSED');
  });

  it('refuses tensors after their disposal, and those of another instance', async () => {
    const [one, other] = await Promise.all([
      openBackend(queued(newDevice())),
      openBackend(queued(newDevice())),
    ]);
    const mine = one.alloc({ dtype: 'uint8', shape: [3] });
    expect(await codeOf(() => other.read(mine))).toBe('HT_INVALID_ARGUMENT');
    mine.dispose();
    expect(await codeOf(() => one.read(mine))).toBe('HT_DISPOSED');
  });

  it('counts nothing where there was no memory, and goes on', async () => {
    const backend = await openBackend(queued(newDevice(), 1));
    const only = backend.alloc({ dtype: 'uint8', shape: [3] });
    expect(await codeOf(() => backend.alloc({ dtype: 'uint8', shape: [3] }))).toBe('HT_OUT_OF_MEMORY');
    expect(backend.stats()).toEqual({ liveTensors: 1, liveBytes: 3, packedBytes: 0 });
    only.dispose();
    expect(await codeOf(() => backend.alloc({ dtype: 'uint8', shape: [3] }))).toBe('none');
  });
});
