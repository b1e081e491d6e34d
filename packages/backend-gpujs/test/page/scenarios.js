// What only a page can try: sizes, losses, and what many runs leave behind.
import { openBackend, roundHalfEven, tensor } from '@halftone/core';
import gpujs from './backend.js';

const options = { allowSoftware: true };

/** Codes that follow from where they stand. */
const codes = (count, shape) =>
  tensor(
    'uint8',
    Uint8Array.from({ length: count }, (_, i) => (i * 37 + (i >> 8) * 11) & 255),
    shape,
  );

/** Contexts that were opened from here on. */
function watchContexts() {
  const contexts = [];
  const getContext = Reflect.get(OffscreenCanvas.prototype, 'getContext');
  OffscreenCanvas.prototype.getContext = function (...asked) {
    const context = getContext.apply(this, asked);
    contexts.push(context);
    return context;
  };
  return contexts;
}

/** How many there are of what WebGL creates and deletes. */
function count(kind) {
  const live = new Set();
  const { [`create${kind}`]: create, [`delete${kind}`]: remove } = WebGL2RenderingContext.prototype;
  WebGL2RenderingContext.prototype[`create${kind}`] = function () {
    const made = create.call(this);
    live.add(made);
    return made;
  };
  WebGL2RenderingContext.prototype[`delete${kind}`] = function (made) {
    live.delete(made);
    remove.call(this, made);
  };
  return () => live.size;
}

async function codeOf(work) {
  try {
    await work();
    return 'none';
  } catch (error) {
    return error.code ?? `not ours: ${String(error)}`;
  }
}

/** The codes plus 1, by an op that reads them as they stand. */
const plusOne = tensor(
  'uint8',
  Uint8Array.from({ length: 256 }, (_, i) => (i + 1) & 255),
  [256],
);
const lookUp = (shape) => ({ from: 'uint8', to: 'uint8', shape });

export async function probes() {
  return {
    asked: await gpujs.probe(options),
    unasked: await gpujs.probe(),
    wrong: [await gpujs.probe({ GPU: 7 }), await gpujs.probe({ allowSoftware: 1 })],
    opened: await codeOf(() => openBackend(gpujs)),
  };
}

/** Tensors whose rows are longer than a texture, many beside one another, or more than are read at a time. */
export async function sizes() {
  const backend = await openBackend(gpujs, options);
  const differing = {};
  for (const shape of [
    [1],
    [7],
    [40000],
    [3, 33001],
    [20000, 3],
    [70000, 1],
    [2, 5, 3],
    [1500, 3001],
    [0, 4],
  ]) {
    const x = codes(
      shape.reduce((product, extent) => product * extent, 1),
      shape,
    );
    const { y } = await backend.call('lut256', lookUp(shape), { x, table: plusOne });
    differing[shape.join('x')] =
      x.data.filter((code, i) => y.data[i] !== ((code + 1) & 255)).length + x.data.length - y.data.length;
  }
  await backend.dispose();
  return { differing };
}

/** One tensor as both operands, under two shapes. */
export async function twice() {
  const backend = await openBackend(gpujs, options);
  const spec = { aShape: [7, 1], bShape: [1, 7], dtype: 'uint8', mode: 'ort-x86' };
  const values = codes(7, [7]);
  const x = backend.upload(values);
  const y = backend.alloc({ dtype: 'uint8', shape: [7, 7] });
  const factors = backend.upload(tensor('float32', [1 / 4, 1 / 2, 3]));
  const sum = backend.prepare('qadd', spec);
  for (let i = 0; i < 3; i++) sum.run({ a: x, b: x, factors, y });
  const { data } = await backend.read(y);
  await backend.dispose();
  const expected = [...values.data].flatMap((a) =>
    [...values.data].map((b) => roundHalfEven(3 + a / 4 + b / 2)),
  );
  return { sums: [...data], expected };
}

/** A tensor stays when the kernel that wrote it is long out of the cache. */
export async function evicted() {
  const textures = count('Texture');
  const programs = count('Program');
  const backend = await openBackend(gpujs, options);
  const x = codes(15, [3, 5]);
  const kept = backend.upload(x);
  const table = backend.upload(plusOne);
  const results = [1, 2, 3].map(() => backend.alloc({ dtype: 'uint8', shape: [3, 5] }));
  const prepared = backend.prepare('lut256', lookUp([3, 5]));
  for (const y of results) prepared.run({ x: kept, table, y });
  // A texel more each time: a kernel of its own.
  for (let columns = 4; columns <= 1200; columns += 4)
    await backend.call('lut256', lookUp([2, columns]), {
      x: codes(2 * columns, [2, columns]),
      table: plusOne,
    });
  const read = [];
  for (const each of [kept, ...results]) read.push([...(await backend.read(each)).data]);
  const before = { textures: textures(), programs: programs() };
  for (const each of results) each.dispose();
  await backend.sync();
  const freed = { textures: before.textures - textures(), programs: before.programs - programs() };
  await backend.dispose();
  const after = [...x.data].map((code) => (code + 1) & 255);
  return { programs: before.programs, freed, read, expected: [[...x.data], after, after, after] };
}

/** What goes to the GPU and comes back in three runs of three ops, once the weights are there. */
export async function resident() {
  const backend = await openBackend(gpujs, options);
  const spec = {
    batch: 1,
    m: 128,
    n: 128,
    k: 128,
    a: 'uint8',
    b: 'int8',
    transposeB: false,
    bZeroPoint: 'per-tensor',
    bias: 'none',
    output: { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-tensor' },
  };
  const shape = [1, 128, 128];
  const weights = {
    b: tensor('int8', new Int8Array(128 * 128).fill(3), shape),
    bZeroPoint: tensor('int8', [0]),
  };
  const product = backend.prepare('qgemm', spec, weights);
  const table = backend.prepare('lut256', lookUp(shape));
  const fixed = {
    aZeroPoint: backend.upload(tensor('uint8', [0])),
    multiplier: backend.upload(tensor('float32', [1 / 1024])),
    zeroPoint: backend.upload(tensor('uint8', [1])),
  };
  const entries = backend.upload(plusOne);
  const run = async () => {
    const a = backend.upload(codes(128 * 128, shape));
    const [x, y, z] = [1, 2, 3].map(() => backend.alloc({ dtype: 'uint8', shape }));
    product.run({ ...fixed, a, y: x });
    table.run({ x, table: entries, y });
    table.run({ x: y, table: entries, y: z });
    await backend.read(z);
    for (const each of [a, x, y, z]) each.dispose();
  };
  await run();
  const counts = { uploads: 0, draws: 0, reads: 0 };
  const watch = (name, what, counted) => {
    const real = Reflect.get(WebGL2RenderingContext.prototype, name);
    WebGL2RenderingContext.prototype[name] = function (...values) {
      if (counted(values)) counts[what]++;
      return real.apply(this, values);
    };
  };
  watch('texImage2D', 'uploads', (values) => ArrayBuffer.isView(values.at(-1)));
  watch('drawArrays', 'draws', () => true);
  watch('readPixels', 'reads', () => true);
  for (let i = 0; i < 3; i++) await run();
  await backend.dispose();
  return { variant: product.variant, counts };
}

/** What waits when the GPU is lost, what comes afterwards, another backend, and the next one. */
export async function loss() {
  const contexts = watchContexts();
  const backend = await openBackend(gpujs, options);
  const other = await openBackend(gpujs, options);
  const [context] = contexts.filter((each) => !each.isContextLost());
  const shape = [1, 512, 512];
  const spec = {
    batch: 1,
    m: 512,
    n: 512,
    k: 512,
    a: 'uint8',
    b: 'uint8',
    transposeB: false,
    bZeroPoint: 'per-tensor',
    bias: 'none',
    output: { type: 'int32' },
  };
  const zero = tensor('uint8', [0]);
  const operands = {
    a: codes(512 * 512, shape),
    b: codes(512 * 512, shape),
    aZeroPoint: zero,
    bZeroPoint: zero,
  };
  const pending = codeOf(() => backend.call('qgemm', spec, operands));
  context.getExtension('WEBGL_lose_context').loseContext();
  const x = codes(4, [4]);
  const answers = {
    pending: await pending,
    later: await codeOf(() => backend.call('lut256', lookUp([4]), { x, table: plusOne })),
    synced: await codeOf(() => backend.sync()),
    disposed: await codeOf(() => backend.dispose()),
    other: [...(await other.call('lut256', lookUp([4]), { x, table: plusOne })).y.data],
  };
  await other.dispose();
  const again = await openBackend(gpujs, options);
  answers.again = [...(await again.call('lut256', lookUp([4]), { x, table: plusOne })).y.data];
  await again.dispose();
  return { ...answers, expected: [...x.data].map((code) => (code + 1) & 255) };
}

/** Tensors that no texture holds, and a driver that has no memory for one. */
export async function memory() {
  const backend = await openBackend(gpujs, options);
  const side = 262_144;
  const refused = [];
  for (const shape of [
    [side, side],
    [9_000_000, 1],
  ])
    refused.push(await codeOf(() => Promise.resolve(backend.alloc({ dtype: 'uint8', shape }))));
  const x = codes(4, [4]);
  const getError = Reflect.get(WebGL2RenderingContext.prototype, 'getError');
  WebGL2RenderingContext.prototype.getError = function () {
    WebGL2RenderingContext.prototype.getError = getError;
    return this.OUT_OF_MEMORY;
  };
  refused.push(await codeOf(() => backend.call('lut256', lookUp([4]), { x, table: plusOne })));
  const { y } = await backend.call('lut256', lookUp([4]), { x, table: plusOne });
  const { liveTensors } = backend.stats();
  await backend.dispose();
  return { refused, liveTensors, next: [...y.data], expected: [...x.data].map((code) => (code + 1) & 255) };
}

/** Textures, and bytes of JavaScript, after 1,000 runs and reads, and after as many again. */
export async function soak() {
  const textures = count('Texture');
  const buffers = count('Buffer');
  const backend = await openBackend(gpujs, options);
  const spec = {
    batch: 1,
    m: 16,
    n: 16,
    k: 32,
    a: 'uint8',
    b: 'int8',
    transposeB: false,
    bZeroPoint: 'per-tensor',
    bias: 'none',
    output: { type: 'int32' },
  };
  const b = tensor(
    'int8',
    Int8Array.from({ length: 512 }, (_, i) => (i * 91) | 0),
    [1, 32, 16],
  );
  const product = backend.prepare('qgemm', spec, { b, bZeroPoint: tensor('int8', [0]) });
  const aZeroPoint = backend.upload(tensor('uint8', [0]));
  const round = async () => {
    const a = backend.upload(codes(512, [1, 16, 32]));
    const y = backend.alloc({ dtype: 'int32', shape: [1, 16, 16] });
    product.run({ a, aZeroPoint, y });
    await backend.read(y);
    a.dispose();
    y.dispose();
  };
  const state = async () => ({
    counts: { textures: textures(), buffers: buffers(), tensors: backend.stats().liveTensors },
    bytes: (await performance.measureUserAgentSpecificMemory()).bytes,
  });
  const run = async (rounds) => {
    for (let i = 0; i < rounds; i++) await round();
    return await state();
  };
  const states = [await run(1000), await run(1000), await run(1000)];
  product.dispose();
  aZeroPoint.dispose();
  await backend.dispose();
  return { states, left: { textures: textures(), buffers: buffers() } };
}
