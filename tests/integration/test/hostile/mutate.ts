import { type ModelProto, PackedNumbers, writeModel } from '@halftone/onnx';
import { isHalftoneError } from '@halftone/core';
import { editGraph, operators } from './mutate-graph.ts';
import type { Random } from './random.ts';

/** A message whose fields may be changed. */
type Loose = Record<string, unknown>;

/** A place in a message tree: `holder[key]`. */
interface Slot {
  readonly holder: Loose | unknown[];
  readonly key: string | number;
  /** The name of the field that the place belongs to. */
  readonly field: string;
}

const strangeNames = [
  '',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'x',
  'y',
  'w',
  'a\0b',
  '\udcff',
  'n'.repeat(3000),
  '../escape',
  '/etc/passwd',
  '-1',
  '0x10',
  '1e3',
  'NaN',
  '18446744073709551615',
  'ai.onnx',
];
const strangeIntegers: readonly (number | bigint)[] = [
  0,
  1,
  -1,
  2,
  3,
  7,
  13,
  22,
  127,
  255,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 40,
  Number.MAX_SAFE_INTEGER,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const strangeFloats = [0, -0, 1, -1, NaN, Infinity, -Infinity, 1e-45, 3.4e38, -3.4e38];

/** The file of a model with one to `most` edits of its message tree, and now and then bytes turned on top. */
export function mutate(model: ModelProto, random: Random, most = 3): Uint8Array {
  for (;;) {
    const copy = clone(model) as Loose;
    for (let edits = 1 + random.below(most); edits > 0; edits--)
      if (random.chance(0.6)) editGraph(copy, random);
      else editAnywhere(copy, random);
    try {
      const bytes = writeModel(copy);
      return most > 1 && random.chance(0.15) ? turnBytes(bytes, random) : bytes;
    } catch (error) {
      // an edit may make what no file can say, an int32 past its range: another one then
      if (!isHalftoneError(error)) throw error;
    }
  }
}

/** The bytes cut short, or with some bits turned, bytes put in or taken out. */
function turnBytes(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = random.below(bytes.length);
  switch (random.below(4)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return join(bytes.subarray(0, at), Uint8Array.of(random.below(256)), bytes.subarray(at));
    case 2:
      return join(bytes.subarray(0, at), bytes.subarray(at + 1));
    default: {
      const copy = bytes.slice();
      for (let flips = 1 + random.below(4); flips > 0; flips--)
        copy[random.below(copy.length)]! ^= 1 << random.below(8);
      return copy;
    }
  }
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone);
  if (
    ArrayBuffer.isView(value) ||
    value instanceof PackedNumbers ||
    typeof value !== 'object' ||
    value === null
  )
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, clone(entry)]));
}

function slotsOf(root: Loose): Slot[] {
  const slots: Slot[] = [];
  const visit = (value: unknown, field: string): void => {
    if (Array.isArray(value)) {
      for (const [key, entry] of value.entries()) {
        slots.push({ holder: value, key, field });
        visit(entry, field);
      }
    } else if (isMessage(value)) {
      for (const [key, entry] of Object.entries(value)) {
        slots.push({ holder: value, key, field: key });
        visit(entry, key);
      }
    }
  };
  visit(root, '');
  return slots;
}

function isMessage(value: unknown): value is Loose {
  return (
    typeof value === 'object' &&
    value !== null &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof PackedNumbers)
  );
}

function editAnywhere(root: Loose, random: Random): void {
  const slots = slotsOf(root);
  const slot = random.pick(slots);
  const { holder, key, field } = slot;
  const value = (holder as Loose)[key as string];
  const put = (changed: unknown): void => {
    (holder as Loose)[key as string] = changed;
  };
  if (random.chance(0.1)) return remove(slot);
  // a value of the same kind from elsewhere in the model keeps the file well-formed and makes it lie
  if (random.chance(0.3)) {
    const donors = slots.filter((other) => other.field === field && other !== slot);
    if (donors.length > 0) {
      const donor = random.pick(donors);
      const given = clone((donor.holder as Loose)[donor.key as string]);
      if (Array.isArray(given) === Array.isArray(value)) return put(given);
    }
  }
  if (Array.isArray(value)) return put(editList(value, random));
  if (value instanceof Uint8Array) return put(editBytes(value, random));
  if (typeof value === 'string') return put(editText(value, field, slots, random));
  if (typeof value === 'number' || typeof value === 'bigint') return put(editNumber(value, field, random));
}

function remove({ holder, key }: Slot): void {
  if (Array.isArray(holder)) holder.splice(key as number, 1);
  else delete holder[key];
}

function editList(list: readonly unknown[], random: Random): unknown[] {
  const at = list.length === 0 ? 0 : random.below(list.length);
  const first = clone(list[at]);
  switch (random.below(5)) {
    case 0:
      return [];
    case 1:
      return list.length === 0 ? [] : [...list, first];
    case 2:
      return list.toReversed();
    case 3:
      return list.length === 0
        ? []
        : [...list.slice(0, at), ...new Array<unknown>(100).fill(first), ...list.slice(at)];
    default:
      return list.filter((_, i) => i !== at);
  }
}

function editBytes(bytes: Uint8Array, random: Random): Uint8Array {
  switch (random.below(4)) {
    case 0:
      return bytes.slice(0, random.below(bytes.length + 1));
    case 1:
      return join(bytes, Uint8Array.of(0));
    case 2:
      return bytes.map(() => random.below(256));
    default:
      return join(bytes, bytes);
  }
}

function editText(text: string, field: string, slots: readonly Slot[], random: Random): string {
  if (field === 'opType' && random.chance(0.8)) return random.pick(operators);
  if (random.chance(0.5)) {
    const names = slots.map(({ holder, key }) => (holder as Loose)[key as string]);
    return random.pick(names.filter((name): name is string => typeof name === 'string'));
  }
  return random.chance(0.7) ? random.pick(strangeNames) : `${text}x`;
}

function editNumber(value: number | bigint, field: string, random: Random): number | bigint {
  if (field === 'f' || field === 'floats' || field === 'floatData') return random.pick(strangeFloats);
  if (random.chance(0.3)) return typeof value === 'number' ? value + random.pick([-1, 1]) : value;
  return random.pick(strangeIntegers);
}
