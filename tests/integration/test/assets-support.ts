import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';

/** Folder of the real models and data; tests that need it are skipped where it is not set. */
export const assets = process.env['HALFTONE_ASSETS'] ?? '';

const bin = fileURLToPath(new URL('../../../packages/halftone/dist/cli/main.js', import.meta.url));

/** What JSON.parse gives: tests read it as deep as they like. */
export type Printed = ReturnType<typeof JSON.parse>;

/** What the command printed with --json, and its exit code. */
export async function halftone(...args: string[]): Promise<{ code: number; document: Printed }> {
  const run = promisify(execFile)(process.execPath, [bin, ...args, '--json'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const { stdout, code } = await run.then(
    (result) => ({ stdout: result.stdout, code: 0 }),
    (error: { stdout: string; code: number }) => error,
  );
  return { code, document: (stdout === '' ? {} : JSON.parse(stdout)) as Printed };
}

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

export async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'halftone-assets-'));
  folders.push(folder);
  return folder;
}

/** A model with the data that calibrate and score it, and how they are read. */
export interface Task {
  readonly model: string;
  readonly calibration: string;
  readonly scored: string;
  readonly read: readonly string[];
  readonly labels: readonly string[];
}

const at = (...parts: string[]): string => join(assets, ...parts);
const model = (name: string): string => at('models', `${name}.onnx`);
const mnist = { calibration: at('mnist/calib.npz'), scored: at('mnist/test.npz'), labels: [] };

export const tasks: Readonly<Record<string, Task>> = {
  'mnist-8': { model: model('mnist-8'), ...mnist, read: [] },
  'mnist-net_256x6': { model: model('mnist-net_256x6'), ...mnist, read: ['--scale', '0.00392156862745098'] },
  kws_dscnn_float: {
    model: model('kws_dscnn_float'),
    calibration: at('kws/calib.npz'),
    scored: at('kws/test.npz'),
    read: [],
    labels: [],
  },
  resnet_4b: {
    model: model('resnet_4b'),
    calibration: at('cifar10/calib'),
    scored: at('cifar10/test'),
    read: ['--preprocess', at('cifar10/preprocessor_config.json')],
    labels: [],
  },
  'mobilenet_v1_0.25_224': {
    model: model('mobilenet_v1_0.25_224'),
    calibration: at('imagenet/calib'),
    scored: at('imagenet/val'),
    read: ['--preprocess', at('imagenet/preprocessor_config.json')],
    labels: ['--labels', at('imagenet/val_labels.csv')],
  },
};

/** Quantizes a task's model; gives the file and what the command said. */
export async function quantize(
  task: Task,
  folder: string,
  ...extra: string[]
): Promise<{ file: string; document: Printed }> {
  const file = join(folder, `${extra.join('')}model.int8.onnx`);
  const { code, document } = await halftone(
    'quantize',
    task.model,
    '-o',
    file,
    '--calibration',
    task.calibration,
    ...task.read,
    ...extra,
  );
  if (code !== 0) throw new Error(`quantize ended with ${code}`);
  return { file, document };
}

/** Compares a task's model with a quantized file on the scored data. */
export async function compare(
  task: Task,
  file: string,
  ...extra: string[]
): Promise<{ code: number; document: Printed }> {
  return await halftone(
    'compare',
    task.model,
    file,
    '--data',
    task.scored,
    ...task.read,
    ...task.labels,
    ...extra,
  );
}
