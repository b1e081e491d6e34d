import { styleText } from 'node:util';

/** True while a progress line stands on stderr. */
let drawn = false;

/** Takes the progress line away, so that something else can be said. */
export function clearProgress(): void {
  if (!drawn) return;
  process.stderr.write('\r\x1b[2K');
  drawn = false;
}

/** What a command says: results on stdout, progress on stderr and only where a person watches. */
export class Terminal {
  readonly json: boolean;
  readonly #quiet: boolean;
  readonly #live: boolean;
  #lastDraw = 0;

  constructor(options: { readonly json?: boolean | undefined; readonly quiet?: boolean | undefined }) {
    this.json = options.json ?? false;
    this.#quiet = options.quiet ?? false;
    this.#live = process.stderr.isTTY === true && process.env['CI'] === undefined && !this.#quiet;
  }

  /** A line of the result; left out with --json. */
  line(text = ''): void {
    if (this.json || this.#quiet) return;
    clearProgress();
    process.stdout.write(`${text}\n`);
  }

  /** The result as one JSON document. */
  result(document: Readonly<Record<string, unknown>>): void {
    if (!this.json) return;
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, ...document }, jsonValue, 2)}\n`);
  }

  /** A remark that is not part of the result. */
  note(text: string): void {
    if (this.#quiet) return;
    clearProgress();
    process.stderr.write(`${text}\n`);
  }

  /** Replaces the progress line; at most ten times a second. */
  progress(text: string): void {
    if (!this.#live) return;
    const now = Date.now();
    if (now - this.#lastDraw < 100) return;
    this.#lastDraw = now;
    process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
    drawn = true;
  }

  bold(text: string): string {
    return this.#style('bold', text);
  }

  dim(text: string): string {
    return this.#style('dim', text);
  }

  // NO_COLOR and FORCE_COLOR are conventions that users set for every tool.
  #style(format: 'bold' | 'dim', text: string): string {
    const forced = process.env['FORCE_COLOR'];
    const on =
      forced !== undefined ? forced !== '0' : process.stdout.isTTY === true && !process.env['NO_COLOR'];
    return on ? styleText(format, text) : text;
  }
}

// JSON has neither infinities nor NaN; a null says that there is no number.
function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}

/** Columns of text, each as wide as its widest cell; numbers stand right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  const right = widths.map((_, i) =>
    rows.slice(1).every((row) => /^[-+]?[\d.,]*( ?(%|ms|dB|B|KiB|MiB|x|points))?$|^-?$/.test(row[i] ?? '')),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** A size for people. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(2)} MiB`;
}

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

export function formatDb(db: number): string {
  return Number.isFinite(db) ? `${db.toFixed(1)} dB` : 'equal';
}
