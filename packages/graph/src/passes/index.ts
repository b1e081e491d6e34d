export { dropRedundantClamps } from './drop-clamps.ts';
export { foldAffine } from './fold-affine.ts';
export { foldBatchNorm } from './fold-batch-norm.ts';
export { foldConstants, type FoldOptions } from './fold-constants.ts';
export { fuseQdq } from './fuse-qdq.ts';
export type { FuseOptions } from './fusion.ts';
export { prepareFloat, prepareInteger } from './prepare.ts';
export { removeIdentities } from './remove-identities.ts';
