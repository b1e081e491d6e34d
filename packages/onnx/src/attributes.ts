import { HalftoneError } from '@halftone/core';
import type { Attribute } from '@halftone/graph';
import type { AttributeProto } from './messages.ts';
import { invalid, quoted } from './place.ts';
import { constantOfProto } from './tensor-proto.ts';
import type { ExternalReader } from './external-range.ts';
import { protoOfConstant } from './constants.ts';
import { decodeText, encodeText, isText } from './wire/utf8.ts';
import type { Int64 } from './wire/varint.ts';

/** AttributeProto.AttributeType. */
const types = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;

/** What attributes were read from, so that those of an edited node are still written as they stood. */
const sources = new WeakMap<Attribute, AttributeProto>();

/** The attributes of a node by name. Throws HT_MODEL_INVALID for a name that is missing or comes twice. */
export function readAttributes(
  protos: readonly AttributeProto[],
  path: string,
  external: ExternalReader | undefined,
): Readonly<Record<string, Attribute>> {
  const entries = new Map<string, Attribute>();
  protos.forEach((proto, index) => {
    const place = `${path}.attribute[${index}]`;
    const name = proto.name ?? '';
    if (name === '') throw invalid(place, 'the attribute has no name');
    if (entries.has(name)) throw invalid(place, `attribute ${quoted(name)} comes twice`, { attribute: name });
    const attribute = readAttribute(proto, place, external);
    sources.set(attribute, proto);
    entries.set(name, attribute);
  });
  return Object.fromEntries(entries);
}

function readAttribute(proto: AttributeProto, path: string, external: ExternalReader | undefined): Attribute {
  if (proto.refAttrName !== undefined && proto.refAttrName !== '') return { type: 'other' };
  switch (proto.type === undefined || proto.type === 0 ? impliedType(proto) : proto.type) {
    case types.float:
      return { type: 'float', value: proto.f ?? 0 };
    case types.int:
      return { type: 'int', value: clamped(proto.i ?? 0) };
    case types.string: {
      const text = proto.s ?? new Uint8Array();
      return isText(text) ? { type: 'string', value: decodeText(text) } : { type: 'other' };
    }
    case types.tensor:
      if (proto.t === undefined) throw invalid(path, `attribute ${quoted(proto.name)} has no tensor`);
      return { type: 'tensor', value: constantOfProto(proto.t, { path: `${path}.t`, external }) };
    case types.floats:
      return { type: 'floats', value: proto.floats ?? [] };
    case types.ints:
      return { type: 'ints', value: (proto.ints ?? []).map(clamped) };
    case types.strings: {
      const texts = proto.strings ?? [];
      return texts.every(isText) ? { type: 'strings', value: texts.map(decodeText) } : { type: 'other' };
    }
    default:
      return { type: 'other' };
  }
}

/** Files of IR version 1 leave the type out. */
function impliedType(proto: AttributeProto): number {
  if (proto.f !== undefined) return types.float;
  if (proto.i !== undefined) return types.int;
  if (proto.s !== undefined) return types.string;
  if (proto.t !== undefined) return types.tensor;
  if (proto.floats !== undefined) return types.floats;
  if (proto.ints !== undefined) return types.ints;
  return proto.strings === undefined ? 0 : types.strings;
}

function clamped(value: Int64): number {
  if (typeof value === 'number') return value;
  return value < 0n ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
}

/**
 * The attributes of a node to write; those that came from a file as they stood there.
 * Throws HT_UNSUPPORTED for one of another kind that did not come from a file.
 */
export function writeAttributes(
  attributes: Readonly<Record<string, Attribute>>,
  node: string,
): readonly AttributeProto[] {
  return Object.entries(attributes).map(([name, attribute]) => {
    const source = sources.get(attribute);
    return source !== undefined && source.name === name ? source : writeAttribute(name, attribute, node);
  });
}

/** True where the attributes are those that `protos` brought. */
export function sameAttributes(
  attributes: Readonly<Record<string, Attribute>>,
  protos: readonly AttributeProto[],
): boolean {
  if (Object.keys(attributes).length !== protos.length) return false;
  return protos.every(({ name = '' }, i) => {
    const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    return attribute !== undefined && sources.get(attribute) === protos[i];
  });
}

function writeAttribute(name: string, attribute: Attribute, node: string): AttributeProto {
  switch (attribute.type) {
    case 'float':
      return { name, f: attribute.value, type: types.float };
    case 'int':
      return { name, i: attribute.value, type: types.int };
    case 'string':
      return { name, s: encodeText(attribute.value), type: types.string };
    case 'tensor':
      return { name, t: protoOfConstant(attribute.value, attribute.value.name), type: types.tensor };
    case 'floats':
      return { name, floats: attribute.value, type: types.floats };
    case 'ints':
      return { name, ints: attribute.value, type: types.ints };
    case 'strings':
      return { name, strings: attribute.value.map(encodeText), type: types.strings };
    default:
      throw new HalftoneError(
        'HT_UNSUPPORTED',
        `node ${quoted(node)}: attribute ${quoted(name)} has a kind that only a file can bring; keep the attribute object of the node that was read`,
        { node, attribute: name },
      );
  }
}
