import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor } from '@halftone/core';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import { outsideName, outsideWeights, seeds } from './seeds.ts';
import { Worker } from './worker.ts';

type Results = Readonly<Record<string, Tensor>>;

/** Mutated files, by what both engines make of them. */
export interface Agreement {
  /** Both ran the model; `differences` names those files whose results do not agree. */
  bothRan: number;
  bothRefused: number;
  /** We ran it, ONNX Runtime refused it, with reasons. */
  oursAlone: number;
  /** ONNX Runtime ran it, and we refused it, with codes. */
  theirsAlone: number;
  /** ONNX Runtime hung or crashed. */
  theirCrashes: number;
  readonly reasons: Map<string, number>;
  readonly differences: string[];
  /** Ours hung, crashed or threw something untyped. */
  readonly failures: string[];
}

/** Runs `count` mutated models in our executor and in ONNX Runtime, each in a process of its own. */
export async function againstOrt(
  root: string,
  count: number,
  seed: number,
  limit = 20_000,
): Promise<Agreement> {
  const random = new Random(seed);
  await mkdir(root, { recursive: true });
  await writeFile(join(root, outsideName), outsideWeights);
  const names = Object.keys(seeds).filter((name) => name !== 'control');
  const ours = new Worker('./our-child.mjs', limit);
  const theirs = new Worker('./ort-child.mjs', limit);
  const agreement: Agreement = {
    bothRan: 0,
    bothRefused: 0,
    oursAlone: 0,
    theirsAlone: 0,
    theirCrashes: 0,
    reasons: new Map(),
    differences: [],
    failures: [],
  };
  const note = (reason: string): void => {
    agreement.reasons.set(reason, (agreement.reasons.get(reason) ?? 0) + 1);
  };
  for (let i = 0; i < count; i++) {
    const name = names[i % names.length] as string;
    const file = join(root, `${i}.onnx`);
    // one edit: ONNX Runtime refuses most of what has two
    await writeFile(file, mutate(seeds[name]!, random, 1));
    const label = `file ${i} (${name}) of seed ${seed}`;
    const own = await ours.do({ file });
    const failure = own.untyped ?? own.ended;
    if (failure !== undefined) agreement.failures.push(`${label}: ${failure}`);
    // without inputs that we can make there is nothing to ask ONNX Runtime
    const { feeds, outputs } = own;
    if (feeds === undefined) continue;
    const other = await theirs.do({ file, feeds });
    const expected = other.outputs;
    if (other.ended !== undefined) {
      agreement.theirCrashes++;
      note(`ONNX Runtime: ${other.ended}`);
    } else if (outputs !== undefined && expected !== undefined) {
      agreement.bothRan++;
      let difference = differenceOf(outputs, expected);
      if (difference !== undefined) {
        // where codes go through floats ONNX Runtime has two answers: as the file says it, and with integer operators
        const fused = await theirs.do({ file, feeds, optimize: true });
        if (fused.outputs !== undefined && differenceOf(outputs, fused.outputs) === undefined)
          difference = undefined;
      }
      if (difference !== undefined) agreement.differences.push(`${label}: ${difference}`);
    } else if (outputs !== undefined) {
      agreement.oursAlone++;
      note(`ours alone: ${shortened(other.refused ?? '')}`);
    } else if (expected !== undefined) {
      agreement.theirsAlone++;
      note(
        `theirs alone: ${Object.entries(own.stages ?? {})
          .at(-1)
          ?.join(' ')}`,
      );
    } else agreement.bothRefused++;
  }
  ours.stop();
  theirs.stop();
  return agreement;
}

/** ONNX Runtime's words without the names and numbers of one file. */
function shortened(message: string): string {
  return message
    .replaceAll(/\s+/g, ' ')
    .replace(/^.*(Error:?|model\.|Status Message:) /, '')
    .replaceAll(/'[^']*'|"[^"]*"|\([^)]*\)|\{[^}]*\}|\S*\/\S*|[-\d]+/g, '_')
    .slice(0, 70);
}

/** What differs; undefined where the results agree. */
function differenceOf(ours: Results, theirs: Results): string | undefined {
  for (const [name, expected] of Object.entries(theirs)) {
    const got = Object.hasOwn(ours, name) ? ours[name] : undefined;
    if (got === undefined) return `no output ${name}`;
    if (got.dtype !== expected.dtype || String(got.shape) !== String(expected.shape))
      return `${name}: ${got.dtype} [${got.shape.join(', ')}], ${expected.dtype} [${expected.shape.join(', ')}]`;
    const largest = largestOf(expected);
    for (let i = 0; i < expected.data.length; i++) {
      const [a, b] = [Number(got.data[i]), Number(expected.data[i])];
      if (!agree(a, b, got.dtype, largest)) return `${name}[${i}]: ${a}, ${b}`;
    }
  }
  return undefined;
}

function largestOf({ data }: Tensor): number {
  let largest = 0;
  for (const value of data) {
    const size = Math.abs(Number(value));
    if (size < Infinity) largest = Math.max(largest, size);
  }
  return largest;
}

/** Floats within 1e-4 of the tensor's largest magnitude, codes within one step, other integers equal. */
function agree(a: number, b: number, dtype: string, largest: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (dtype === 'float32') return Math.abs(a - b) <= 1e-4 * largest;
  return (dtype === 'int8' || dtype === 'uint8') && Math.abs(a - b) <= 1;
}
