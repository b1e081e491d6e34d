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
  const before = textures();
  for (const each of results) each.dispose();
  await backend.sync();
  const freed = before - textures();
  await backend.dispose();
  const after = [...x.data].map((code) => (code + 1) & 255);
  return { freed, read, expected: [[...x.data], after, after, after] };
}

/** The product as its formula says. */
function productOf(
  { batch, m, n, k, transposeB, bias, output },
  { a, aZeroPoint, ...rest },
  { b, bZeroPoint },
) {
  const [za] = aZeroPoint.data;
  const y = [];
  for (let stack = 0; stack < batch; stack++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        const zb = bZeroPoint.data[bZeroPoint.data.length === 1 ? 0 : j];
        let sum = bias === 'int32' ? rest.bias.data[j] : 0;
        for (let at = 0; at < k; at++)
          sum +=
            (a.data[(stack * m + i) * k + at] - za) *
            (b.data[stack * k * n + (transposeB ? j * k + at : at * n + j)] - zb);
        y.push(
          output.type === 'int32'
            ? sum | 0
            : codeOfSum(sum | 0, rest.multiplier.data[j], rest.zeroPoint.data[0]),
        );
      }
  return y;
}

function codeOfSum(sum, multiplier, zeroPoint) {
  const t = Math.fround(Math.fround(sum) * multiplier);
  return roundHalfEven(Math.min(Math.max(t, -zeroPoint), 255 - zeroPoint)) + zeroPoint;
}

/** Large products, whose kernel is another, against their formula: odd sizes, deep sums of the largest products, both ways of weights. */
export async function products() {
  const backend = await openBackend(gpujs, options);
  let state = 1;
  const random = (lo, hi) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return lo + Math.floor((state / 2 ** 32) * (hi - lo + 1));
  };
  const [whole, codesOut] = [
    { type: 'int32' },
    { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-channel' },
  ];
  const plainly = { transposeB: false, bZeroPoint: 'per-tensor', bias: 'none', output: whole };
  const trials = [
    { ...plainly, batch: 1, m: 128, n: 128, k: 128 },
    { ...plainly, batch: 1, m: 129, n: 131, k: 127, bZeroPoint: 'per-channel' },
    { ...plainly, batch: 1, m: 130, n: 129, k: 130, transposeB: true, bias: 'int32' },
    { ...plainly, batch: 3, m: 67, n: 65, k: 163 },
    {
      batch: 3,
      m: 66,
      n: 67,
      k: 165,
      transposeB: true,
      bZeroPoint: 'per-channel',
      bias: 'int32',
      output: codesOut,
    },
    {
      batch: 1,
      m: 90,
      n: 94,
      k: 258,
      transposeB: false,
      bZeroPoint: 'per-channel',
      bias: 'int32',
      output: codesOut,
    },
    { ...plainly, batch: 1, m: 33, n: 35, k: 2048, extreme: true },
    { ...plainly, batch: 1, m: 9, n: 67, k: 4096, transposeB: true, extreme: true },
    { ...plainly, batch: 1, m: 16, n: 17, k: 8256, extreme: true },
    // Sums that the form of the fast kernel does not hold.
    { ...plainly, batch: 1, m: 16, n: 17, k: 8257, extreme: true },
  ];
  const differing = {};
  for (const { extreme = false, ...rest } of trials) {
    const spec = { ...rest, a: 'uint8', b: 'int8' };
    const { batch, m, n, k, transposeB, bZeroPoint, bias, output } = spec;
    const channels = bZeroPoint === 'per-channel' ? n : 1;
    const fill = (count, lo, hi, most) =>
      Array.from({ length: count }, () => (extreme ? most : random(lo, hi)));
    const operands = {
      a: tensor('uint8', fill(batch * m * k, 0, 255, 255), [batch, m, k]),
      aZeroPoint: tensor('uint8', [extreme ? 0 : 7]),
    };
    const weights = {
      b: tensor('int8', fill(batch * n * k, -128, 127, -128), transposeB ? [batch, n, k] : [batch, k, n]),
      bZeroPoint: tensor('int8', fill(channels, -9, 9, 127)),
    };
    if (bias === 'int32')
      operands.bias = tensor(
        'int32',
        Array.from({ length: n }, () => random(-1e9, 1e9)),
      );
    if (output.type === 'codes') {
      operands.multiplier = tensor(
        'float32',
        Array.from({ length: n }, () => random(1, 1000) * 1e-10),
      );
      operands.zeroPoint = tensor('uint8', [130]);
    }
    const expected = productOf(spec, operands, weights);
    const prepared = backend.prepare('qgemm', spec, weights);
    const io = Object.fromEntries(
      Object.entries(operands).map(([name, each]) => [name, backend.upload(each)]),
    );
    io.y = backend.alloc({ dtype: output.dtype ?? 'int32', shape: [batch, m, n] });
    // Twice: the tiles of weights are made by the first run.
    prepared.run(io);
    prepared.run(io);
    const packed = (await backend.read(io.y)).data;
    const plain = (await backend.call('qgemm', spec, { ...operands, ...weights })).y.data;
    differing[`${batch}x${m}x${n}x${k} ${prepared.variant}`] = expected.filter(
      (value, i) => value !== packed[i] || value !== plain[i],
    ).length;
    prepared.dispose();
    for (const name in io) io[name].dispose();
  }
  await backend.dispose();
  return { differing };
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
