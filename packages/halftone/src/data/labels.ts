import { dataInvalid, readText } from './data-file.ts';
import { integersOf, readNpy } from './npy.ts';

/**
 * Labels of samples, from a CSV of `file,label` rows or from a one-dimensional integer NPY in the samples' order.
 * A CSV names samples by their id (a path inside the folder, or an index from 0 for arrays), with or without a
 * header row; rows for samples that are not there are passed over.
 * Throws HT_FILE, and HT_DATA_INVALID for a sample without a label, one named twice, or a label that is no integer
 * from 0.
 */
export async function readLabels(
  path: string,
  count: number,
  idOf: (index: number) => string,
): Promise<number[]> {
  if (path.toLowerCase().endsWith('.npy')) {
    const labels = integersOf(await readNpy(path), path);
    checkLabels(labels, count, path);
    return labels;
  }
  const table = parseLabels(await readText(path), path);
  const labels: number[] = [];
  for (let i = 0; i < count; i++) {
    const id = idOf(i);
    const label = table.get(id);
    if (label === undefined) {
      throw dataInvalid(path, `has no label for ${id}; add a row "${id},<class index>"`, { file: id });
    }
    labels.push(label);
  }
  return labels;
}

/** Throws HT_DATA_INVALID unless there is one class index, an integer from 0, for each of `count` samples. */
export function checkLabels(labels: readonly number[], count: number, source: string): void {
  if (labels.length !== count) {
    throw dataInvalid(source, `has ${labels.length} labels for ${count} samples`, {
      labels: labels.length,
      count,
    });
  }
  const bad = labels.findIndex((label) => !Number.isSafeInteger(label) || label < 0);
  if (bad >= 0) {
    throw dataInvalid(source, `label ${bad} is ${labels[bad]}; a class index is an integer from 0`, {
      index: bad,
    });
  }
}

/** Class index of each file that a CSV of `file,label` names. Throws HT_DATA_INVALID with the line. */
export function parseLabels(text: string, source: string): Map<string, number> {
  const table = new Map<string, number>();
  text.split(/\r\n|\n|\r/).forEach((line, i) => {
    if (line.trim() === '') return;
    const fields = splitRow(line);
    const [name, label] = fields ?? [];
    if (fields?.length !== 2 || !name || label === undefined) {
      throw dataInvalid(source, `line ${i + 1} is no "file,label" row`, { line: i + 1 });
    }
    if (!/^[0-9]{1,15}$/.test(label)) {
      if (i === 0) return;
      throw dataInvalid(source, `line ${i + 1}: label '${label}' is no class index, an integer from 0`, {
        line: i + 1,
        label,
      });
    }
    const key = name.replaceAll('\\', '/').replace(/^\.\//, '');
    if (table.has(key))
      throw dataInvalid(source, `line ${i + 1} names ${key} a second time`, { line: i + 1, file: key });
    table.set(key, Number(label));
  });
  return table;
}

/** Fields of one row by RFC 4180, without line breaks inside quotes; undefined where the quotes do not match. */
function splitRow(line: string): string[] | undefined {
  const fields: string[] = [];
  const field = /\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/y;
  while (field.lastIndex <= line.length) {
    const match = field.exec(line);
    if (!match) return undefined;
    fields.push(match[1]?.replaceAll('""', '"') ?? (match[2] ?? '').trim());
    if (match[3] === '') return fields;
  }
  return undefined;
}
