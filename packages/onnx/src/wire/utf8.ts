declare const TextDecoder: new (
  label: 'utf-8',
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const loneSurrogate = /\p{Surrogate}/u;
const shortText = 48;

/**
 * Text of UTF-8 bytes. A byte that is not UTF-8 becomes the lone surrogate U+DC00 + byte, which
 * `encodeText` writes back as that byte: a name in another encoding survives reading and writing.
 */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length <= shortText) {
    const ascii = decodeAscii(bytes);
    if (ascii !== undefined) return ascii;
  }
  try {
    return strict.decode(bytes);
  } catch {
    return decodeDamaged(bytes);
  }
}

/** True where the bytes are well-formed UTF-8. */
export function isText(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Bytes of a text; the inverse of `decodeText`. */
export function encodeText(text: string): Uint8Array {
  if (!loneSurrogate.test(text)) return encoder.encode(text);
  // split at a group, the lone surrogates stand at the odd places
  const parts = text
    .split(/(\p{Surrogate}+)/u)
    .map((part, i) => (i % 2 === 0 ? encoder.encode(part) : encodeSurrogates(part)));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Surrogates that stand for bytes as these; others as U+FFFD, as the encoder of the platform has it. */
function encodeSurrogates(text: string): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(0xef, 0xbf, 0xbd);
  }
  return Uint8Array.from(bytes);
}

function decodeAscii(bytes: Uint8Array): string | undefined {
  let text = '';
  for (const byte of bytes) {
    if (byte > 127) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Reads by hand: an exception for each bad byte would make a name of megabytes take minutes. */
function decodeDamaged(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length); // UTF-16 never takes more units than UTF-8 takes bytes
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    const code = length === 0 ? 0xdc00 + (bytes[at] as number) : codePoint(bytes, at, length);
    if (code < 0x10000) units[count++] = code;
    else {
      units[count++] = 0xd800 + ((code - 0x10000) >> 10);
      units[count++] = 0xdc00 + ((code - 0x10000) & 0x3ff);
    }
    at += Math.max(1, length);
  }
  let text = '';
  for (let at = 0; at < count; at += 4096)
    text += String.fromCharCode(...units.subarray(at, Math.min(count, at + 4096)));
  return text;
}

/** Length of the well-formed sequence at `at`, 0 where there is none: table 3-7 of the Unicode standard. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const second = bytes[at + 1] ?? 0;
  const [least, most] = secondBytes.get(lead) ?? [0x80, 0xbf];
  if (second < least || second > most) return 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Leads whose second byte has narrower bounds: no overlong forms, no surrogates, nothing past U+10FFFF. */
const secondBytes: ReadonlyMap<number, readonly [least: number, most: number]> = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);

function codePoint(bytes: Uint8Array, at: number, length: number): number {
  const lead = bytes[at] as number;
  if (length === 1) return lead;
  let code = lead & (0x7f >> length);
  for (let i = 1; i < length; i++) code = (code << 6) | ((bytes[at + i] as number) & 0x3f);
  return code;
}
