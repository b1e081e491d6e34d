export { externalBytes } from './external-bytes.ts';
export { type LoadOptions, loadOnnx, parseOnnx } from './load.ts';
export type * from './messages.ts';
export { readModel, writeModel } from './model.ts';
export { type SaveOptions, saveOnnx, serializeOnnx } from './save.ts';
export { decodeTensor, encodeTensor, tensorProtoName } from './tensor-proto.ts';
export { type NumberList, PackedNumbers } from './wire/packed.ts';
export type { Int64 } from './wire/varint.ts';
