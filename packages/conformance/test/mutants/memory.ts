// Mistakes with counters, and with copies that are none.
import {
  type BackendDriver,
  byteSize,
  type HostIO,
  type HostOp,
  type KernelProvider,
  type OpName,
  type Tensor,
} from '@halftone/core';
import { allocating, kernelsOf, wrongDriver } from './drivers.ts';
import { hostIO, hostOf, type Mutable, type Mutant, right } from './mutate.ts';

/** A kernel provider that packs weights by copying them, with what `hold` makes of the copy. */
export interface Packing {
  /** What is kept of the weights; default copies. */
  readonly hold?: (weights: HostIO, key: string) => HostIO;
  /** Called with the bytes of packed weights that come and go. */
  readonly count?: (bytes: number, key: string) => void;
}

const copied = (weights: HostIO): HostIO =>
  Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => [
      name,
      { ...weight, data: weight.data.slice() } as Tensor,
    ]),
  );

/** The kernels of an op that has weights, with its weights packed. */
function packing(op: OpName, { hold = copied, count = () => {} }: Packing): KernelProvider<never> {
  return {
    supports: () => true,
    pack(spec: never, weights) {
      const key = JSON.stringify(spec);
      const bytes = Object.values(weights).reduce((sum, weight) => sum + byteSize(weight), 0);
      let disposed = false;
      count(bytes, key);
      return Object.assign(
        {
          layout: 'copy',
          byteLength: bytes,
          dispose() {
            if (!disposed) count(-bytes, key);
            disposed = true;
          },
        },
        { held: hold(weights, key) },
      );
    },
    prepare(spec: never, packed) {
      const { held = {} } = (packed ?? {}) as { held?: HostIO };
      return {
        variant: `${op}_packed`,
        run: (io) => (right[op] as HostOp<never>)(spec, { ...hostIO(io), ...held }),
        dispose() {},
      };
    },
  };
}

const weighty = ['qgemm', 'qconv2d', 'gemm', 'conv2d'] as const;

/** A driver that packs the weights of products. */
export function packed(driver: BackendDriver, make: () => Packing): Partial<BackendDriver> {
  let bytes = 0;
  const kernels = kernelsOf(
    driver,
    (_, op) => {
      const { count, ...rest } = make();
      return packing(op, {
        ...rest,
        count: count ?? ((change) => (bytes += change)),
      });
    },
    weighty,
  );
  return { kernels, stats: () => ({ ...driver.stats(), packedBytes: bytes }) };
}

/** Packs a column of B for one row otherwise than for many, and unpacks it for the rows that it is asked for. */
const byRows: Mutant = wrongDriver(
  'packs for the rows that it is asked for',
  'a matrix times a vector has a layout of its own, which the product of many rows reads as its own',
  ['law/packed-once'],
  (driver) => {
    const made = packed(driver, () => ({}));
    const kernel = made.kernels!.qgemm!;
    const rowsOf = new WeakMap<object, number>();
    return {
      ...made,
      kernels: {
        ...made.kernels,
        qgemm: {
          ...kernel,
          pack(spec, weights) {
            const own = kernel.pack!(spec, weights);
            rowsOf.set(own, spec.m);
            return own;
          },
          prepare(spec, own) {
            const other = own !== undefined && (rowsOf.get(own) === 1) !== (spec.m === 1);
            return kernel.prepare(other ? { ...spec, transposeB: !spec.transposeB } : spec, own);
          },
        },
      },
    };
  },
);

let everywhere = 0;

const counting: readonly Mutant[] = [
  byRows,
  wrongDriver('leaks', 'dispose() gives no tensor back', ['law/counters'], (driver) => {
    let tensors = 0;
    return {
      alloc: allocating(driver, () => tensors++),
      stats: () => ({ ...driver.stats(), liveTensors: tensors }),
    };
  }),
  wrongDriver('leaks bytes', 'dispose() counts the tensor, and not its bytes', ['law/counters'], (driver) => {
    let bytes = 0;
    return {
      alloc: allocating(driver, (_, desc) => (bytes += byteSize(desc))),
      stats: () => ({ ...driver.stats(), liveBytes: bytes }),
    };
  }),
  wrongDriver('counts a second dispose()', 'dispose() counts down each time', ['law/counters'], (driver) => {
    let twice = 0;
    return {
      alloc: allocating(driver, (tensor) => {
        const dispose = tensor.dispose.bind(tensor);
        tensor.dispose = () => {
          if (tensor.disposed) twice++;
          dispose();
        };
      }),
      stats: () => {
        const stats = driver.stats();
        return { ...stats, liveTensors: stats.liveTensors - twice };
      },
    };
  }),
  wrongDriver(
    'throws at a second dispose()',
    'free() of what is freed',
    ['law/counters', 'law/endings'],
    (driver) => ({
      alloc: allocating(driver, (tensor) => {
        const dispose = tensor.dispose.bind(tensor);
        tensor.dispose = () => {
          if (tensor.disposed) throw new Error('double free');
          dispose();
        };
      }),
    }),
  ),
  wrongDriver(
    'never says disposed',
    'disposed tensors can be read and written',
    ['law/counters', 'law/endings'],
    (driver) => ({
      alloc: allocating(driver, (tensor) => Object.defineProperty(tensor, 'disposed', { value: false })),
    }),
  ),
  wrongDriver(
    'counts for all instances',
    'the counters are those of the module',
    ['law/isolation'],
    (driver) => ({
      alloc: allocating(driver, (tensor) => {
        everywhere++;
        const dispose = tensor.dispose.bind(tensor);
        tensor.dispose = () => {
          if (!tensor.disposed) everywhere--;
          dispose();
        };
      }),
      stats: () => ({ ...driver.stats(), liveTensors: everywhere }),
    }),
  ),
  ...(['liveTensors', 'liveBytes'] as const).map((counter) =>
    wrongDriver(
      `counts what was not allocated in ${counter}`,
      'the counter goes up before memory is asked for',
      ['law/recovery'],
      (driver) => {
        let failed = 0;
        return {
          alloc(desc) {
            try {
              return driver.alloc(desc);
            } catch (error) {
              failed += 1;
              throw error;
            }
          },
          stats: () => ({ ...driver.stats(), [counter]: driver.stats()[counter] + failed }),
        };
      },
    ),
  ),
  wrongDriver(
    'keeps packed weights',
    'packed weights are not given back with their op',
    ['law/counters'],
    (driver) => {
      let bytes = 0;
      return {
        ...packed(driver, () => ({ count: (change) => (bytes += Math.max(0, change)) })),
        stats: () => ({ ...driver.stats(), packedBytes: bytes }),
      };
    },
  ),
  wrongDriver(
    'does not count packed weights',
    'packed weights are in no counter',
    ['law/counters'],
    (driver) => packed(driver, () => ({ count: () => {} })),
  ),
];

/** Kernels of one op whose weights are kept by a key, while any op with that key lives. */
function cached(keyOf: (weights: HostIO, key: string) => string): () => Packing {
  return () => {
    const kept = new Map<string, { held: HostIO; users: number }>();
    return {
      hold(weights, spec) {
        const entry = kept.get(keyOf(weights, spec)) ?? { held: copied(weights), users: 0 };
        kept.set(keyOf(weights, spec), entry);
        return entry.held;
      },
    };
  };
}

const copying: readonly Mutant[] = [
  wrongDriver(
    'write() keeps the host array',
    'the array is taken over, and copied when it is needed',
    ['law/copies'],
    () => ({
      write(dst, src) {
        (dst as unknown as Mutable).data = src.data;
      },
    }),
  ),
  wrongDriver(
    'read() gives the memory itself',
    'a view is given, where a copy is due',
    ['law/copies'],
    () => ({
      read: async (src) => ({ dtype: src.dtype, shape: src.shape, data: hostOf(src).data }) as Tensor,
    }),
  ),
  wrongDriver('read() gives one array', 'each tensor has one staging buffer', ['law/copies'], (driver) => {
    const staging = new WeakMap<object, Tensor>();
    return {
      async read(src) {
        const got = await driver.read(src);
        const known = staging.get(src) ?? got;
        (known.data as Float32Array).set(got.data as Float32Array);
        staging.set(src, known);
        return known;
      },
    };
  }),
  wrongDriver(
    'pack() keeps the host array',
    'weights that need no other layout are not copied',
    ['law/copies'],
    (driver) => packed(driver, () => ({ hold: (weights) => weights })),
  ),
  wrongDriver(
    'packs once for a shape',
    'packed weights are found again by the shape of the weights',
    ['qgemm', 'qconv2d', 'gemm', 'conv2d'],
    (driver) =>
      packed(
        driver,
        cached((weights) =>
          Object.values(weights)
            .map(({ shape }) => shape.join())
            .join(' '),
        ),
      ),
  ),
  wrongDriver(
    'packs once for a spec while it lives',
    'ops of one spec share packed weights, freed with the last of them',
    ['law/packing', 'law/preparations'],
    (driver) => {
      const kept = new Map<string, { held: HostIO; users: number }>();
      let total = 0;
      const changed = packed(driver, () => ({
        hold(weights, key) {
          const entry = kept.get(key) ?? { held: copied(weights), users: 0 };
          entry.users++;
          kept.set(key, entry);
          return entry.held;
        },
        count(bytes, key) {
          total += bytes;
          const entry = kept.get(key);
          if (bytes < 0 && entry && --entry.users <= 0) kept.delete(key);
        },
      }));
      return { ...changed, stats: () => ({ ...driver.stats(), packedBytes: total }) };
    },
  ),
];

/** Mistakes with memory. */
export const memory: readonly Mutant[] = [...counting, ...copying];
