import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import reference from '@halftone/backend-reference';
import {
  type Backend,
  type CodeType,
  HalftoneError,
  isHalftoneError,
  openBackend,
  type Tensor,
} from '@halftone/core';
import { type Graph, GraphSession } from '@halftone/graph';
import { saveOnnx } from '@halftone/onnx';
import {
  type FloatRunner,
  type FloatSession,
  graphRunner,
  type QuantizationReport,
  quantizeDynamic,
  quantizeStatic,
} from '@halftone/quantize';
import { type Command, Option } from 'commander';
import type { Dataset } from '../../data/dataset.ts';
import { usageError } from '../../data/data-file.ts';
import { measureQuality, type Quality, randomFeeds } from '../../evaluate/quality.ts';
import { openOrt, type OrtModule, ortRunner } from '../../ort.ts';
import { makeFolder, writeChecked } from '../files.ts';
import { findOrt } from '../optional.ts';
import { addDataOptions, collect, type DataOptions, openData } from '../options.ts';
import { loadModel, modelBytes } from '../load-model.ts';
import { Terminal } from '../terminal.ts';
import { summarize } from './quantize-summary.ts';

interface QuantizeCommand extends DataOptions {
  readonly output?: string;
  readonly calibration?: string;
  readonly dynamic?: boolean;
  readonly weights: CodeType;
  readonly activations: CodeType;
  readonly granularity: 'per-channel' | 'per-tensor';
  readonly method: 'minmax' | 'mean-minmax';
  readonly reduceRange?: boolean;
  readonly format: 'qdq' | 'qoperator';
  readonly exclude?: string[];
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

type Feeds = Readonly<Record<string, Tensor>>;

/** Samples on which the written file is compared with the float model. */
const QUALITY_SAMPLES = 32;

export function registerQuantize(program: Command, signal: AbortSignal): void {
  const command = program
    .command('quantize')
    .description('make an int8 model of a float model')
    .argument('<model.onnx...>', 'float models')
    .option(
      '-o, --output <path>',
      'file, or folder for several models (default: <model>.int8.onnx beside the model)',
    )
    .option('--calibration <path>', 'images, .npy, .npz or test_data_set_* folders that show typical inputs')
    .option(
      '--dynamic',
      'choose activation parameters at run time; needs no data (default without --calibration)',
    )
    .addOption(new Option('--weights <dtype>', 'codes of weights').choices(['int8', 'uint8']).default('int8'))
    .addOption(
      new Option('--activations <dtype>', 'codes of activations').choices(['uint8', 'int8']).default('uint8'),
    )
    .addOption(
      new Option('--granularity <kind>', 'scales of weights')
        .choices(['per-channel', 'per-tensor'])
        .default('per-channel'),
    )
    .addOption(
      new Option('--method <name>', 'how ranges follow from the calibration data')
        .choices(['minmax', 'mean-minmax'])
        .default('minmax'),
    )
    .option('--reduce-range', 'use 7 bits for weights, for x86 CPUs without VNNI')
    .addOption(
      new Option('--format <name>', 'float operators between Q/DQ pairs, or integer operators')
        .choices(['qdq', 'qoperator'])
        .default('qdq'),
    )
    .option(
      '--exclude <node or op>',
      'leave a node, or every node of an op type, in float; may be repeated',
      collect,
    )
    .option('-f, --force', 'overwrite files that exist')
    .option('--json', 'print one JSON document')
    .option('-q, --quiet', 'print nothing; the exit code answers');
  addDataOptions(command).addHelpText(
    'after',
    `
Examples:
  halftone quantize model.onnx --calibration images/
  halftone quantize model.onnx -o small.onnx --calibration samples.npz --granularity per-tensor
  halftone quantize model.onnx --dynamic --exclude Gemm`,
  );
  command.action((models: string[], options: QuantizeCommand) => quantizeAll(models, options, signal));
}

async function quantizeAll(
  models: readonly string[],
  options: QuantizeCommand,
  signal: AbortSignal,
): Promise<void> {
  const terminal = new Terminal(options);
  checkOptions(options);
  const targets = new Map<string, string>();
  for (const model of models) targets.set(model, await targetOf(model, models.length, options));
  const paths = [...targets.values()];
  if (new Set(paths).size < paths.length)
    throw usageError('-o', 'two models would be written to one file; quantize them one by one with -o');
  const documents = [];
  for (const [model, target] of targets)
    documents.push(await quantizeOne(model, target, options, terminal, signal));
  terminal.result(documents.length === 1 ? documents[0]! : { models: documents });
}

function checkOptions(options: QuantizeCommand): void {
  if (options.dynamic && options.calibration !== undefined)
    throw usageError('--dynamic', '--dynamic takes no --calibration; leave one out');
  if (options.calibration !== undefined) return;
  for (const name of ['preprocess', 'scale', 'mean', 'std', 'samples'] as const) {
    if (options[name] !== undefined)
      throw usageError(`--${name}`, `--${name} says how calibration data are read; pass --calibration too`);
  }
}

/** Where the int8 model goes. Throws HT_FILE where it exists and --force is not given, before any work is done. */
async function targetOf(model: string, count: number, options: QuantizeCommand): Promise<string> {
  const name = `${basename(model, extname(model))}.int8.onnx`;
  const { output } = options;
  if (output === '') throw usageError('-o', '-o needs the name of a file or folder');
  let target = join(dirname(model), name);
  if (output !== undefined) target = (await isFolder(output, count)) ? join(output, name) : output;
  const existing = await stat(target).catch(() => undefined);
  const source = await stat(model).catch(() => undefined);
  if (existing && source && existing.ino === source.ino && existing.dev === source.dev)
    throw usageError('-o', `-o ${target} is the model itself; choose another name`);
  if (existing && !options.force)
    throw new HalftoneError('HT_FILE', `${target} exists; pass --force to overwrite it, or -o another name`, {
      path: target,
    });
  return target;
}

/** Whether -o names a folder: one that exists, or one to be made, which a separator at its end says. */
async function isFolder(output: string, count: number): Promise<boolean> {
  if (/[\\/]$/.test(output)) {
    await makeFolder(output);
    return true;
  }
  const exists = await stat(output).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (count > 1 && !exists) {
    throw usageError('-o', `-o ${output}: several models need a folder; end the path with / to make one`);
  }
  return exists;
}

async function quantizeOne(
  path: string,
  target: string,
  options: QuantizeCommand,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const graph = await loadModel(path);
  const data =
    options.calibration === undefined ? undefined : await openData(options.calibration, graph, path, options);
  const ort = await findOrt();
  const backend = await openBackend(reference);
  try {
    const { model, report } = await quantizeGraph(
      graph,
      data,
      options,
      ort ? ortRunner(ort) : graphRunner(backend),
      terminal,
      signal,
    );
    let quality: Quality | undefined;
    await writeChecked(target, options.force ?? false, async (draft) => {
      await saveOnnx(model, draft);
      signal.throwIfAborted();
      terminal.progress(`${basename(path)}: running the written file`);
      quality = await verify(
        path,
        graph,
        draft,
        data && feedsOf(data, signal, QUALITY_SAMPLES),
        ort,
        backend,
      );
      signal.throwIfAborted();
    });
    const bytes = {
      before: await modelBytes(path, graph),
      after: await modelBytes(target, await loadModel(target)),
    };
    summarize(terminal, {
      path,
      target,
      bytes,
      report,
      quality,
      data,
      checkedBy: ort ? 'ONNX Runtime' : undefined,
      askedDynamic: options.dynamic ?? false,
    });
    return {
      input: path,
      output: target,
      bytes,
      loadedInOnnxRuntime: ort !== undefined,
      quality: quality ?? null,
      report,
    };
  } finally {
    await backend.dispose();
  }
}

async function quantizeGraph(
  graph: Graph,
  data: Dataset | undefined,
  options: QuantizeCommand,
  runner: FloatRunner,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<{ model: Graph; report: QuantizationReport }> {
  const common = {
    weights: { dtype: options.weights, granularity: options.granularity },
    reduceRange: options.reduceRange,
    exclude: options.exclude,
    signal,
  };
  if (data === undefined) return quantizeDynamic(graph, common);
  return await quantizeStatic(graph, {
    ...common,
    runner,
    calibration: feedsOf(data, signal),
    activations: { dtype: options.activations },
    method: options.method,
    format: options.format,
    onProgress: ({ samples }) => terminal.progress(`calibrating: ${samples} of ${data.count} samples`),
  });
}

async function* feedsOf(data: Dataset, signal: AbortSignal, limit = Infinity): AsyncGenerator<Feeds> {
  let taken = 0;
  for await (const sample of data.samples()) {
    signal.throwIfAborted();
    if (taken++ >= limit) return;
    yield sample.feeds;
  }
}

/**
 * Loads and runs the written file, in ONNX Runtime where it is installed, else on our executor, and compares it with the
 * float model. Undefined where neither can run it. Throws what loading or running throws.
 */
async function verify(
  path: string,
  graph: Graph,
  written: string,
  data: AsyncIterable<Feeds> | undefined,
  ort: OrtModule | undefined,
  backend: Backend,
): Promise<Quality | undefined> {
  const reread = await loadModel(written);
  const open = async (file: string, model: Graph): Promise<FloatSession | undefined> => {
    if (ort) return await openOrt(ort, file);
    try {
      return new GraphSession(model, { backends: [backend] });
    } catch (error) {
      if (isHalftoneError(error, 'HT_UNSUPPORTED')) return undefined;
      throw error;
    }
  };
  const quantized = await open(written, reread);
  const float = await open(path, graph);
  try {
    if (!quantized || !float) return undefined;
    return await measureQuality(float, quantized, data ?? randomFeeds(graph, 4), data ? 'data' : 'random');
  } finally {
    await quantized?.dispose();
    await float?.dispose();
  }
}
