import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Tensor, tensor } from '@halftone/core';
import { attribute, constantOf, type Graph, makeNode } from '@halftone/graph';
import { serializeOnnx } from '@halftone/onnx';
import { afterAll } from 'vitest';
import { encodeTensorAsNpy } from '../../src/data/npy.ts';

const bin = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command. `closed`: nobody reads its stdout. */
export function halftone(
  args: readonly string[],
  options: {
    cwd?: string;
    env?: Readonly<Record<string, string>>;
    closed?: boolean;
  } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: options.cwd,
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: undefined, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    if (options.closed) child.stdout.destroy();
    else child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** What JSON.parse gives: tests read it as deep as they like. */
export type Printed = ReturnType<typeof JSON.parse>;

/** The one JSON document of a command that succeeded. */
export async function json(args: readonly string[], code = 0): Promise<Printed> {
  const ran = await halftone([...args, '--json']);
  if (ran.code !== code) throw new Error(`exit code ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Printed;
}

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'halftone cli é-'));
  folders.push(path);
  return path;
}

/** A package that the user has installed beside their files. */
export async function install(at: string, name: string, code: string): Promise<void> {
  const path = join(at, 'node_modules', ...name.split('/'));
  await mkdir(path, { recursive: true });
  await writeFile(
    join(path, 'package.json'),
    JSON.stringify({ name, type: 'module', exports: './index.js' }),
  );
  await writeFile(join(path, 'index.js'), code);
}

/** ONNX Runtime that does something else first: `open` knows the `model`, `run` the number of the run. */
export async function installOrt(at: string, { open = '', run = '' }): Promise<void> {
  const real = fileURLToPath(import.meta.resolve('onnxruntime-node'));
  await install(
    at,
    'onnxruntime-node',
    `import { createRequire } from 'node:module';
     const ort = createRequire(import.meta.url)(${JSON.stringify(real)});
     let runs = 0;
     export const Tensor = ort.Tensor;
     export const InferenceSession = { create: async (model, options) => {
       ${open}
       const session = await ort.InferenceSession.create(model, options);
       return { release: () => session.release(), run: async (feeds) => {
         runs++;
         ${run}
         return session.run(feeds);
       } };
     } };`,
  );
}

/** Uniform values of [-1, 1), the same for the same seed. */
export function noise(shape: readonly number[], seed: number): Tensor<'float32'> {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2147483648 - 1;
  };
  const size = shape.reduce((product, extent) => product * extent, 1);
  return tensor('float32', Float32Array.from({ length: size }, next), shape);
}

/** Conv, Relu, GlobalAveragePool, Flatten, Gemm: [N, 3, 8, 8] to 4 classes. */
export function classifier(): Graph {
  const constants = { w: noise([16, 3, 3, 3], 1), b: noise([16], 2), v: noise([16, 4], 3), c: noise([4], 4) };
  return {
    name: 'classifier',
    opset: 13,
    domains: new Map(),
    inputs: [{ name: 'input', elementType: 'float32', shape: ['N', 3, 8, 8] }],
    outputs: [{ name: 'logits', elementType: 'float32', shape: ['N', 4] }],
    nodes: [
      makeNode(
        'Conv',
        ['input', 'w', 'b'],
        ['f'],
        { pads: attribute.ints([1, 1, 1, 1]) },
        { name: 'features' },
      ),
      makeNode('Relu', ['f'], ['r'], {}, { name: 'rectify' }),
      makeNode('GlobalAveragePool', ['r'], ['p'], {}, { name: 'pool' }),
      makeNode('Flatten', ['p'], ['q'], {}, { name: 'flat' }),
      makeNode('Gemm', ['q', 'v', 'c'], ['logits'], {}, { name: 'head' }),
    ],
    constants: new Map(Object.entries(constants).map(([name, value]) => [name, constantOf(name, value)])),
    values: new Map(),
  };
}

/** A model nothing of which can be quantized or run. */
export function foreign(): Graph {
  const graph = classifier();
  return {
    ...graph,
    nodes: [
      { ...makeNode('Mystery', ['input'], ['logits'], {}, { domain: 'test', name: 'odd' }), opaque: true },
    ],
    constants: new Map(),
    domains: new Map([['test', 1]]),
  };
}

export async function writeModel(path: string, graph: Graph = classifier()): Promise<string> {
  await writeFile(path, serializeOnnx(graph));
  return path;
}

/** `count` samples as an .npy, with labels beside it that are the classes in turn. */
export async function writeData(at: string, count = 24, seed = 9): Promise<{ data: string; labels: string }> {
  const data = join(at, `data-${count}.npy`);
  const labels = join(at, `labels-${count}.npy`);
  await writeFile(data, encodeTensorAsNpy(noise([count, 3, 8, 8], seed)));
  await writeFile(
    labels,
    encodeTensorAsNpy(
      tensor(
        'int32',
        Int32Array.from({ length: count }, (_, i) => i % 4),
      ),
    ),
  );
  return { data, labels };
}
