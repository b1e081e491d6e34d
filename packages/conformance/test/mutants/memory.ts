// Mistakes with memory: counters, copies, aliases and ends of arrays.
import {
  type BackendDriver,
  byteSize,
  type HostIO,
  type HostOp,
  type KernelProvider,
  type OpName,
  type OpSpecs,
  type Tensor,
} from '@halftone/core';
import { arena, writePast } from './arena.ts';
import { allocating, kernelsOf, wrongDriver } from './drivers.ts';
import { elements, hostIO, hostOf, type Mutant, type Ops, right, withOps } from './mutate.ts';

interface Mutable {
  data: unknown;
}

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
export function packing(op: OpName, { hold = copied, count = () => {} }: Packing): KernelProvider<never> {
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

let everywhere = 0;

const counting: readonly Mutant[] = [
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
      return packed(driver, () => ({
        hold(weights, key) {
          const entry = kept.get(key) ?? { held: copied(weights), users: 0 };
          entry.users++;
          kept.set(key, entry);
          return entry.held;
        },
        count(bytes, key) {
          const entry = kept.get(key);
          if (bytes < 0 && entry && --entry.users <= 0) kept.delete(key);
        },
      }));
    },
  ),
];

/** A mutant of one op in an arena. */
function past<O extends OpName>(
  op: O,
  name: string,
  bug: string,
  breaks: readonly string[],
  run: HostOp<OpSpecs[O]>,
): Mutant {
  return { name: `${op}: ${name}`, bug, ops: breaks, provider: arena({ [op]: run } as Partial<Ops>) };
}

/** Whole vectors of `width` elements are stored, the last one past the end. */
function vectors<O extends OpName>(op: O, width: number): Mutant {
  return past(
    op,
    `stores vectors of ${width}`,
    'the last vector is stored whole',
    ['law/guards'],
    (spec, io) => {
      (right[op] as HostOp<OpSpecs[O]>)(spec, io);
      const y = io['y']!;
      const rest = y.data.length % width;
      if (rest > 0) writePast(y, y.data.length, width - rest, 0);
    },
  );
}

const ends: readonly Mutant[] = [
  ...(
    [
      'quantize',
      'dequantize',
      'requantize',
      'qgemm',
      'qconv2d',
      'lut256',
      'qmaxpool',
      'qadd',
      'unary',
      'gemm',
    ] as const
  ).flatMap((op) => [vectors(op, 16), vectors(op, 64)]),
  past(
    'qgemm',
    'stores tiles of 4 rows',
    'the last tile of rows is stored whole',
    ['law/guards'],
    (spec, io) => {
      right.qgemm(spec, io);
      const rest = spec.m % 4;
      const y = io['y']!;
      if (rest > 0) writePast(y, y.data.length, (4 - rest) * spec.n, 0);
    },
  ),
  past(
    'qgemm',
    'stores tiles of 16 columns',
    'the last tile of columns is stored whole',
    ['law/guards'],
    (spec, io) => {
      right.qgemm(spec, io);
      const rest = spec.n % 16;
      const y = io['y']!;
      if (rest > 0 && spec.m > 0) writePast(y, y.data.length, 16 - rest, 0);
    },
  ),
  past('dequantize', 'stores one past the end', 'the loop ends at <= n', ['law/guards'], (spec, io) => {
    right.dequantize(spec, io);
    writePast(io['y']!, io['y']!.data.length, 1, 0);
  }),
  past('dequantize', 'stores before the beginning', 'an index of -1', ['law/guards'], (spec, io) => {
    right.dequantize(spec, io);
    writePast(io['y']!, -1, 1, 0);
  }),
  past(
    'qgemm',
    'pads A in place',
    'the rest of K is filled with the zero point behind A',
    ['law/guards'],
    (spec, io) => {
      right.qgemm(spec, io);
      const rest = spec.k % 4;
      if (rest > 0) writePast(io['a']!, io['a']!.data.length, 4 - rest, 1);
    },
  ),
  {
    name: 'gives too little memory',
    bug: 'sizes are rounded down to whole words',
    ops: ['law/guards', 'law/aliasing', 'law/copies'],
    provider: arena({}, { reserve: (bytes) => Math.max(8, Math.floor(bytes / 8) * 8) }),
  },
  {
    name: 'frees twice',
    bug: 'a block that is disposed twice is given to two tensors',
    ops: ['law/aliasing', 'law/endings', 'law/counters'],
    provider: arena({}, { freesTwice: true }),
  },
];

/** Kernels that change more than their results. */
function sideEffect<O extends OpName>(
  op: O,
  name: string,
  bug: string,
  breaks: readonly string[],
  run: HostOp<OpSpecs[O]>,
): Mutant {
  return { name: `${op}: ${name}`, bug, ops: breaks, provider: withOps({ [op]: run } as Partial<Ops>) };
}

const aliases: readonly Mutant[] = [
  wrongDriver(
    'results share one scratch',
    'each kernel has one buffer, and results point into it',
    ['law/aliasing'],
    (driver) => ({
      kernels: kernelsOf(driver, (provider) => ({
        ...provider,
        prepare(spec, weights) {
          const kernel = provider.prepare(spec, weights);
          const scratch = new Map<string, Tensor['data']>();
          return {
            ...kernel,
            run(io) {
              const y = io['y']!;
              const data = scratch.get('y') ?? hostOf(y).data.slice();
              scratch.set('y', data);
              (y as unknown as Mutable).data = data;
              kernel.run(io);
            },
          };
        },
      })),
    }),
  ),
  sideEffect(
    'qgemm',
    'centres A in place',
    'the zero point is taken from the operand itself',
    ['law/aliasing'],
    (spec, io) => {
      right.qgemm(spec, io);
      const a = elements(io, 'a');
      for (let i = 0; i < a.length; i++) a[i]! -= elements(io, 'aZeroPoint')[0]!;
    },
  ),
  sideEffect(
    'quantize',
    'clamps in place',
    'the floats are clamped before they are converted',
    ['law/aliasing'],
    (spec, io) => {
      right.quantize(spec, io);
      const x = elements(io, 'x');
      for (let i = 0; i < x.length; i++) x[i] = Math.min(1, Math.max(-1, x[i]!));
    },
  ),
  ...(['qgemm', 'gemm', 'conv2d'] as const).map((op) =>
    sideEffect(
      op,
      'adds to the result',
      'sums begin with what the result held',
      [op, 'law/ordering'],
      (spec, io) => {
        const y = elements(io, 'y');
        const before = y.slice();
        (right[op] as HostOp<never>)(spec as never, io);
        if (io['y']!.dtype === 'int32' || io['y']!.dtype === 'float32')
          for (let i = 0; i < y.length; i++) y[i]! += before[i]!;
      },
    ),
  ),
  sideEffect(
    'gemm',
    'multiplies the result by 0',
    'y = sum + 0 * y, which NaN in fresh memory does not survive',
    ['gemm'],
    (spec, io) => {
      const y = elements(io, 'y');
      const before = y.slice();
      right.gemm(spec, io);
      for (let i = 0; i < y.length; i++) y[i]! += 0 * before[i]!;
    },
  ),
  sideEffect(
    'qmaxpool',
    'begins with the result',
    'the largest code begins with what the result held',
    ['qmaxpool'],
    (spec, io) => {
      const y = elements(io, 'y');
      const before = y.slice();
      right.qmaxpool(spec, io);
      if (spec.dtype === 'uint8') for (let i = 0; i < y.length; i++) y[i] = Math.max(y[i]!, before[i]!);
    },
  ),
  ...(['qgemm', 'gemm'] as const).map((op) =>
    sideEffect(
      op,
      'writes nothing for K of 0',
      'where there is nothing to add the kernel returns',
      [op],
      (spec, io) => {
        if (spec.k > 0) (right[op] as HostOp<never>)(spec as never, io);
      },
    ),
  ),
  sideEffect(
    'im2col',
    'leaves zeros out',
    'padding of code 0 is left to memory that is zeroed',
    ['im2col'],
    (spec, io) => {
      const y = elements(io, 'y');
      const before = y.slice();
      right.im2col(spec, io);
      for (let i = 0; i < y.length; i++) if (y[i] === 0) y[i] = before[i]!;
    },
  ),
];

/** Mistakes with memory. */
export const memory: readonly Mutant[] = [...counting, ...copying, ...ends, ...aliases];
