import type { MessageType } from '../src/wire/describe.ts';

/** A field of a message as it stands on the wire. */
export interface Token {
  number: number;
  wire: number;
  /** The value without its length; of messages the encoding of `children`, which stand above it. */
  value: Uint8Array;
  children?: Token[];
  /** Added to the length that is written: a lie. */
  lie?: number;
}

type Below = (below: number) => number;

function varint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let factor = 1;
  for (let i = at; ; i++) {
    const byte = bytes[i] as number;
    value += (byte % 128) * factor;
    factor *= 128;
    if (byte < 128) return { value, next: i + 1 };
  }
}

function encodeVarint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return [...out, rest];
}

/** The fields of a whole message, nested ones as tokens of their own. */
export function tokensOf(type: MessageType<object>, bytes: Uint8Array): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = varint(bytes, at);
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    let start = tag.next;
    let end = start;
    if (wire === 0) end = varint(bytes, start).next;
    else if (wire === 1) end = start + 8;
    else if (wire === 5) end = start + 4;
    else {
      const length = varint(bytes, start);
      start = length.next;
      end = start + length.value;
    }
    const value = bytes.subarray(start, end);
    const field = type.byNumber.get(number);
    const nested = wire === 2 && field?.message !== undefined ? tokensOf(field.message(), value) : undefined;
    tokens.push({ number, wire, value, ...(nested === undefined ? {} : { children: nested }) });
    at = end;
  }
  return tokens;
}

/** The bytes of tokens. */
export function bytesOfTokens(tokens: readonly Token[]): Uint8Array {
  const parts = tokens.map(({ number, wire, value, children, lie = 0 }) => {
    const content = children === undefined ? value : bytesOfTokens(children);
    const head = encodeVarint(number * 8 + wire);
    if (wire === 2) head.push(...encodeVarint(Math.max(0, content.length + lie)));
    return Buffer.concat([Buffer.from(head), content]);
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** Makes one edit somewhere in the tree of a message: most keep the bytes readable, in another form. */
export function editTokens(root: Token[], below: Below): void {
  let list = root;
  for (;;) {
    const nested = list.filter((token) => token.children !== undefined);
    if (nested.length === 0 || below(4) === 0) break;
    list = (nested[below(nested.length)] as Token).children as Token[];
  }
  const at = below(list.length + 1);
  const token = list[at];
  if (token === undefined) list.push(strange(below));
  else list.splice(at, 1, ...edits[below(edits.length)]!(token, below, list));
}

function strange(below: Below): Token {
  const number = [1, 2, 7, 15, 16, 100, 2 ** 29 - 1][below(7)] as number;
  const wire = [0, 1, 2, 5][below(4)] as number;
  const length = wire === 0 ? 1 : wire === 1 ? 8 : wire === 5 ? 4 : below(6);
  return { number, wire, value: Uint8Array.from({ length }, () => below(128)) };
}

const edits: readonly ((token: Token, below: Below, list: readonly Token[]) => Token[])[] = [
  () => [],
  (token) => [token, token],
  // the same field from elsewhere in the message, so that order changes
  (token, below, list) => [list[below(list.length)] as Token, token],
  // a message in two parts, which are one by protobuf's rule
  (token, below) => {
    if (token.children === undefined) return [token, strange(below)];
    const cut = below(token.children.length + 1);
    return [
      { ...token, children: token.children.slice(0, cut) },
      { ...token, children: token.children.slice(cut) },
    ];
  },
  // a varint with padding, up to more than ten bytes
  (token, below) => {
    if (token.wire !== 0) return [token];
    const pad = 1 + below(10);
    const value = Uint8Array.from({ length: token.value.length + pad }, (_, i) =>
      i < token.value.length ? (token.value[i] as number) | 128 : i < token.value.length + pad - 1 ? 128 : 0,
    );
    return [{ ...token, value }];
  },
  // a varint of any ten bytes
  (token, below) => {
    if (token.wire !== 0) return [token];
    const length = 1 + below(11);
    const value = Uint8Array.from({ length }, (_, i) => (i < length - 1 ? 128 : 0) | below(128));
    return [{ ...token, value }];
  },
  (token, below) => [{ ...token, wire: below(8) }],
  (token, below) => [{ ...token, number: [0, 1, 5, 8, 20, 2 ** 28][below(6)] as number }],
  // numbers packed that stood alone, or alone that were packed
  (token) => {
    if (token.wire === 0) return [{ ...token, wire: 2 }, token];
    if (token.wire === 5)
      return [{ ...token, wire: 2, value: new Uint8Array(Buffer.concat([token.value, token.value])) }];
    if (token.children !== undefined || token.value.length !== 4) return [token];
    return [{ ...token, wire: 5 }];
  },
  // a group around the field, or one that does not end
  (token, below) => {
    const number = 1 + below(30);
    const open = { number, wire: 3, value: new Uint8Array() };
    return below(5) === 0 ? [open, token] : [open, token, { number, wire: 4, value: new Uint8Array() }];
  },
  (token, below) => [{ ...token, lie: below(2) === 0 ? 1 : -1 }],
  (token, below) => {
    const { children: _, ...rest } = token;
    const value = token.children === undefined ? token.value.slice() : bytesOfTokens(token.children);
    if (value.length > 0) value[below(value.length)]! ^= 1 << below(8);
    return [{ ...rest, value }];
  },
];
