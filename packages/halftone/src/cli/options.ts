// Options that several commands share, and how their values are read.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Arithmetic, arithmetics, type Graph } from '@halftone/graph';
import { HalftoneError } from '@halftone/core';
import { type Dataset, openDataset } from '../data/dataset.ts';
import type { ModelInput } from '../data/model-input.ts';
import { dirname } from 'node:path';

export interface DataOptions {
  readonly preprocess?: string;
  readonly scale?: number;
  readonly mean?: number[];
  readonly std?: number[];
  readonly samples?: number;
  readonly labels?: string;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('an integer above 0 is needed');
  return value;
}

export function nonNegativeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('a number of 0 or more is needed');
  return value;
}

function finiteNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError(`'${text}' is no number`);
  return value;
}

function numberList(text: string): number[] {
  return text.split(',').map(finiteNumber);
}

export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Adds how data are read: preprocessing of images, scaling of arrays, how many samples. */
export function addDataOptions(command: Command): Command {
  return command
    .option('--preprocess <file>', 'preprocessor_config.json for images (default: the one beside the model)')
    .option('--scale <number>', 'multiply arrays by this, before mean and std', finiteNumber)
    .option('--mean <numbers>', 'subtract from arrays, one or one a channel', numberList)
    .option('--std <numbers>', 'divide arrays by this, one or one a channel', numberList)
    .option('--samples <count>', 'use at most this many samples, spread evenly', positiveInteger);
}

export function backendOption(): Option {
  return new Option('--backend <name>', 'reference, native, wasm, gpujs, a package, or a path to a module');
}

/** Opens data for a model by the options of the command line. */
export async function openData(
  path: string,
  graph: Graph,
  modelPath: string,
  options: DataOptions,
): Promise<Dataset> {
  return await openDataset(path, {
    inputs: modelInputs(graph),
    modelFolder: dirname(modelPath),
    preprocess: options.preprocess,
    scale: options.scale,
    mean: options.mean,
    std: options.std,
    limit: options.samples,
    labels: options.labels,
  });
}

/** The inputs of a graph as data are read for them. Throws HT_UNSUPPORTED for an input without a known type. */
export function modelInputs(graph: Graph): ModelInput[] {
  return graph.inputs.map(({ name, elementType, shape }) => {
    if (elementType === undefined) {
      throw new HalftoneError(
        'HT_UNSUPPORTED',
        `input ${name} has no known type; export the model with typed inputs`,
        { input: name },
      );
    }
    return { name, dtype: elementType, shape };
  });
}

export interface ArithmeticChoice {
  readonly arithmetic?: Arithmetic;
  readonly integerOnly?: boolean;
}

/** How integer operators round on our own backends. */
export function addArithmeticOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--arithmetic <mode>', 'how integer operators round')
        .choices(Object.keys(arithmetics))
        .helpGroup('Options:'),
    )
    .addOption(
      new Option(
        '--integer-only',
        'refuse every float operation between input and output; arithmetic is then tflite-double unless given',
      ).helpGroup('Options:'),
    );
}
