import type { ModelProto } from './messages.ts';
import { modelType } from './schema.ts';
import { decodeMessage } from './wire/decode.ts';
import { encodeMessage, joinPieces } from './wire/encode.ts';

/**
 * Reads a model as messages, without looking at what they mean. Byte fields are views of `bytes`.
 * Messages that are spread into new ones may be changed and written by `writeModel`.
 * Throws HT_MODEL_INVALID for damaged bytes.
 */
export function readModel(bytes: Uint8Array): ModelProto {
  return decodeMessage(modelType, bytes);
}

/**
 * Writes a model of messages: those that were read as they stood, others field by field.
 * Throws HT_INVALID_ARGUMENT for a value that its field cannot hold, HT_UNSUPPORTED past 2 GiB.
 */
export function writeModel(model: ModelProto): Uint8Array {
  return joinPieces(encodeMessage(modelType, model));
}
