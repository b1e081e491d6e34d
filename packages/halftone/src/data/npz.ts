import { ChunkReader } from './chunk-reader.ts';
import { dataInvalid } from './data-file.ts';
import { decodeElements, type NpyArray } from './npy.ts';
import { type NpyHeader, npyDataOffset, npyPreambleBytes, parseNpyHeader } from './npy-header.ts';
import { readZipDirectory, type ZipEntry, zipContents } from './zip.ts';

/** The named arrays of an NPZ file; nothing but the directory is read before an array is asked for. */
export interface Npz {
  readonly path: string;
  /** Names of the arrays, without `.npy`, in the order of the file. */
  readonly names: readonly string[];
  /** Type and shape of an array, without its elements. Throws HT_DATA_INVALID. */
  header(name: string): Promise<NpyHeader>;
  /** A whole array, its checksum compared. Throws HT_DATA_INVALID. */
  read(name: string): Promise<NpyArray>;
  /** The bytes of an array's elements, to be read in order. The caller closes the reader. */
  open(name: string): Promise<{ header: NpyHeader; elements: ChunkReader }>;
}

const suffix = '.npy';

/**
 * Opens an NPZ file: a ZIP archive of NPY members, stored or deflated. Other members are passed over.
 * Throws HT_FILE and HT_DATA_INVALID.
 */
export async function openNpz(path: string): Promise<Npz> {
  const members = new Map<string, ZipEntry>();
  for (const entry of await readZipDirectory(path)) {
    if (entry.name.endsWith(suffix)) members.set(entry.name.slice(0, -suffix.length), entry);
  }
  const open = async (name: string): Promise<{ header: NpyHeader; elements: ChunkReader }> => {
    const entry = members.get(name);
    if (!entry) {
      const names = [...members.keys()].join(', ');
      throw dataInvalid(path, `has no array ${name}; it has ${names || 'none'}`, { name });
    }
    const source = `${path}[${name}]`;
    const elements = new ChunkReader(zipContents(path, entry));
    try {
      const preamble = await elements.read(npyPreambleBytes);
      const rest = await elements.read(Math.max(0, npyDataOffset(preamble, source) - npyPreambleBytes));
      const bytes = new Uint8Array(preamble.length + rest.length);
      bytes.set(preamble);
      bytes.set(rest, preamble.length);
      return { header: parseNpyHeader(bytes, entry.size, source), elements };
    } catch (error) {
      await elements.close();
      throw error;
    }
  };
  return {
    path,
    names: [...members.keys()],
    open,
    async header(name) {
      const { header, elements } = await open(name);
      await elements.close();
      return header;
    },
    async read(name) {
      const { header, elements } = await open(name);
      try {
        const size = (members.get(name) as ZipEntry).size - header.dataOffset;
        const bytes = await elements.read(size);
        // The checksum is compared at the end of the member.
        await elements.drain();
        if (bytes.length !== size) throw dataInvalid(`${path}[${name}]`, 'ends before its elements do');
        return decodeElements(bytes, header, header.shape);
      } finally {
        await elements.close();
      }
    },
  };
}
