// Times the backends that run in a page, and with ?peers=true the engines that others use there.
import gpujs from '@halftone/backend-gpujs';
import reference from '@halftone/backend-reference';
import wasm from '@halftone/backend-wasm';
import { casesFor, runBench, toText } from '@halftone/bench';
import { gpujsPeer, ortPeer, tfjsPeer } from '@halftone/bench/peers';

const asked = new URLSearchParams(location.search);
const gpujsScript = 'gpu.js/dist/gpu-browser.min.js';
const status = document.querySelector('[role=status]');

/** A script of a package that has no module for pages; it leaves a global. */
function script(path) {
  return new Promise((done, failed) => {
    const element = document.createElement('script');
    element.src = `/peers/${path}`;
    element.onload = done;
    element.onerror = () => failed(new Error(`${path} does not load`));
    document.head.append(element);
  });
}

async function tfjs(kind) {
  const folder = '@tensorflow/tfjs-backend-wasm/dist/';
  if (!globalThis.tf) await script('@tensorflow/tfjs-core/dist/tf-core.min.js');
  const { tf } = globalThis;
  if (kind === 'wasm') {
    await script(`${folder}tf-backend-wasm.min.js`);
    tf.wasm.setWasmPaths(`/peers/${folder}`);
  } else await script('@tensorflow/tfjs-backend-webgl/dist/tf-backend-webgl.min.js');
  await tf.setBackend(kind);
  await tf.ready();
  return {
    id: `tfjs ${kind}`,
    kind: 'peer',
    version: tf.version_core,
    threads: 1,
    provider: tfjsPeer(tf, { name: `tfjs ${kind}`, backend: kind }),
  };
}

async function ortWeb() {
  const ort = await import('/peers/onnxruntime-web/dist/ort.min.mjs');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/peers/onnxruntime-web/dist/';
  const options = { name: 'onnxruntime-web', threads: 1, executionProvider: 'wasm', writesOutputs: false };
  return {
    id: 'ort-web',
    kind: 'peer',
    version: ort.env.versions.web,
    threads: 1,
    provider: ortPeer(ort, options),
  };
}

/** Each build that runs here, and the best with a thread a core. */
async function wasmBuilds() {
  const ours = (id, threads, options) => ({ id, kind: 'backend', threads, provider: wasm, options });
  const builds = [];
  for (const build of ['simd', 'relaxed']) {
    const options = { build, threads: 1 };
    if ((await wasm.probe(options)).available) builds.push(ours(`wasm ${build}`, 1, options));
  }
  const { hardwareConcurrency: cores } = navigator;
  return cores > 1 ? [...builds, ours(`wasm ${cores}t`, cores, { threads: cores })] : builds;
}

/** On whatever draws here, also where that is the CPU; its row says why, where nothing does. */
async function gpujsBackend() {
  await script(gpujsScript).catch(() => {});
  const options = { allowSoftware: true };
  return { id: 'gpujs', kind: 'backend', threads: 1, provider: gpujs, options };
}

/** After `gpujsBackend`, whose script it shares. */
async function gpujsTextbook() {
  const { version } = await (await fetch('/peers/gpu.js/package.json')).json();
  const provider = gpujsPeer(globalThis.GPU.GPU);
  return { id: provider.name, kind: 'peer', version, threads: 1, provider };
}

async function post(path, text) {
  await fetch(path, { method: 'POST', body: text });
}

try {
  const contestants = [
    ...(await wasmBuilds()),
    await gpujsBackend(),
    { id: 'reference', kind: 'backend', threads: 1, provider: reference },
  ];
  if (asked.get('peers') === 'true')
    contestants.push(await ortWeb(), await tfjs('wasm'), await tfjs('webgl'), await gpujsTextbook());
  const quick = asked.get('quick') === 'true';
  const filter = asked.get('filter') ? new RegExp(asked.get('filter')) : undefined;
  const cases = casesFor({ quick, filter });
  if (cases.length === 0) throw new Error(`no case matches ${filter.source}`);
  const result = await runBench({
    contestants,
    cases,
    quick,
    commit: asked.get('commit') || undefined,
    onProgress({ done, total, task }) {
      status.textContent = `timing ${done + 1} of ${total}: ${task}`;
      void post('/progress', status.textContent);
    },
  });
  status.textContent = 'done';
  document.querySelector('pre').textContent = toText(result);
  await post('/result', JSON.stringify(result));
} catch (error) {
  status.textContent = String(error?.message ?? error);
  await post('/result', JSON.stringify({ error: status.textContent }));
}
