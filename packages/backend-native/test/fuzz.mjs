// Calls of the addon with arguments that nobody should pass: each throws or computes, and the process lives on.
import { fileURLToPath } from 'node:url';

/** Numbers in [0, 1) that follow from a seed. */
function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 4294967296;
  };
}

/** Makes so many calls and gives how many of them threw. */
export function fuzzAddon(addon, count, seed) {
  const next = random(seed);
  const pick = (list) => list[Math.floor(next() * list.length)];
  const engines = [new addon.Engine('', 1), new addon.Engine('', 3), new addon.Engine('scalar', 1)];
  const closed = new addon.Engine('', 2);
  closed.close();
  const codes = new Int8Array(4096).map(() => next() * 256);
  const packed = [
    new addon.PackedMatrix(engines[0], codes, 8, 8, false, true),
    new addon.PackedMatrix(engines[0], codes, 64, 64, true, true),
  ];
  const products = [
    new addon.PreparedProduct(engines[0], 8, 8, 8, true, true, 0, false, false),
    new addon.PreparedProduct(engines[1], 32, 64, 64, false, true, 1, true, true),
  ];
  const window = Int32Array.of(1, 6, 6, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 6, 6);
  const wide = Int32Array.of(1, 6, 6, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 6, 6);
  const filters = [
    new addon.PackedFilters(engines[0], codes, new Int8Array(8), window, 8, 1, true, true, true),
    new addon.PackedFilters(engines[1], codes, new Int8Array(4), window, 4, 4, true, true, true),
    new addon.PackedFilters(engines[2], codes, new Int8Array(1), window, 4, 2, true, false, false),
    new addon.PackedFilters(
      engines[0],
      new Int8Array(9 * 64 * 4),
      new Int8Array(1),
      wide,
      4,
      1,
      true,
      false,
      true,
    ),
  ];
  const convolutions = filters.map(
    (packed, i) => new addon.PreparedConv(engines[[0, 1, 2, 0][i]], packed, i % 2 === 0, i % 4, true),
  );
  const bits = [
    new addon.PackedBits(engines[0], new Uint8Array(codes), 9, 77),
    new addon.PackedBits(engines[0], new Uint8Array(codes), 64, 128),
  ];
  const binaries = [
    new addon.PreparedBinary(engines[0], 50, 9, 77),
    new addon.PreparedBinary(engines[1], 64, 64, 128),
    new addon.PreparedBinary(engines[2], 3, 9, 77),
  ];
  const searches = [0, 1, 2, 3].map(
    (kind) => new addon.PreparedTopK(engines[kind % 3], 3, 20, 1 + (kind % 2), 4, kind < 2, kind),
  );
  const scales = new Float32Array(4096).fill(0.5);
  const blocks = [
    new addon.PackedBlocks(codes, scales, codes, 8, 40, 16, 4, false, false),
    new addon.PackedBlocks(codes, scales, codes, 40, 64, 32, 8, true, true),
  ];
  const blockProducts = [
    new addon.PreparedBlockGemm(engines[0], 3, 8, 40, 16, 4, 0),
    new addon.PreparedBlockGemm(engines[1], 33, 40, 64, 32, 8, 0),
    new addon.PreparedBlockGemm(engines[0], 33, 40, 64, 32, 8, 2),
    new addon.PreparedBlockGemm(engines[2], 3, 8, 40, 16, 4, 1),
  ];
  const gone = new addon.PackedMatrix(engines[0], codes, 4, 4, false, true);
  gone.dispose();
  const holders = [
    ...engines,
    closed,
    ...packed,
    gone,
    ...products,
    ...filters,
    ...convolutions,
    ...bits,
    ...binaries,
    ...searches,
    ...blocks,
    ...blockProducts,
  ];
  const detached = new Int8Array(64);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const zero = new Uint8Array([3]);
  const sizes = [0, 1, 7, 8, 64, 512, 4096];
  const arrays = () => {
    const Elements = pick([
      Int8Array,
      Uint8Array,
      Int16Array,
      Int32Array,
      Float32Array,
      Float64Array,
      BigInt64Array,
    ]);
    const size = pick(sizes);
    return next() < 0.2
      ? new Elements(new SharedArrayBuffer(size * 8), 0, size)
      : new Elements(size + 8).subarray(pick([0, 1, 3]));
  };
  const anything = () =>
    pick([
      arrays,
      arrays,
      arrays,
      () =>
        pick([0, 1, 2, 3, 8, 64, 127, 255, -1, -128, 0.5, NaN, Infinity, 2 ** 31, 2 ** 40, 2 ** 53, 1e300]),
      () => pick([0, 1, 2, 8, 64]),
      () => next() < 0.5,
      () => pick([null, undefined, '', 'scalar', 'amx', {}, [], () => {}, Symbol('x'), 7n]),
      () => pick(holders),
      () => pick([detached, new Int8Array(0), codes, new DataView(new ArrayBuffer(8)), new ArrayBuffer(8)]),
    ])();
  const methods = (target) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(target))
      .filter((name) => name !== 'constructor' && name !== 'close' && !(name === 'dispose'))
      .filter((name) => typeof target[name] === 'function')
      .map(
        (name) =>
          (...values) =>
            target[name](...values),
      );
  const targets = [
    ...holders.flatMap(methods),
    (...values) => Reflect.construct(addon.PackedMatrix, values),
    (...values) => Reflect.construct(addon.PreparedProduct, values),
    (...values) => Reflect.construct(addon.PackedBlocks, values),
    (...values) => Reflect.construct(addon.PreparedBlockGemm, values),
    (...values) => Reflect.construct(addon.PackedFilters, values),
    (...values) => Reflect.construct(addon.PackedBits, values),
    (...values) => Reflect.construct(addon.PreparedBinary, values),
    (...values) => Reflect.construct(addon.PreparedTopK, values),
    (...values) => Reflect.construct(addon.PreparedConv, values),
    (...values) => addon.transpose(...values),
    (...values) => addon.maxPool(...values),
    (...values) => addon.averagePool(...values),
    (...values) => addon.quantizeForm(...values),
    (...values) => addon.dequantizeForm(...values),
    (...values) => addon.requantizeFixed(...values),
    (...values) => addon.qsoftmax(...values),
    (isa, threads) =>
      Reflect.construct(addon.Engine, [isa, typeof threads === 'number' ? threads % 4 : threads]).close(),
    (bytes) => addon.release(addon.allocate(typeof bytes === 'number' ? Math.min(bytes, 1 << 16) : bytes)),
    (buffer) => addon.release(buffer),
  ];
  // Every call may be recorded, and what was recorded may be run with anything.
  const calls = [...targets];
  targets.push(
    ...Array.from({ length: 12 }, () => (...values) => {
      const program = new addon.Program(pick(engines), pick([1, 64, 4096]));
      const own = new Uint8Array(program.memory());
      const given = values.filter((value) => ArrayBuffer.isView(value) && !(value instanceof DataView));
      program.record(next() < 0.9 ? given : anything());
      try {
        pick(calls)(...values.map((value) => (value instanceof Uint8Array && next() < 0.3 ? own : value)));
      } catch {
        // What does not fit is not recorded.
      }
      if (next() < 0.9) program.finish();
      program.run(given);
      if (next() < 0.2) program.dispose();
      program.run(next() < 0.5 ? given.map((value) => value.slice()) : anything());
    }),
  );
  /** Arguments that fit a method, so that calls get past the first check; one of them is then spoilt. */
  const plausible = [
    [new Float32Array(64), new Float32Array(8).fill(1), new Int8Array(8), new Int8Array(64), 1, 8, 8, true],
    [new Int8Array(64), new Float32Array(8), new Int8Array(8), new Float32Array(64), 8, 8, 1, 1],
    [new Int32Array(64), new Float32Array(8), new Uint8Array(64), 1, 8, 8, zero, 0, 255],
    [
      false,
      codes,
      codes,
      new Int8Array(64),
      new Float32Array(4),
      true,
      -128,
      127,
      Int32Array.of(0, 1, 0, 1, 64),
    ],
    [new Float32Array(64), new Uint8Array(64), new Float32Array(1), new Uint8Array(1)],
    [codes, new Uint8Array(256), new Uint8Array(4096), true],
    [packed[0], codes, new Int8Array(1), new Int8Array(8), null, null, null, 0, 0, new Int32Array(64), 0],
    [
      packed[1],
      codes,
      new Int8Array(1),
      new Int8Array(64),
      new Int32Array(64),
      new Float32Array(64),
      zero,
      0,
      255,
      new Uint8Array(2048),
      0,
    ],
    ...[0, 1, 0].map((i) => [bits[i], new Uint8Array(1024), new Int32Array(4096)]),
    [new Uint8Array(1024), 16, 500],
    [engines[1], 60, 16, 500],
    ...[Uint8Array, Int8Array, Int32Array, Float32Array].map((Elements) => [
      new Elements(120),
      new Elements(24),
      new Int32Array(24),
    ]),
    [engines[1], 3, 20, 2, 5, true, 3],
    [codes, scales, codes, 8, 40, 16, 4, false, false],
    [codes, scales, codes],
    [engines[0], 8, 8, 8, 16, 4, 0],
    [blocks[0], new Float32Array(120), null, new Float32Array(24)],
    [blocks[1], new Float32Array(2112), new Float32Array(40), new Float32Array(1320)],
    [engines[0], codes, 64, 64, true, true],
    [engines[0], codes, new Int8Array(8), window, 8, 1, true, true, true],
    [engines[1], filters[1], true, 1, false],
    ...filters.map((packed, i) => [
      packed,
      codes,
      new Int8Array(1),
      new Int8Array(8),
      null,
      new Float32Array(8),
      zero,
      0,
      127,
      [new Int32Array(288), new Uint8Array(144), new Int8Array(144), new Float32Array(144)][i],
    ]),
    [engines[1], codes, new Int8Array(144), window, true],
    [engines[1], codes, new Int8Array(64), Int32Array.of(4, 1, 4, 16, 4, 4)],
    [
      engines[1],
      codes,
      new Int8Array(1),
      new Float32Array(9),
      new Int8Array(144),
      window,
      zero,
      -128,
      127,
      true,
    ],
    [engines[1], 8, 8, 8, true, true, 1, true, true],
    [
      engines[1],
      new Float32Array(64),
      new Float32Array(16).fill(1),
      new Int16Array(16),
      new Int16Array(64),
      2,
      4,
      8,
      4,
      3,
      -8,
      7,
    ],
    [
      engines[1],
      new Uint16Array(64),
      new Float32Array(16),
      new Uint16Array(16),
      new Float32Array(64),
      8,
      8,
      1,
      4,
      2,
    ],
    [
      engines[1],
      new Int32Array(64).fill(-5),
      new Int32Array(8).fill(2 ** 30),
      new Int32Array(8).fill(-3),
      new Int8Array(64),
      1,
      8,
      8,
      0,
      1,
      zero,
      -128,
      127,
    ],
    [
      engines[1],
      codes,
      new Int32Array(256).fill(2 ** 30),
      Int32Array.of(2 ** 30),
      Int32Array.of(-13),
      new Uint8Array(4096),
      4,
      16,
      pick([1, 4]),
      0,
      zero,
      0,
      255,
    ],
    [
      codes,
      new Int8Array(1),
      new Int8Array(4096),
      Int32Array.of(1, 4, 4, 4, 3, 3, 1, 1, 1, 1, 1, 1, 0, 4, 4, 4),
    ],
  ];
  const passes = (target, values) => {
    try {
      target(...values);
      return true;
    } catch {
      return false;
    }
  };
  // What fits whom is found by trying; methods of closed engines and the like take nothing.
  const fitting = targets.flatMap((target) =>
    plausible.filter((values) => passes(target, values)).map((values) => [target, values]),
  );
  let threw = 0;
  for (let i = 0; i < count; i++) {
    const kind = next();
    const [target, given] =
      kind < 0.6
        ? pick(fitting)
        : [
            pick(targets),
            kind < 0.8 ? pick(plausible) : Array.from({ length: Math.floor(next() * 12) }, anything),
          ];
    const values = [...given];
    if (next() < 0.7 && values.length > 0) values[Math.floor(next() * values.length)] = anything();
    if (!passes(target, values)) threw++;
  }
  for (const engine of engines) engine.close();
  return threw;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , calls, seed] = process.argv;
  const { loadAddon } = await import('../dist/load.js');
  console.log(fuzzAddon(loadAddon(), Number(calls), Number(seed)));
}
