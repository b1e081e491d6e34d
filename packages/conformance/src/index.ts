export { type Case, makeCase, type Recipe } from './case.ts';
export { allCases, casesOf } from './cases/index.ts';
export { largeCases } from './cases/large.ts';
export { compare, type Mismatch } from './compare.ts';
export { laws } from './laws/index.ts';
export { type Law, type LawContext, Violation } from './laws/law.ts';
export { operandsOf, resultsOf } from './operands.ts';
export {
  type ExplainedFailure,
  type LawReport,
  type OpReport,
  type Report,
  REPORT_SCHEMA,
  type VariantReport,
  type Verdict,
} from './report.ts';
export { type Failure, type Oracle, oracleOf, type Outcome, type Path, runCase } from './run-case.ts';
export { runSuite } from './suite.ts';
export type { Progress, SuiteOptions } from './suite-options.ts';
export { toJUnit } from './reports/junit.ts';
export { toMarkdown } from './reports/markdown.ts';
export { type Repeat, toText } from './reports/text.ts';
export { tolerancesOf } from './tolerance.ts';
export { conformanceTests, type TestOptions, type TestRunner } from './tests.ts';
