import type { QuantizationReport } from '@halftone/quantize';
import type { Dataset } from '../../data/dataset.ts';
import type { Quality } from '../../evaluate/quality.ts';
import { formatBytes, formatDb, type Terminal } from '../terminal.ts';

/** What `quantize` says at its end. */
export interface Summary {
  readonly path: string;
  readonly target: string;
  readonly bytes: { readonly before: number; readonly after: number };
  readonly report: QuantizationReport;
  readonly quality: Quality | undefined;
  readonly data: Dataset | undefined;
  readonly checkedBy: string | undefined;
  /** --dynamic was asked for, not fallen back to. */
  readonly askedDynamic: boolean;
}

/** Prints the result of one model: file, sizes, method, what stays float and why, how close it is, what to do next. */
export function summarize(
  terminal: Terminal,
  { path, target, bytes, report, quality, data, checkedBy, askedDynamic }: Summary,
): void {
  const { counts, weights, activations } = report;
  terminal.line(terminal.bold(target));
  terminal.line(
    `  size     ${formatBytes(bytes.before)} -> ${formatBytes(bytes.after)} (${(bytes.after / bytes.before).toFixed(3)} of the float file)`,
  );
  const how = data
    ? `static, ${report.method} over ${report.calibration?.samples ?? 0} samples`
    : 'dynamic, ranges chosen at run time';
  terminal.line(
    `  method   ${how}; weights ${weights.dtype} ${weights.granularity}, activations ${activations.dtype}, ${report.format}`,
  );
  terminal.line(`  nodes    ${counts.quantized} of ${counts.nodes} quantized`);
  for (const [text, nodes] of leftBehind(report))
    terminal.line(
      `           ${nodes.length} left in float: ${nodes.slice(0, 4).join(', ')}${nodes.length > 4 ? ', …' : ''} (${text})`,
    );
  if (quality) {
    const on =
      quality.inputs === 'data'
        ? `${quality.samples} samples of the calibration data`
        : `${quality.samples} seeded random inputs`;
    terminal.line(
      `  against float  cosine ${quality.cosine.toFixed(5)}, SQNR ${formatDb(quality.sqnrDb)} on ${on}`,
    );
  }
  terminal.line(
    checkedBy
      ? `  check    loaded and run in ${checkedBy}`
      : '  check    not loaded in ONNX Runtime, which is not installed (npm install onnxruntime-node); read back by our own reader',
  );
  for (const warning of report.warnings) terminal.line(`  warning  ${warning.text}`);
  if (data === undefined && !askedDynamic) {
    terminal.line(
      `  dynamic, since no data were given; for static: halftone quantize ${path} --calibration <images or arrays>`,
    );
  }
  terminal.line(
    `  next     halftone compare ${path} ${target} --data <test data>${data?.hasLabels ? '' : ' --labels <csv>'}`,
  );
}

/** Nodes that stay float, by reason. */
function leftBehind(report: QuantizationReport): Map<string, string[]> {
  const left = new Map<string, string[]>();
  for (const node of report.nodes) {
    if (!node.reason) continue;
    const name = `${node.op} ${node.name || node.output}`;
    const nodes = left.get(node.reason.text);
    if (nodes) nodes.push(name);
    else left.set(node.reason.text, [name]);
  }
  return left;
}
