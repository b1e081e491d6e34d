import { basename, dirname, join, resolve } from 'node:path';
import { isHalftoneError, type Tensor } from '@halftone/core';
import { decodeTensor, tensorProtoName } from '@halftone/onnx';
import { dataInvalid, fileExists, listFolder, readBytes } from './data-file.ts';

/** Files of one `test_data_set_*` folder, by their position in the model's inputs and outputs. */
export interface TestSet {
  readonly path: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** An ONNX test folder: a model and its data sets. */
export interface TestFolder {
  readonly path: string;
  /** Path of `model.onnx`, or of the only .onnx file; undefined where there is none. */
  readonly model: string | undefined;
  readonly sets: readonly TestSet[];
}

const setFolder = /^test_data_set_/;
const tensorFile = /^(input|output)_(\d+)\.pb$/;
const byNumber = new Intl.Collator('en', { numeric: true }).compare;

/**
 * Test folders at `path`: one test folder, one of its data sets, or a parent of test folders (sorted by name).
 * Throws HT_FILE, and HT_DATA_INVALID where there is none or where a numbered file is missing.
 */
export async function findTestFolders(path: string): Promise<TestFolder[]> {
  const own = await testFolderAt(path);
  if (own) return [own];
  const found: TestFolder[] = [];
  for (const name of (await listFolder(path)).folders) {
    const folder = await testFolderAt(join(path, name));
    if (folder) found.push(folder);
  }
  if (found.length === 0) {
    throw dataInvalid(path, 'holds no ONNX test folder; one has model.onnx and test_data_set_0/input_0.pb');
  }
  return found;
}

/** The test folder that `path` is, or whose data set it is; undefined where it is neither. */
export async function testFolderAt(path: string): Promise<TestFolder | undefined> {
  const { files, folders } = await listFolder(path);
  if (files.some((name) => tensorFile.test(name))) {
    const parent = dirname(resolve(path));
    return { path, model: await modelIn(parent), sets: [testSet(path, files)] };
  }
  const names = folders.filter((name) => setFolder.test(name)).sort(byNumber);
  if (names.length === 0) return undefined;
  const sets: TestSet[] = [];
  for (const name of names) {
    const folder = join(path, name);
    sets.push(testSet(folder, (await listFolder(folder)).files));
  }
  return { path, model: await modelIn(path), sets };
}

async function modelIn(folder: string): Promise<string | undefined> {
  const usual = join(folder, 'model.onnx');
  if (await fileExists(usual)) return usual;
  const models = (await listFolder(folder)).files.filter((name) => name.endsWith('.onnx'));
  return models.length === 1 ? join(folder, models[0] as string) : undefined;
}

function testSet(path: string, files: readonly string[]): TestSet {
  return { path, inputs: numbered(path, files, 'input'), outputs: numbered(path, files, 'output') };
}

function numbered(path: string, files: readonly string[], kind: 'input' | 'output'): string[] {
  const names = files.filter((name) => tensorFile.exec(name)?.[1] === kind).sort(byNumber);
  names.forEach((name, i) => {
    if (name !== `${kind}_${i}.pb`) {
      throw dataInvalid(path, `has ${name} but no ${kind}_${i}.pb`, { missing: `${kind}_${i}.pb` });
    }
  });
  return names.map((name) => join(path, name));
}

/** Names of a model's inputs and outputs, in the order of its graph. */
export interface TestNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** The tensors of one data set under the model's names. Errors of `readTestInputs`. */
export async function readTestSet(
  set: TestSet,
  names: TestNames,
): Promise<{ feeds: Record<string, Tensor>; outputs: Record<string, Tensor> }> {
  return {
    feeds: await readNamed(set.inputs, names.inputs),
    outputs: await readNamed(set.outputs, names.outputs),
  };
}

/**
 * The input tensors of one data set under the model's names: by the name in each file where all are the model's, as
 * tests that leave optional inputs out have it, else by their number.
 * Throws HT_FILE, HT_DATA_INVALID for a damaged file or for more files than names, HT_UNSUPPORTED for element types
 * that tensors do not hold.
 */
export function readTestInputs(set: TestSet, names: readonly string[]): Promise<Record<string, Tensor>> {
  return readNamed(set.inputs, names);
}

async function readNamed(
  paths: readonly string[],
  names: readonly string[],
): Promise<Record<string, Tensor>> {
  const read: { path: string; name: string; tensor: Tensor }[] = [];
  for (const path of paths) {
    const bytes = await readBytes(path);
    try {
      read.push({ path, name: tensorProtoName(bytes), tensor: decodeTensor(bytes) });
    } catch (cause) {
      if (!isHalftoneError(cause, 'HT_MODEL_INVALID')) throw cause;
      throw dataInvalid(path, `is no TensorProto that can be read: ${cause.message}`, cause.details, cause);
    }
  }
  const own = read.map(({ name }) => name);
  const byName = own.every((name) => names.includes(name)) && new Set(own).size === own.length;
  const entries = read.map(({ path, name, tensor }, i): [string, Tensor] => {
    const key = byName ? name : names[i];
    if (key === undefined) {
      throw dataInvalid(
        path,
        `is number ${i}, but the model has ${names.length} such tensors: ${names.join(', ')}`,
        {
          file: basename(path),
          names,
        },
      );
    }
    return [key, tensor];
  });
  return Object.fromEntries(entries);
}
