import { chooseParams, type CodeType, type QuantParams, type Tensor, type ValueRange } from '@halftone/core';
import { dropRedundantClamps, fuseQdq, type Graph, prepareFloat } from '@halftone/graph';
import { calibrate, type Calibration } from './calibrate.ts';
import { excludedBy } from './exclude.ts';
import { type ScaleGroup, scaleGroups } from './groups.ts';
import { minMaxObserver } from './observers/min-max.ts';
import {
  activationChoice,
  checkStop,
  type CodeChoice,
  formatChoice,
  observerChoice,
  type StaticOptions,
  weightChoice,
} from './options.ts';
import { insertQdq } from './qdq.ts';
import {
  biasWarnings,
  countNodes,
  excludeWarnings,
  nodeReports,
  type QuantizationReport,
  type TensorReport,
  type Warning,
  weightReports,
  weightSummary,
} from './report.ts';
import { requireSome, selectNodes } from './select.ts';
import { splitClamps } from './split-clamps.ts';

/** A quantized model with the account of how it came about. */
export interface QuantizationResult {
  readonly model: Graph;
  readonly report: QuantizationReport;
}

/** Fewer samples than this leave ranges to chance. */
const FEW_SAMPLES = 16;

/**
 * Quantizes a float graph with ranges that calibration data show (static post-training quantization): weights int8 per
 * channel, activations uint8, biases int32, as QuantizeLinear/DequantizeLinear or as ONNX's integer operators.
 * Constants and BatchNormalization are folded first. Inputs and outputs keep name, type and shape; `graph` is not changed.
 * Equal graphs, data and options give equal models.
 * Throws HT_INVALID_ARGUMENT for options that are unknown or exclude what is not there, HT_UNSUPPORTED where nothing can
 * be quantized, HT_DATA_INVALID for calibration data that are empty, do not fit the inputs or make infinite values.
 * Jacob et al. 2018, with the parameter rules of ONNX Runtime's quantization tool.
 */
export async function quantizeStatic(graph: Graph, options: StaticOptions): Promise<QuantizationResult> {
  const weights = weightChoice(options);
  const activations = activationChoice(options.activations);
  const method = observerChoice(options.method);
  const format = formatChoice(options.format);
  const excluded = excludedBy(graph, options.exclude);
  checkStop(options.signal);
  const prepared = prepareFloat(graph);
  const selection = selectNodes(prepared, excluded);
  requireSome(selection);
  const groups = scaleGroups(prepared, selection);
  const distinct = [...new Set(groups.values())];
  const observed = distinct
    .flatMap((group) => group.sources)
    .filter((value) => !prepared.constants.has(value));
  const calibration = await calibrate(prepared, observed, {
    data: options.calibration,
    runner: options.runner,
    observer: method.observer,
    onProgress: options.onProgress,
    signal: options.signal,
  });
  checkStop(options.signal);
  const ranges = new Map(distinct.map((group) => [group.name, rangeOf(prepared, group, calibration)]));
  const params = new Map([...ranges].map(([name, range]) => [name, chooseParams(range, activations)]));
  const qoperator = format === 'qoperator';
  const quantized = insertQdq({ graph: prepared, selection, groups, params, weights });
  const clamped = dropRedundantClamps(quantized.graph);
  const nodes = nodeReports(prepared, selection);
  const report: QuantizationReport = {
    schemaVersion: 1,
    method: method.name,
    format,
    weights: weightSummary(weights),
    activations: { ...activations },
    calibration: { batches: calibration.batches, samples: calibration.samples },
    counts: countNodes(nodes),
    nodes,
    tensors: tensorReports(groups, ranges, params, activations),
    weightTensors: weightReports(quantized.weights),
    warnings: [
      ...dataWarnings(calibration),
      ...biasWarnings(quantized.weights),
      ...excludeWarnings(graph, prepared, options.exclude),
    ],
  };
  return { model: qoperator ? fuseQdq(splitClamps(clamped), { portable: true }) : clamped, report };
}

/** The range that covers all sources of a group. */
function rangeOf(graph: Graph, group: ScaleGroup, calibration: Calibration): ValueRange {
  const each = group.sources.map((value) => {
    const constant = graph.constants.get(value);
    if (constant === undefined) return calibration.ranges.get(value)?.range as ValueRange;
    const observer = minMaxObserver(value);
    observer.observe((constant.tensor() as Tensor<'float32'>).data, 1);
    return observer.range();
  });
  return { min: Math.min(...each.map((r) => r.min)), max: Math.max(...each.map((r) => r.max)) };
}

function tensorReports(
  groups: ReadonlyMap<string, ScaleGroup>,
  ranges: ReadonlyMap<string, ValueRange>,
  params: ReadonlyMap<string, QuantParams<CodeType>>,
  { dtype }: CodeChoice,
): TensorReport[] {
  return [...groups].map(([name, group]) => {
    const { scale, zeroPoint } = params.get(group.name) as QuantParams;
    const { min, max } = ranges.get(group.name) as ValueRange;
    return {
      name,
      dtype,
      scale: scale[0] as number,
      zeroPoint: zeroPoint?.[0] ?? 0,
      min,
      max,
      ...(group.name !== name && { sharedWith: group.name }),
    };
  });
}

function dataWarnings({ ranges, samples }: Calibration): Warning[] {
  const warnings: Warning[] = [];
  if (samples < FEW_SAMPLES) {
    const count = `${samples} sample${samples === 1 ? '' : 's'}`;
    warnings.push({ code: 'few-samples', text: `calibrated on ${count} only; a hundred are usual` });
  }
  for (const [subject, { range, skipped }] of ranges) {
    if (skipped > 0)
      warnings.push({ code: 'nan-skipped', text: `${subject} was NaN ${skipped} times`, subject });
    if (range.min === 0 && range.max === 0) {
      warnings.push({ code: 'nothing-observed', text: `${subject} was 0 on all calibration data`, subject });
    }
  }
  return warnings;
}
