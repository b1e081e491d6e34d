import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import { outsideName, outsideWeights, seeds } from './seeds.ts';
import { Worker } from './worker.ts';

/** What became of the files of one run. */
export interface Outcome {
  /** Files by stage and outcome: `load ok`, `load HT_MODEL_INVALID`, `quantize HT_UNSUPPORTED`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Files that hung, crashed or threw something untyped, with what is needed to make them again. */
  readonly failures: readonly string[];
  /** What lay in the folder after the run and should not. */
  readonly strays: readonly string[];
  readonly slowest: number;
}

/**
 * Makes `count` hostile files from a seed and takes each through loading, planning, running, quantizing and saving in a
 * child process. `root` is an empty folder.
 */
export async function fuzzWhole(root: string, count: number, seed: number, limit = 20_000): Promise<Outcome> {
  const random = new Random(seed);
  const box = join(root, 'box');
  await mkdir(join(box, 'in'), { recursive: true });
  await mkdir(join(box, 'out'));
  const canary = Buffer.from(`canary ${seed}`);
  await writeFile(join(root, 'canary'), canary);
  await writeFile(join(box, 'canary'), canary);
  await writeFile(join(box, 'in', outsideName), outsideWeights);
  const counts: Record<string, number> = {};
  const failures: string[] = [];
  let slowest = 0;
  const names = Object.keys(seeds);
  const worker = new Worker('./our-child.mjs', limit);
  for (let i = 0; i < count; i++) {
    const name = names[i % names.length] as string;
    const bytes = mutate(seeds[name]!, random);
    const file = join(box, 'in', `${i}.onnx`);
    await writeFile(file, bytes);
    const start = performance.now();
    const answer = await worker.do({ file, out: join(box, 'out', `${i}.onnx`), externalData: i % 4 === 0 });
    slowest = Math.max(slowest, performance.now() - start);
    for (const [stage, outcome] of Object.entries(answer.stages ?? {})) {
      const key = `${stage} ${outcome}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    const failure = answer.untyped ?? answer.ended;
    if (failure !== undefined) failures.push(`file ${i} (${name}) of seed ${seed}: ${failure}`);
  }
  worker.stop();
  return { counts, failures, strays: await strays(root, count, canary), slowest };
}

async function strays(root: string, count: number, canary: Buffer): Promise<string[]> {
  const expected = new Set(['canary', 'box/canary', `box/in/${outsideName}`, 'box', 'box/in', 'box/out']);
  for (let i = 0; i < count; i++) {
    for (const path of [`box/in/${i}.onnx`, `box/out/${i}.onnx`, `box/out/${i}.onnx.data`])
      expected.add(path);
  }
  const found = (await readdir(root, { recursive: true })).map((path) => path.replaceAll('\\', '/'));
  const strange = found.filter((path) => !expected.has(path));
  for (const path of ['canary', 'box/canary'])
    if (!(await readFile(join(root, path))).equals(canary)) strange.push(`${path} changed`);
  if (!(await readFile(join(root, 'box/in', outsideName))).equals(Buffer.from(outsideWeights)))
    strange.push('weights changed');
  return strange;
}
