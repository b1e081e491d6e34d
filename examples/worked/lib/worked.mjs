// What every worked example has in common: how it is printed, and when.
import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Finishes an example and prints it where node runs its file. A row is [what, what the document prints, ours]; the
 * second is '' where it prints nothing. Rows that differ are marked; `remark` says why the document errs.
 */
export function worked(meta, { title, document, rows, remark }) {
  const example = {
    name: /([^/]+)\.mjs$/.exec(meta.url)[1],
    title,
    document,
    rows: rows.map(([what, theirs, value]) => {
      const ours = [value].flat(Infinity);
      return { what, document: theirs, ours, agrees: theirs === '' ? null : agree(theirs, ours) };
    }),
    remark,
  };
  const script = process.argv[1];
  if (script && existsSync(script) && realpathSync(script) === fileURLToPath(meta.url))
    console.log(text(example));
  return example;
}

/** An example as lines of text. */
export function text({ title, document, rows, remark }) {
  const cells = rows.map((row) => [row.what, row.document || '-', row.ours.map(print).join(' ')]);
  const table = [['', 'the document', 'halftone'], ...cells];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column].length)));
  const lines = table.map((row, i) => {
    const mark = i > 0 && rows[i - 1].agrees === false ? '  (differs)' : '';
    return `${row[0].padEnd(widths[0])}  ${row[1].padEnd(widths[1])}  ${row[2]}${mark}`;
  });
  return [title, `from ${document}`, '', ...lines, '', remark].join('\n');
}

function print(value) {
  return typeof value === 'number' && !Number.isInteger(value)
    ? String(Number(value.toPrecision(8)))
    : String(value);
}

/** True where every value is what the document prints, within its last digit: some documents round, some cut. */
function agree(theirs, ours) {
  const printed = theirs.split(' ');
  return (
    printed.length === ours.length &&
    printed.every((word, i) => {
      if (typeof ours[i] !== 'number') return word === String(ours[i]);
      const decimals = /\.(\d*)/.exec(word)?.[1].length ?? 0;
      return Math.abs(ours[i] - Number(word)) < (decimals === 0 ? 0.5 : Number(`1e-${decimals}`));
    })
  );
}
