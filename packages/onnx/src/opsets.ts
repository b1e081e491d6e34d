import { HalftoneError } from '@halftone/core';
import type { ModelProto } from './messages.ts';
import { invalid, quoted } from './place.ts';

/** The least opset that the graph speaks; older files are lifted to it. */
export const baseOpset = 13;
/** The oldest opset that is read. */
const oldestOpset = 7;

/** ONNX's own domain has two spellings. */
export function domainOf(name: string | undefined): string {
  return name === undefined || name === 'ai.onnx' ? '' : name;
}

/** Versions of the operator domains that a file imports. */
export interface Opsets {
  /** Of ONNX's own domain; undefined where the file does not import it. */
  readonly own: number | undefined;
  readonly others: ReadonlyMap<string, number>;
}

/** Reads the imported versions. Throws HT_MODEL_INVALID for a bad version, and for two of one domain, HT_UNSUPPORTED for opsets before 7. */
export function readOpsets(model: ModelProto): Opsets {
  const others = new Map<string, number>();
  let own: number | undefined;
  (model.opsetImport ?? []).forEach((entry, index) => {
    const path = `opsetImport[${index}]`;
    const domain = domainOf(entry.domain);
    const version = entry.version ?? 0;
    if (typeof version !== 'number' || version < 1)
      throw invalid(path, `version ${version} of domain ${quoted(domain)} is not a positive integer`, {
        domain,
      });
    // both spellings of ONNX's own domain, say: harmless where they agree
    const before = domain === '' ? own : others.get(domain);
    if (before !== undefined && before !== version)
      throw invalid(path, `domain ${quoted(domain)} is imported in versions ${before} and ${version}`, {
        domain,
      });
    if (domain === '') own = version;
    else others.set(domain, version);
  });
  // files of IR versions 1 and 2 import nothing and mean opset 1
  const old = own ?? ((model.opsetImport ?? []).length === 0 ? 1 : undefined);
  if (old !== undefined && old < oldestOpset) {
    throw new HalftoneError(
      'HT_UNSUPPORTED',
      `the model has opset ${old}, and opsets before ${oldestOpset} are not read; convert it to opset ${baseOpset} with ONNX's version converter, or export it anew`,
      { opset: old, oldest: oldestOpset },
    );
  }
  return { own, others };
}
