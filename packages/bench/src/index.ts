export { type BenchOptions, runBench } from './bench.ts';
export { casesFor } from './cases.ts';
export type { Contestant, Network, NetworkRunner, NetworkSession } from './contestant.ts';
export type { Environment } from './host.ts';
export { limitOf, type Limit, type MachineLimits } from './limits.ts';
export { noOpBackend } from './no-op.ts';
export type { Difference, Phases } from './op-run.ts';
export * from './result.ts';
export { type Subject, timeInterleaved, type TimeSettings, type Timing } from './time.ts';
export { type Work, workOf } from './work.ts';
export {
  type Change,
  compareResults,
  type Comparison,
  noiseBand,
  regressions,
  withRetimed,
} from './compare-results.ts';
export { parseResult } from './parse-result.ts';
export { comparisonText, formatRate, formatRatio, formatTime, toText } from './text.ts';
