import { openBackend } from '@halftone/core';
import { type Graph, GraphSession } from '@halftone/graph';
import type { Command } from 'commander';
import { outputSteps } from '../../evaluate/codes.ts';
import { compareModels, type Comparison, type ModelScore } from '../../evaluate/compare.ts';
import { openOrt } from '../../ort.ts';
import { usageError } from '../../data/data-file.ts';
import { backendByName } from '../backends.ts';
import { CommandFailed } from '../exit.ts';
import { requireOrt } from '../optional.ts';
import {
  addArithmeticOptions,
  addDataOptions,
  type ArithmeticChoice,
  backendOption,
  type DataOptions,
  nonNegativeNumber,
  openData,
} from '../options.ts';
import { loadModel, modelBytes } from '../load-model.ts';
import { formatBytes, formatDb, formatPercent, table, Terminal } from '../terminal.ts';

interface CompareCommand extends DataOptions, ArithmeticChoice {
  readonly data: string;
  readonly maxDrop?: number;
  readonly backend?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Below this many labelled samples, one sample is worth more than a tenth of a point. */
const SMALL_SET = 1000;

export function registerCompare(program: Command, signal: AbortSignal): void {
  const command = program
    .command('compare')
    .description('run a float and a quantized model on the same data and say what quantization cost')
    .argument('<float.onnx>', 'the model before')
    .argument('<quantized.onnx>', 'the model after')
    .requiredOption(
      '--data <path>',
      'images, .npy, .npz or test_data_set_* folders; not the calibration data',
    )
    .option('--labels <csv>', 'class index of each file, as lines of file,label')
    .option(
      '--max-drop <points>',
      'exit with 1 where top-1 falls by more points than this',
      nonNegativeNumber,
    )
    .addOption(backendOption().helpGroup('Options:'))
    .option('--json', 'print one JSON document')
    .option('-q, --quiet', 'print nothing; the exit code answers');
  addArithmeticOptions(command);
  addDataOptions(command).addHelpText(
    'after',
    `
Examples:
  halftone compare model.onnx model.int8.onnx --data test-images/ --labels labels.csv
  halftone compare model.onnx model.int8.onnx --data test.npz --max-drop 1 --backend reference
  halftone compare model.onnx model.int8.onnx --data test.npz --integer-only`,
  );
  command.action((float: string, quantized: string, options: CompareCommand) =>
    compare(float, quantized, options, signal),
  );
}

async function compare(
  floatPath: string,
  quantizedPath: string,
  options: CompareCommand,
  signal: AbortSignal,
): Promise<void> {
  const terminal = new Terminal(options);
  const floatGraph = await loadModel(floatPath);
  const quantizedGraph = await loadModel(quantizedPath);
  const outputs = sharedOutputs(floatGraph, quantizedGraph, quantizedPath);
  const data = await openData(options.data, floatGraph, floatPath, options);
  if (options.maxDrop !== undefined && !data.hasLabels) {
    throw usageError('--max-drop', '--max-drop needs labels; pass --labels, or data that have them');
  }
  const ort = await requireOrt('compare');
  const float = await openOrt(ort, floatPath);
  const quantized = await openOrt(ort, quantizedPath);
  // An arithmetic is that of our own backends.
  const wanted = options.backend ?? (options.arithmetic || options.integerOnly ? 'reference' : undefined);
  const backend = wanted === undefined ? undefined : await openBackend(await backendByName(wanted));
  try {
    const own =
      backend &&
      new GraphSession(quantizedGraph, {
        backends: [backend],
        arithmetic: options.arithmetic,
        integerOnly: options.integerOnly,
      });
    const result = await compareModels({
      samples: data.samples(),
      outputs,
      float,
      quantized,
      own,
      signal,
      outputSteps: outputSteps(quantizedGraph),
      onProgress: (samples) => terminal.progress(`comparing: ${samples} of ${data.count} samples`),
    });
    await own?.dispose();
    const sizes = {
      float: await modelBytes(floatPath, floatGraph),
      quantized: await modelBytes(quantizedPath, quantizedGraph),
    };
    const passed = options.maxDrop === undefined || -result.difference!.points <= options.maxDrop;
    report(
      terminal,
      result,
      sizes,
      data.describe(),
      { ...options, ...(wanted ? { backend: wanted } : {}) },
      passed,
    );
    terminal.result({
      ...toJson(result, wanted),
      bytes: sizes,
      maxDrop: options.maxDrop ?? null,
      passed,
    });
    if (!passed) throw new CommandFailed();
  } finally {
    await float.dispose();
    await quantized.dispose();
    await backend?.dispose();
  }
}

function sharedOutputs(float: Graph, quantized: Graph, path: string): string[] {
  const names = float.outputs.map((output) => output.name);
  const missing = names.filter((name) => !quantized.outputs.some((output) => output.name === name));
  if (missing.length > 0)
    throw usageError(
      '<quantized.onnx>',
      `${path} has no output ${missing.join(', ')}; compare two forms of one model`,
    );
  return names;
}

function toJson(result: Comparison, backend: string | undefined): Record<string, unknown> {
  const { own, ...rest } = result;
  return own
    ? { ...rest, backend: { name: backend, ...own }, bitEqual: own.bitEqual, maxStep: own.maxStep }
    : rest;
}

function report(
  terminal: Terminal,
  result: Comparison,
  bytes: { float: number; quantized: number },
  data: string,
  options: CompareCommand,
  passed: boolean,
): void {
  const { samples, labelled, difference } = result;
  terminal.line(data);
  terminal.line();
  const share = (count?: number): string =>
    count === undefined ? '-' : `${count} of ${labelled} (${formatPercent(count / labelled)})`;
  const row = (name: string, score: ModelScore, size: string): string[] => [
    name,
    size,
    share(score.top1Count),
    share(score.top5Count),
    score.crossEntropy?.toFixed(3) ?? '-',
    `${score.latencyMs.toFixed(2)} ms`,
  ];
  const rows = [
    ['model', 'size', 'top-1', 'top-5', 'cross-entropy', 'median latency'],
    row('float', result.float, formatBytes(bytes.float)),
    row('quantized', result.quantized, formatBytes(bytes.quantized)),
  ];
  if (result.own) rows.push(row(`quantized on ${options.backend}`, result.own, ''));
  for (const line of table(rows)) terminal.line(line);
  terminal.line();
  if (difference) {
    const [low, high] = difference.interval.map(signed);
    terminal.line(
      `top-1 difference   ${signed(difference.points)} points, 95 % interval ${low} to ${high} (${difference.lost} lost, ${difference.gained} gained)`,
    );
    if (labelled < SMALL_SET)
      terminal.line(
        `                   a small set: one sample is ${(100 / labelled).toFixed(2)} points; take the interval, not the difference`,
      );
  }
  terminal.line(`same answer        ${formatPercent(result.agreement)} of ${samples} samples`);
  terminal.line(
    `outputs            cosine ${result.cosine.toFixed(5)}, SQNR ${formatDb(result.sqnrDb)}, largest difference ${result.maxAbsError.toPrecision(3)}`,
  );
  terminal.line(`file               ${(bytes.quantized / bytes.float).toFixed(3)} of the float file`);
  if (result.own) {
    const steps =
      result.own.maxStep === null
        ? `largest difference ${result.own.maxAbsError.toPrecision(3)}`
        : `largest difference ${result.own.maxStep} step(s)`;
    terminal.line(
      `${options.backend} against ONNX Runtime: ${formatPercent(result.own.bitEqual)} of outputs equal to the bit, ${steps}`,
    );
  }
  if (options.maxDrop !== undefined) {
    const verdict = passed ? 'within' : 'PAST';
    terminal.line(
      `\ntop-1 fell by ${Math.max(0, -difference!.points).toFixed(2)} points: ${verdict} the limit of ${options.maxDrop}`,
    );
    if (!passed)
      terminal.line(
        'next: halftone quantize with --granularity per-channel, another --method, or --exclude for the nodes that suffer',
      );
  }
}

function signed(points: number): string {
  return `${points > 0 ? '+' : ''}${points.toFixed(2)}`;
}
