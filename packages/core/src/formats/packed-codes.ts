// Codes of fewer than 8 bits, low bits first: byte = x0 | x1 << bits | ..; what the last byte has left is 0. ONNX, numerics 4.8.

/** Puts codes of 1, 2 or 4 bits together; of each only the low bits count. */
export function packCodes(codes: ArrayLike<number>, bits: 1 | 2 | 4): Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const bytes = new Uint8Array(Math.ceil(codes.length / perByte));
  for (let i = 0; i < codes.length; i++) {
    const at = Math.floor(i / perByte);
    bytes[at] = bytes[at]! | ((codes[i]! & mask) << ((i % perByte) * bits));
  }
  return bytes;
}

/** Takes `count` codes of 1, 2 or 4 bits apart; `signed` ones in two's complement. */
export function unpackCodes(
  bytes: Uint8Array,
  count: number,
  bits: 1 | 2 | 4,
  signed: boolean,
): Int8Array | Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const codes = signed ? new Int8Array(count) : new Uint8Array(count);
  const unused = 8 - bits;
  for (let i = 0; i < count; i++) {
    const code = (bytes[Math.floor(i / perByte)]! >> ((i % perByte) * bits)) & mask;
    // Shifted up in an 8-bit element and down again, the top bit of the code is the sign.
    codes[i] = signed ? (code << (unused + 24)) >> (unused + 24) : code;
  }
  return codes;
}

/** Packs rows of `width` codes, each to whole bytes; what a row's last byte has left is `filler`. */
export function packRows(
  codes: ArrayLike<number>,
  width: number,
  bits: 1 | 2 | 4 | 8,
  filler: number,
): Uint8Array {
  if (bits === 8) return Uint8Array.from(codes);
  const perByte = 8 / bits;
  const padded = Math.ceil(width / perByte) * perByte;
  const rows = width === 0 ? 0 : codes.length / width;
  const filled = new Uint8Array(rows * padded).fill(filler);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < width; i++) filled[row * padded + i] = codes[row * width + i]!;
  return packCodes(filled, bits);
}

/** Takes apart what `packRows` put together. */
export function unpackRows(bytes: Uint8Array, rows: number, width: number, bits: 1 | 2 | 4 | 8): Uint8Array {
  if (bits === 8) return bytes.slice(0, rows * width);
  const perByte = 8 / bits;
  const padded = Math.ceil(width / perByte) * perByte;
  const all = unpackCodes(bytes, rows * padded, bits, false);
  return Uint8Array.from(
    { length: rows * width },
    (_, i) => all[Math.floor(i / width) * padded + (i % width)]!,
  );
}
