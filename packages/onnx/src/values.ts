import type { Dim, SymbolicShape, ValueInfo } from '@halftone/graph';
import { formatOfCode, formatOfType } from './element-types.ts';
import type { DimensionProto, TensorShapeProto, ValueInfoProto } from './messages.ts';
import { invalid, quoted } from './place.ts';

/** A value's name and type; a type that is not a dense tensor's is kept in `origin` alone. Throws HT_MODEL_INVALID without a name. */
export function readValueInfo(proto: ValueInfoProto, path: string): ValueInfo {
  const name = proto.name ?? '';
  if (name === '') throw invalid(path, 'the value has no name');
  const tensor = proto.type?.tensorType;
  const elementType = formatOfCode(tensor?.elemType)?.type;
  const shape = tensor?.shape === undefined ? undefined : readShape(tensor.shape, `${path} ${quoted(name)}`);
  return { name, elementType, shape, origin: proto };
}

function readShape(shape: TensorShapeProto, place: string): SymbolicShape {
  return (shape.dim ?? []).map((dim) => readDim(dim, place));
}

function readDim(dim: DimensionProto, place: string): Dim {
  if (dim.dimParam !== undefined && dim.dimParam !== '') return dim.dimParam;
  const value = dim.dimValue;
  if (typeof value === 'bigint')
    throw invalid(place, `extent ${value} in its shape is past 2^53`, { extent: String(value) });
  // some exporters write -1 for an extent that they do not know
  return value === undefined || value < 0 ? undefined : value;
}

/** The ValueInfoProto to write: what was read, or a new one. */
export function writeValueInfo(info: ValueInfo): ValueInfoProto {
  const source = sourceValueInfo(info);
  if (source !== undefined) return source;
  if (info.elementType === undefined) return { name: info.name };
  return {
    name: info.name,
    type: {
      tensorType: {
        elemType: formatOfType(info.elementType).code,
        ...(info.shape === undefined ? {} : { shape: { dim: info.shape.map(writeDim) } }),
      },
    },
  };
}

/** What a value info was read from, where it still says the same; undefined for one that was changed or made in memory. */
export function sourceValueInfo(info: ValueInfo): ValueInfoProto | undefined {
  const source = info.origin as ValueInfoProto | undefined;
  if (source === undefined || source.name !== info.name) return undefined;
  const before = readValueInfo(source, info.name);
  const same = before.elementType === info.elementType && sameDims(before.shape, info.shape);
  return same ? source : undefined;
}

function sameDims(a: SymbolicShape | undefined, b: SymbolicShape | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

function writeDim(dim: Dim): DimensionProto {
  if (typeof dim === 'number') return { dimValue: dim };
  return dim === undefined ? {} : { dimParam: dim };
}
