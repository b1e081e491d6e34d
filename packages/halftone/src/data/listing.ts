import { dataInvalid, listFolder } from './data-file.ts';

/** Files of a data folder, flat or with a folder for each class. */
export interface Listing {
  /** Paths inside the folder, with slashes, sorted by class, then by name. */
  readonly files: readonly string[];
  /** Sorted names of the class folders; undefined for a flat folder. */
  readonly classes: readonly string[] | undefined;
  /** Class index of each file; undefined for a flat folder. */
  readonly labels: readonly number[] | undefined;
}

/** Image formats that are recognised only to say that they are not read. */
const otherImages = /\.(?:bmp|gif|webp|tiff?|avif|heic|jp2|jxl)$/i;

/**
 * Lists the files of a folder whose names match `wanted`, one level of folders deep; other files are passed over.
 * A folder is a class and its index that in the sorted names, also where it holds no file.
 * Throws HT_FILE, and HT_DATA_INVALID for files beside class folders, folders in class folders, and image formats
 * that are not read, all of which would silently be left out.
 */
export async function listSamples(path: string, wanted: RegExp): Promise<Listing> {
  const { files, folders } = await listFolder(path);
  const flat = select(files, wanted, path);
  const nested: string[] = [];
  const labels: number[] = [];
  for (const [index, folder] of folders.entries()) {
    const inside = await listFolder(`${path}/${folder}`);
    const found = select(inside.files, wanted, `${path}/${folder}`);
    if (inside.folders.length > 0 && flat.length === 0) {
      throw dataInvalid(
        `${path}/${folder}`,
        `holds the folder ${inside.folders[0]}; give the folder whose folders are the classes`,
        { folder: inside.folders[0] },
      );
    }
    for (const name of found) {
      nested.push(`${folder}/${name}`);
      labels.push(index);
    }
  }
  if (flat.length > 0 && nested.length > 0) {
    throw dataInvalid(path, `holds ${flat[0]} beside folders with such files; keep one or the other`, {
      file: flat[0],
      nested: nested[0],
    });
  }
  return nested.length > 0
    ? { files: nested, classes: folders, labels }
    : { files: flat, classes: undefined, labels: undefined };
}

function select(names: readonly string[], wanted: RegExp, path: string): string[] {
  const other = names.find((name) => otherImages.test(name));
  if (other)
    throw dataInvalid(path, `${other} is no JPEG or PNG; convert it or move it away`, { file: other });
  return names.filter((name) => wanted.test(name));
}
