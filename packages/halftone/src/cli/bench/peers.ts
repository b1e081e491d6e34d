import {
  loopsPeer,
  type OrtModule,
  ortNetworks,
  ortPeer,
  simsimdPeer,
  type SimsimdModule,
  tfjsPeer,
  type TfModule,
} from '@halftone/bench/peers';
import type { Contestant } from '@halftone/bench';
import { HalftoneError, isHalftoneError } from '@halftone/core';
import type { Absent, Found } from './found.ts';
import { findPackage, type Installed } from './modules.ts';

/** Engines that others use, as far as they are installed. */
export async function findPeers(threadCounts: readonly number[]): Promise<Found> {
  const contestants: Contestant[] = [];
  const absent: Absent[] = [];
  for (const [id, open] of Object.entries(peers)) {
    try {
      contestants.push(...(await open(threadCounts)));
    } catch (error) {
      absent.push({
        id,
        kind: 'peer',
        reason: isHalftoneError(error) ? error.message : `it does not load: ${String(error)}`,
      });
    }
  }
  return { contestants, absent };
}

/** ONNX Runtime of Node alone, for whole networks. */
export async function findOrtNode(threadCounts: readonly number[]): Promise<readonly Contestant[]> {
  const found = findPackage('onnxruntime-node');
  const contestants = found ? await ortNode(found, threadCounts) : [];
  return contestants.map((contestant) => ({
    ...contestant,
    provider: undefined,
  }));
}

const peers: Readonly<Record<string, (threadCounts: readonly number[]) => Promise<readonly Contestant[]>>> = {
  'onnxruntime-node': async (threadCounts) => ortNode(installed('onnxruntime-node'), threadCounts),
  'onnxruntime-web': async (threadCounts) => {
    const found = installed('onnxruntime-web');
    return threadCounts.flatMap((threads) => {
      // One instance has one number of threads.
      const ort = found.loadAnew(['onnxruntime-common']) as OrtModule & {
        env: { wasm: { numThreads: number } };
      };
      ort.env.wasm.numThreads = threads;
      return ofOrt(ort, 'onnxruntime-web', found, threads, 'wasm');
    });
  },
  tfjs: async () => {
    const found = installed('@tensorflow/tfjs-core');
    const tf = (await found.load()) as TfModule & { ready(): Promise<void> };
    await installed('@tensorflow/tfjs-backend-wasm').load();
    await tf.setBackend('wasm');
    await tf.ready();
    return [
      { ...peer('tfjs wasm', found, 1), provider: tfjsPeer(tf, { name: 'tfjs wasm', backend: 'wasm' }) },
    ];
  },
  simsimd: async () => {
    const found = installed('simsimd');
    return [{ ...peer('simsimd', found, 1), provider: simsimdPeer((await found.load()) as SimsimdModule) }];
  },
  loops: async () => [{ id: 'js loops', kind: 'peer', threads: 1, provider: loopsPeer }],
};

async function ortNode(found: Installed, threadCounts: readonly number[]): Promise<readonly Contestant[]> {
  const ort = (await found.load()) as OrtModule;
  return threadCounts.flatMap((threads) => ofOrt(ort, 'onnxruntime-node', found, threads, 'cpu'));
}

/** One number of threads: ops and quantized networks, and the float forms of these. */
function ofOrt(
  ort: OrtModule,
  name: string,
  found: Installed,
  threads: number,
  executionProvider: string,
): readonly Contestant[] {
  const options = { name, threads, executionProvider, writesOutputs: executionProvider === 'cpu' };
  const id = withThreads(name.replace('onnxruntime', 'ort'), threads);
  return [
    {
      ...peer(id, found, threads),
      provider: ortPeer(ort, options),
      networks: ortNetworks(ort, options, 'quantized'),
    },
    { ...peer(`${id} float`, found, threads), form: 'float', networks: ortNetworks(ort, options, 'float') },
  ];
}

function peer(id: string, { version }: Installed, threads: number): Contestant {
  return { id, kind: 'peer', threads, ...(version === undefined ? {} : { version }) };
}

/** How a contestant with several threads is called. */
export function withThreads(name: string, threads: number): string {
  return threads === 1 ? name : `${name} ${threads}t`;
}

function installed(name: string): Installed {
  const found = findPackage(name);
  if (found) return found;
  throw new HalftoneError('HT_UNAVAILABLE', `not installed; npm install ${name}`, { package: name });
}
