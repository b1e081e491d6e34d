import { dataInvalid } from './data-file.ts';

/** Element types of NPY files that are read and written, by NumPy's kind letter and size in bytes. */
export type NpyDtype = 'b1' | 'i1' | 'u1' | 'i2' | 'u2' | 'i4' | 'u4' | 'i8' | 'u8' | 'f2' | 'f4' | 'f8';

/** What the header of an NPY file says. */
export interface NpyHeader {
  readonly dtype: NpyDtype;
  readonly littleEndian: boolean;
  /** True where the first axis varies fastest. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the elements start, in bytes. */
  readonly dataOffset: number;
}

const known: ReadonlySet<string> = new Set<NpyDtype>([
  'b1',
  'i1',
  'u1',
  'i2',
  'u2',
  'i4',
  'u4',
  'i8',
  'u8',
  'f2',
  'f4',
  'f8',
]);

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Bytes that `npyDataOffset` needs. */
export const npyPreambleBytes = 12;

/** A header of plain arrays takes about 100 bytes; the bound keeps a damaged length from being allocated. */
const maxHeaderBytes = 1 << 16;

/** NumPy's own limit. */
const maxRank = 64;

/** Bytes of one element. */
export function npyItemBytes(dtype: NpyDtype): number {
  return Number(dtype[1]);
}

/** Number of elements of a shape that a header gave. */
export function npyCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Where the elements of an NPY file start, from its first 12 bytes. Throws HT_DATA_INVALID. */
export function npyDataOffset(preamble: Uint8Array, source: string): number {
  if (preamble.length < npyPreambleBytes) throw dataInvalid(source, 'is truncated: no whole NPY header');
  if (!magic.every((byte, i) => preamble[i] === byte)) {
    throw dataInvalid(source, 'is not an NPY file: the magic bytes differ; save it with numpy.save');
  }
  const view = new DataView(preamble.buffer, preamble.byteOffset, preamble.length);
  const major = view.getUint8(6);
  const minor = view.getUint8(7);
  if (major < 1 || major > 3 || minor !== 0) {
    throw dataInvalid(source, `has NPY version ${major}.${minor}; 1.0, 2.0 and 3.0 are read`, {
      major,
      minor,
    });
  }
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes) {
    throw dataInvalid(source, `claims an NPY header of ${length} bytes; at most ${maxHeaderBytes} are read`, {
      length,
    });
  }
  return (major === 1 ? 10 : 12) + length;
}

/**
 * Parses the header of an NPY file.
 * `bytes` hold the file up to `npyDataOffset` at least; `total` is the size of the whole file, which the shape
 * has to account for exactly.
 * Throws HT_DATA_INVALID. The grammar is that of numpy.lib.format: a dict literal of three keys.
 */
export function parseNpyHeader(bytes: Uint8Array, total: number, source: string): NpyHeader {
  const dataOffset = npyDataOffset(bytes.subarray(0, npyPreambleBytes), source);
  if (dataOffset > bytes.length) {
    throw dataInvalid(source, `is truncated inside its NPY header of ${dataOffset} bytes`, { dataOffset });
  }
  const start = bytes[6] === 1 ? 10 : 12;
  const text = decodeText(bytes.subarray(start, dataOffset), bytes[6] === 3 ? 'utf-8' : 'latin1', source);
  const { descr, fortranOrder, shape } = parseDict(text, source);
  const match = /^([<>|])([biuf][1248])$/.exec(descr);
  const dtype = match?.[2];
  if (!match || dtype === undefined || !known.has(dtype) || (match[1] === '|' && !dtype.endsWith('1'))) {
    throw dataInvalid(
      source,
      `has elements of type '${descr}'; bool, integers and floats of 1 to 8 bytes are read`,
      {
        descr,
      },
    );
  }
  const count = npyCount(shape);
  const needed = dataOffset + count * npyItemBytes(dtype as NpyDtype);
  if (!Number.isSafeInteger(needed) || needed !== total) {
    throw dataInvalid(
      source,
      `[${shape.join(', ')}] of ${dtype} takes ${needed} bytes, the file has ${total}; it is damaged or cut`,
      { shape, needed, total },
    );
  }
  return { dtype: dtype as NpyDtype, littleEndian: match[1] !== '>', fortranOrder, shape, dataOffset };
}

/** Bytes of a version 1 header in C order, little endian; the elements follow it at a multiple of 64 bytes. */
export function formatNpyHeader(dtype: NpyDtype, shape: readonly number[]): Uint8Array {
  const order = npyItemBytes(dtype) === 1 ? '|' : '<';
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${order}${dtype}', 'fortran_order': False, 'shape': (${dims}), }`;
  const total = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const bytes = new Uint8Array(total).fill(0x20);
  bytes.set([...magic, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, total - 10, true);
  for (let i = 0; i < dict.length; i++) bytes[10 + i] = dict.charCodeAt(i);
  bytes[total - 1] = 0x0a;
  return bytes;
}

function decodeText(bytes: Uint8Array, encoding: string, source: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw dataInvalid(source, 'has an NPY header that is no text', {}, cause);
  }
}

interface Dict {
  descr: string;
  fortranOrder: boolean;
  shape: number[];
}

const tokens = {
  open: /\s*\{/y,
  close: /\s*\}\s*$/y,
  key: /\s*(?:'([a-z_]+)'|"([a-z_]+)")\s*:\s*/y,
  comma: /\s*,/y,
  string: /'([^'\\]*)'|"([^"\\]*)"/y,
  boolean: /True|False/y,
  tupleOpen: /\(\s*/y,
  // Python 2 wrote long integers with an L.
  extent: /(0|[1-9][0-9]{0,15})L?\s*/y,
  tupleComma: /,\s*/y,
  tupleClose: /\)/y,
};

function parseDict(text: string, source: string): Dict {
  let at = 0;
  const accept = (token: keyof typeof tokens): RegExpExecArray | null => {
    const pattern = tokens[token];
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  const expect = (token: keyof typeof tokens): RegExpExecArray => {
    const match = accept(token);
    if (!match) {
      throw dataInvalid(source, `has an NPY header that breaks off at character ${at}: ${token} is missing`, {
        offset: at,
      });
    }
    return match;
  };
  const tuple = (): number[] => {
    const shape: number[] = [];
    expect('tupleOpen');
    while (!accept('tupleClose')) {
      if (shape.length === maxRank) throw dataInvalid(source, `has more than ${maxRank} axes`);
      shape.push(Number(expect('extent')[1]));
      if (accept('tupleComma')) continue;
      // `(3)` is a number in Python, no tuple.
      if (shape.length === 1) expect('tupleComma');
      expect('tupleClose');
      break;
    }
    return shape;
  };
  const found: Partial<Dict> = {};
  expect('open');
  for (let closed = accept('close'); !closed; closed = accept('close')) {
    const keyed = expect('key');
    const key = keyed[1] ?? keyed[2] ?? '';
    if (key === 'descr' && found.descr === undefined) {
      const match = expect('string');
      found.descr = match[1] ?? match[2] ?? '';
    } else if (key === 'fortran_order' && found.fortranOrder === undefined) {
      found.fortranOrder = expect('boolean')[0] === 'True';
    } else if (key === 'shape' && found.shape === undefined) {
      found.shape = tuple();
    } else {
      throw dataInvalid(source, `has an NPY header with a second or unknown key '${key}'`, { key });
    }
    if (!accept('comma')) {
      expect('close');
      break;
    }
  }
  const { descr, fortranOrder, shape } = found;
  if (descr === undefined || fortranOrder === undefined || shape === undefined) {
    throw dataInvalid(source, 'has an NPY header without all of descr, fortran_order and shape');
  }
  return { descr, fortranOrder, shape };
}
