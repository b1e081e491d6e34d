// Takes files one at a time from its parent and does with each what users do; a hang or a crash is the child's alone.
import {
  createSession,
  isHalftoneError,
  loadOnnx,
  quantizeDynamic,
  quantizeStatic,
  saveOnnx,
} from 'halftone';
import { inferShapes } from '@halftone/graph';

const arrays = {
  float32: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  bool: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
};

// A lie about an extent asks for any amount of work: what is large is planned and not run.
const mostElements = 20_000;
const mostBytes = 2_000_000;

process.on('unhandledRejection', (reason) => {
  process.send({ untyped: `unhandled rejection: ${reason?.stack ?? reason}` });
});

process.on('message', (job) => void answer(job));

async function answer({ file, out, externalData }) {
  const stages = {};
  try {
    const found =
      out === undefined ? await results(file, stages) : await whole(file, out, externalData, stages);
    process.send({ stages, ...found });
  } catch (error) {
    process.send({ stages, untyped: String(error?.stack ?? error) });
  }
}

/** Runs one stage; a typed error is an outcome, any other is the caller's. */
async function stage(stages, name, act) {
  try {
    const result = await act();
    stages[name] = 'ok';
    return result;
  } catch (error) {
    if (!isHalftoneError(error)) throw error;
    JSON.stringify(error.details);
    stages[name] = error.code;
    return undefined;
  }
}

async function whole(file, out, externalData, stages) {
  const graph = await stage(stages, 'load', () => loadOnnx(file));
  if (graph === undefined) return;
  await stage(stages, 'inspect', () => inferShapes(graph));
  const feeds = feedsFor(graph);
  const session = await stage(stages, 'plan', () => createSession(graph));
  if (session !== undefined) {
    const bytes = bytesOf(session);
    if (feeds !== undefined && bytes < mostBytes) await stage(stages, 'run', () => session.run(feeds));
    await session.dispose();
    if (stages.run === 'ok')
      await stage(stages, 'static', () => quantizeStatic(graph, { calibration: [feeds] }));
  }
  const quantized = await stage(stages, 'quantize', () => quantizeDynamic(graph).model);
  const saved = await stage(stages, 'save', async () => {
    await saveOnnx(quantized ?? graph, out, { externalData });
    return true;
  });
  // what is written can be read: an error here is no outcome but a failure
  if (saved) await loadOnnx(out);
}

/** What the model computes of `feeds`, to be held against another engine's. */
async function results(file, stages) {
  const graph = await stage(stages, 'load', () => loadOnnx(file));
  const feeds = graph && feedsFor(graph);
  if (feeds === undefined) return {};
  const session = await stage(stages, 'plan', () => createSession(graph));
  if (session === undefined) return { feeds };
  const bytes = bytesOf(session);
  const outputs = bytes < mostBytes ? await stage(stages, 'run', () => session.run(feeds)) : undefined;
  await session.dispose();
  return { feeds, outputs };
}

/** Memory that a run takes; a model whose inputs decide shapes is planned when it runs, on small data. */
function bytesOf(session) {
  try {
    return session.explain().reduce((sum, row) => sum + row.bytes, 0);
  } catch (error) {
    if (isHalftoneError(error, 'HT_INVALID_ARGUMENT')) return 0;
    throw error;
  }
}

/** Small data for every input; undefined where one is large or of a type that is not held. */
function feedsFor(graph) {
  const feeds = [];
  for (const { name, elementType, shape } of graph.inputs) {
    const dims = (shape ?? []).map((extent) => (typeof extent === 'number' ? extent : 1));
    const size = dims.reduce((product, extent) => product * extent, 1);
    const Elements = arrays[elementType];
    if (Elements === undefined || !(size <= mostElements)) return undefined;
    const data = new Elements(size);
    for (let i = 0; i < size; i++) data[i] = elementType === 'int64' ? BigInt(i % 5) : (i % 5) - 1;
    feeds.push([name, { dtype: elementType, shape: dims, data }]);
  }
  return Object.fromEntries(feeds);
}

process.send({ ready: true });
