import reference from '@halftone/backend-reference';
import { isHalftoneError, openBackend } from '@halftone/core';
import { type Graph, GraphSession, inferShapes, type PlanRow, type ValueInfo } from '@halftone/graph';
import type { Command } from 'commander';
import { loadModel, modelBytes } from '../load-model.ts';
import { formatBytes, table, Terminal } from '../terminal.ts';

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .description('say what a model is made of, and whether it runs here')
    .argument('<model.onnx>')
    .option('--json', 'print one JSON document')
    .option('--plan', 'show the step of each node')
    .action(inspect);
}

async function inspect(path: string, options: { json?: boolean; plan?: boolean }): Promise<void> {
  const terminal = new Terminal(options);
  const graph = await loadModel(path);
  const bytes = await modelBytes(path, graph);
  const operators = count(
    graph.nodes.map((node) => (node.domain === '' ? node.op : `${node.domain}.${node.op}`)),
  );
  const weights = [...graph.constants.values()];
  const weightTypes = Object.entries(weightBytes(graph));
  const plan = await tryPlan(graph);
  const shape = (value: ValueInfo): string =>
    `${value.elementType ?? '?'} [${value.shape?.map((extent) => extent ?? '?').join(', ') ?? '?'}]`;

  terminal.line(
    `${terminal.bold(path)}  ${formatBytes(bytes)}, opset ${graph.opset}${[...graph.domains].map(([name, version]) => `, ${name} ${version}`).join('')}`,
  );
  for (const input of graph.inputs) terminal.line(`input   ${input.name}  ${shape(input)}`);
  for (const output of graph.outputs) terminal.line(`output  ${output.name}  ${shape(output)}`);
  terminal.line(
    `weights ${weights.length} tensors: ${weightTypes.map(([type, size]) => `${formatBytes(size)} ${type}`).join(', ') || 'none'}`,
  );
  terminal.line();
  for (const line of table([
    ['operator', 'nodes'],
    ...Object.entries(operators).map(([op, nodes]) => [op, String(nodes)]),
  ]))
    terminal.line(line);
  terminal.line();
  if (plan.runs)
    terminal.line(
      `runs on our executor; ${plan.exact ? 'exact: the same results on every machine' : `not exact: ${plan.firstInexact}`}`,
    );
  else terminal.line(`does not run on our executor: ${plan.reason}`);
  if (options.plan && plan.runs) {
    const rows = plan.rows.map((row) => [
      row.nodes.length > 60 ? `${row.nodes.slice(0, 59)}…` : row.nodes,
      row.op,
      row.backend,
      row.numericClass,
      formatBytes(row.bytes),
      formatBytes(row.bytesMoved),
    ]);
    for (const line of table([['nodes', 'op', 'backend', 'class', 'bytes', 'moved'], ...rows]))
      terminal.line(line);
  }
  const values = (infos: readonly ValueInfo[]): object[] =>
    infos.map(({ name, elementType, shape: dims }) => ({
      name,
      elementType,
      shape: dims?.map((extent) => extent ?? null),
    }));
  terminal.result({
    model: path,
    bytes,
    opset: graph.opset,
    domains: Object.fromEntries(graph.domains),
    inputs: values(graph.inputs),
    outputs: values(graph.outputs),
    operators,
    weights: { tensors: weights.length, bytes: Object.fromEntries(weightTypes) },
    opaque: graph.nodes
      .filter((node) => node.opaque)
      .map((node) => ({ name: node.name, op: node.op, domain: node.domain })),
    runs: plan.runs,
    ...(plan.runs ? { exact: plan.exact, plan: plan.rows } : { reason: plan.reason }),
  });
}

type Tried =
  | {
      readonly runs: true;
      readonly exact: boolean;
      readonly firstInexact: string;
      readonly rows: readonly PlanRow[];
    }
  | { readonly runs: false; readonly reason: string };

async function tryPlan(graph: Graph): Promise<Tried> {
  const backend = await openBackend(reference);
  try {
    inferShapes(graph);
    const session = new GraphSession(graph, { backends: [backend] });
    const rows = session.explain();
    const inexact = rows.find((row) => row.numericClass === 'f32-relaxed');
    await session.dispose();
    return { runs: true, exact: session.exact, firstInexact: inexact?.nodes ?? '', rows };
  } catch (error) {
    if (!isHalftoneError(error)) throw error;
    return { runs: false, reason: error.message };
  } finally {
    await backend.dispose();
  }
}

function count(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

function weightBytes(graph: Graph): Record<string, number> {
  const bytes: Record<string, number> = {};
  for (const constant of graph.constants.values())
    bytes[constant.elementType] = (bytes[constant.elementType] ?? 0) + constant.byteLength;
  return bytes;
}
