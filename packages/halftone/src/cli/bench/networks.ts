import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import reference from '@halftone/backend-reference';
import type { Network, NetworkSession, Accuracy } from '@halftone/bench';
import { openBackend, sqnrDb, type Tensor } from '@halftone/core';
import { type Graph, GraphSession } from '@halftone/graph';
import type { Dataset } from '../../data/dataset.ts';
import { argmax } from '../../evaluate/classification.ts';
import { randomFeeds } from '../../evaluate/quality.ts';
import { openOrt } from '../../ort.ts';
import { loadModel } from '../load-model.ts';
import { findOrt } from '../optional.ts';

export interface NetworkChoice {
  /** The float model; without it `model.onnx` of `model.int8.onnx`, where that is there. */
  readonly float?: string | undefined;
  /** Opens test data for a model; answers are judged on them. */
  readonly openData?: ((graph: Graph) => Promise<Dataset>) | undefined;
}

/** Makes a model ready to be timed, on one seeded random input. */
export async function networkOf(path: string, { float, openData }: NetworkChoice): Promise<Network> {
  const graph = await loadModel(path);
  const floatPath = float ?? besideOf(path);
  const [feeds] = randomFeeds(graph, 1);
  return {
    id: basename(path),
    graph,
    onnx: path,
    feeds: feeds!,
    ...(floatPath === undefined ? {} : { float: floatPath }),
    ...(openData ? { evaluate: evaluator(await openData(graph), graph, floatPath) } : {}),
  };
}

/** What `halftone quantize` made `model.int8.onnx` of. */
function besideOf(path: string): string | undefined {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  const float = stem.endsWith('.int8') ? `${stem.slice(0, -'.int8'.length)}${extension}` : undefined;
  return float !== undefined && existsSync(float) ? float : undefined;
}

type Runnable = Pick<NetworkSession, 'run'>;

/** Judges answers on data: against labels where there are some, and against the float model. */
function evaluator(
  data: Dataset,
  graph: Graph,
  floatPath: string | undefined,
): (session: NetworkSession) => Promise<Accuracy> {
  const answer = graph.outputs[0]!.name;
  let floats: Promise<readonly (readonly number[])[]> | undefined;
  return async (session) => {
    floats ??= floatPath === undefined ? Promise.resolve([]) : floatAnswers(floatPath, data, answer);
    const expected = (await floats).flat();
    const got: number[] = [];
    let [samples, labelled, top1] = [0, 0, 0];
    for await (const { feeds, label } of data.samples()) {
      const row = numbers(await session.run(feeds), answer);
      samples++;
      if (label !== undefined) {
        labelled++;
        if (argmax(row) === label) top1++;
      }
      // One by one: an output may have more elements than a call takes arguments.
      if (expected.length > 0) for (const value of row) got.push(value);
    }
    const noise = expected.length > 0 ? sqnrDb(expected, got) : Infinity;
    return {
      samples,
      ...(labelled > 0 ? { labelled, top1 } : {}),
      ...(Number.isFinite(noise) ? { sqnrDb: noise } : {}),
    };
  };
}

/** Outputs of the float model, in ONNX Runtime where it is installed, else on the reference backend. */
async function floatAnswers(path: string, data: Dataset, answer: string): Promise<number[][]> {
  const ort = await findOrt();
  const backend = ort ? undefined : await openBackend(reference);
  const session: Runnable & { dispose(): Promise<void> } = ort
    ? await openOrt(ort, path)
    : new GraphSession(await loadModel(path), { backends: [backend!] });
  try {
    const rows: number[][] = [];
    for await (const { feeds } of data.samples()) rows.push(numbers(await session.run(feeds), answer));
    return rows;
  } finally {
    await session.dispose();
    await backend?.dispose();
  }
}

function numbers(results: Readonly<Record<string, Tensor>>, name: string): number[] {
  return Array.from(results[name]!.data as ArrayLike<number | bigint>, Number);
}
