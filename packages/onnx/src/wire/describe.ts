/** Kinds of protobuf fields that ONNX uses. */
export type FieldKind =
  | 'int32'
  | 'enum'
  | 'int64'
  | 'uint64'
  | 'float'
  | 'double'
  | 'string'
  | 'bytes'
  | 'message';

/**
 * How a field repeats: `repeated` is a list with one entry each on the wire,
 * `packed` a list of numbers that is written packed and left undecoded until asked for.
 */
type FieldRule = 'single' | 'repeated' | 'packed';

/** One field of a message. */
export interface FieldType {
  readonly number: number;
  readonly name: string;
  readonly kind: FieldKind;
  readonly rule: FieldRule;
  /** The type of a nested message; a function, because message types refer to each other. */
  readonly message?: () => MessageType<object>;
}

/** A message type as data: what the codec reads and writes by. `T` is the shape of the decoded object. */
export interface MessageType<T extends object> {
  readonly name: string;
  /** In ascending order of field number, the order of writing. */
  readonly fields: readonly FieldType[];
  readonly byNumber: ReadonlyMap<number, FieldType>;
  /** Never set; it ties `T` to the type. */
  readonly shape?: T;
}

/** A row of a message table: number, name, kind or nested type, rule. */
export type FieldRow = readonly [
  number: number,
  name: string,
  kind: FieldKind | (() => MessageType<object>),
  rule?: FieldRule,
];

/** Makes a message type of its table. */
export function describeMessage<T extends object>(name: string, rows: readonly FieldRow[]): MessageType<T> {
  const fields = rows.map(([number, field, kind, rule = 'single']): FieldType => {
    if (typeof kind === 'string') return { number, name: field, kind, rule };
    return { number, name: field, kind: 'message', rule, message: kind };
  });
  fields.sort((a, b) => a.number - b.number);
  return { name, fields, byNumber: new Map(fields.map((field) => [field.number, field])) };
}

/** Wire types of protobuf by kind of field: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
export const wireOf: { readonly [K in FieldKind]: 0 | 1 | 2 | 5 } = {
  int32: 0,
  enum: 0,
  int64: 0,
  uint64: 0,
  float: 5,
  double: 1,
  string: 2,
  bytes: 2,
  message: 2,
};
