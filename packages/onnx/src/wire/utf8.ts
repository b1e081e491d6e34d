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
  const parts: number[] = [];
  for (const symbol of text) {
    const code = symbol.codePointAt(0) as number;
    if (code >= 0xdc80 && code <= 0xdcff) parts.push(code - 0xdc00);
    else parts.push(...encoder.encode(symbol));
  }
  return Uint8Array.from(parts);
}

function decodeAscii(bytes: Uint8Array): string | undefined {
  let text = '';
  for (const byte of bytes) {
    if (byte > 127) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

function decodeDamaged(bytes: Uint8Array): string {
  const parts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      parts.push(String.fromCharCode(0xdc00 + (bytes[at] as number)));
      at += 1;
    } else {
      parts.push(strict.decode(bytes.subarray(at, at + length)));
      at += length;
    }
  }
  return parts.join('');
}

/** Length of the well-formed sequence at `at`, 0 where there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const sequence = bytes.subarray(at, at + length);
  return sequence.length === length && isText(sequence) ? length : 0;
}
