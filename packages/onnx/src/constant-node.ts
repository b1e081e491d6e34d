import type { Tensor } from '@halftone/core';
import type { Constant } from '@halftone/graph';
import type { ExternalReader } from './external-range.ts';
import type { AttributeProto, NodeProto, TensorProto } from './messages.ts';
import { domainOf } from './opsets.ts';
import type { ConstantOrigin } from './origin.ts';
import { invalid, quoted } from './place.ts';
import { constantOfProto, protoOfTensor } from './tensor-proto.ts';

/** Where a `Constant` node stands. */
export interface ConstantNodePlace {
  readonly path: string;
  readonly index: number;
  readonly external: ExternalReader | undefined;
  /** Names that something in the file reads. */
  readonly used: ReadonlySet<string>;
}

/**
 * The constant that a `Constant` node is; undefined for other nodes, and for one that is kept as an opaque
 * node because its value is no dense tensor. Throws HT_MODEL_INVALID for a damaged tensor.
 */
export function constantOfNode(proto: NodeProto, place: ConstantNodePlace): Constant | undefined {
  const [name] = proto.output ?? [];
  const [attribute] = proto.attribute ?? [];
  if (
    proto.opType !== 'Constant' ||
    domainOf(proto.domain) !== '' ||
    name === undefined ||
    name === '' ||
    attribute === undefined
  )
    return undefined;
  if (proto.output?.length !== 1 || proto.attribute?.length !== 1 || (proto.input ?? []).length > 0)
    return undefined;
  const path = `${place.path}.attribute[0]`;
  const type = attributeTypes.get(attribute.name ?? '');
  if (type === undefined || (attribute.refAttrName ?? '') !== '') return undefined;
  // files of IR version 1 leave the type out; where it names another field, readers disagree about the value
  if ((attribute.type ?? 0) !== 0 && attribute.type !== type)
    throw invalid(path, `attribute ${quoted(attribute.name)} says that it is of type ${attribute.type}`, {
      attribute: attribute.name,
    });
  const tensor = tensorOf(attribute, path);
  if (tensor === undefined) return undefined;
  const origin: ConstantOrigin = {
    kind: 'constant-node',
    index: place.index,
    node: proto,
    idle: !place.used.has(name),
  };
  return constantOfProto(tensor, { path, name, origin, external: place.external });
}

/** AttributeProto.AttributeType of each form of a dense constant. */
const attributeTypes: ReadonlyMap<string, number> = new Map([
  ['value', 4],
  ['value_float', 1],
  ['value_floats', 6],
  ['value_int', 2],
  ['value_ints', 7],
  ['value_string', 3],
  ['value_strings', 8],
]);

function tensorOf(attribute: AttributeProto, path: string): TensorProto | undefined {
  switch (attribute.name) {
    case 'value':
      if (attribute.t === undefined) throw invalid(path, 'the constant has no tensor');
      return attribute.t;
    case 'value_float':
      return protoOf({ dtype: 'float32', shape: [], data: Float32Array.of(attribute.f ?? 0) });
    case 'value_floats':
      return protoOf(list('float32', Float32Array.from(attribute.floats ?? [])));
    case 'value_int':
      return protoOf({ dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(attribute.i ?? 0)) });
    case 'value_ints':
      return protoOf(list('int64', BigInt64Array.from(attribute.ints ?? [], BigInt)));
    case 'value_string':
      return { dims: [], dataType: 8, stringData: [attribute.s ?? new Uint8Array()] };
    case 'value_strings':
      return { dims: [attribute.strings?.length ?? 0], dataType: 8, stringData: attribute.strings ?? [] };
    default:
      return undefined;
  }
}

function protoOf(tensor: Tensor): TensorProto {
  return protoOfTensor(tensor, undefined);
}

function list(dtype: 'float32' | 'int64', data: Float32Array | BigInt64Array): Tensor {
  return { dtype, shape: [data.length], data } as Tensor;
}
