import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import reference from '@halftone/backend-reference';
import { isHalftoneError, openBackend } from '@halftone/core';
import { GraphSession } from '@halftone/graph';
import { parseOnnx, serializeOnnx } from '@halftone/onnx';
import { assets } from './assets-support.ts';
import { Model, Random } from './executor-support.ts';

/** Model files to damage: small ones made here, and the real ones under 600 KB where they are at hand. */
export async function victims(): Promise<Uint8Array[]> {
  const random = new Random(77);
  const model = new Model();
  const x = model.input('x', 'float32', [1, 2, 6, 6]);
  const f = model.node('Conv', [x, model.constant(random.floats([3, 2, 3, 3]))], { pads: [1, 1, 1, 1] });
  model.output(model.node('Relu', [model.node('MaxPool', [f], { kernel_shape: [2, 2] })], {}));
  const found: Uint8Array[] = [serializeOnnx(model.graph())];
  if (assets === '') return found;
  for (const name of (await readdir(join(assets, 'models'))).sort()) {
    const bytes = new Uint8Array(await readFile(join(assets, 'models', name)));
    if (bytes.length < 600_000) found.push(bytes);
  }
  return found;
}

export interface Outcome {
  parsed: number;
  refused: number;
  ran: number;
  slowest: number;
}

/** Damages files `count` times, each cut short or with up to eight bits turned, and reads, writes and prepares them. */
export async function fuzz(files: readonly Uint8Array[], count: number, seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const backend = await openBackend(reference);
  const outcome: Outcome = { parsed: 0, refused: 0, ran: 0, slowest: 0 };
  for (let i = 0; i < count; i++) {
    const original = files[i % files.length]!;
    const cut = i % 2 === 0 ? original.length : random.integer(0, original.length - 1);
    const bytes = original.slice(0, cut);
    for (let flips = i % 2 === 0 ? random.integer(1, 8) : 0; flips > 0; flips--) {
      // Half of the damage goes to the front, where names and shapes are denser.
      const at = random.integer(0, random.next() < 0.5 ? Math.min(2000, bytes.length - 1) : bytes.length - 1);
      bytes[at]! ^= 1 << random.integer(0, 7);
    }
    const start = performance.now();
    try {
      const graph = parseOnnx(bytes);
      outcome.parsed++;
      serializeOnnx(graph);
      // A turned bit of an extent asks for any amount of work; preparing it is enough here.
      const sizes = graph.inputs.flatMap((input) =>
        (input.shape ?? []).map((extent) => (typeof extent === 'number' ? extent : 1)),
      );
      if (sizes.reduce((product, extent) => product * extent, 1) < 1e6) {
        await new GraphSession(graph, { backends: [backend] }).dispose();
        outcome.ran++;
      }
    } catch (error) {
      if (!isHalftoneError(error))
        throw new Error(`file ${i} of seed ${seed}: ${String(error)}`, { cause: error });
      outcome.refused++;
    }
    outcome.slowest = Math.max(outcome.slowest, performance.now() - start);
  }
  await backend.dispose();
  return outcome;
}
