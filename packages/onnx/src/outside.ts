// Tensors in other files that stand where no constant of the graph is made of them.
import type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  SparseTensorProto,
  TensorProto,
} from './messages.ts';

/** True where a tensor of the node, or one inside its subgraphs, is in another file. */
export function nodeReadsOtherFiles(node: NodeProto): boolean {
  return (node.attribute ?? []).some(attributeIsOutside);
}

/** The place of the first such tensor outside the graph's nodes and initializers: sparse ones, functions, graphs for training. */
export function otherOutsidePlace(model: ModelProto): string | undefined {
  if ((model.graph?.sparseInitializer ?? []).some(sparseIsOutside)) return 'graph.sparseInitializer';
  for (const { name = '', node = [], attributeProto = [] } of model.functions ?? [])
    if (node.some(nodeReadsOtherFiles) || attributeProto.some(attributeIsOutside)) return `function ${name}`;
  for (const { initialization = {}, algorithm = {} } of model.trainingInfo ?? [])
    if (graphReadsOtherFiles(initialization) || graphReadsOtherFiles(algorithm)) return 'trainingInfo';
  return undefined;
}

function graphReadsOtherFiles(graph: GraphProto): boolean {
  return (
    (graph.initializer ?? []).some(isOutside) ||
    (graph.sparseInitializer ?? []).some(sparseIsOutside) ||
    (graph.node ?? []).some(nodeReadsOtherFiles)
  );
}

function attributeIsOutside(attribute: AttributeProto): boolean {
  const { t, g, sparseTensor, tensors = [], graphs = [], sparseTensors = [] } = attribute;
  return (
    (t !== undefined && isOutside(t)) ||
    (g !== undefined && graphReadsOtherFiles(g)) ||
    (sparseTensor !== undefined && sparseIsOutside(sparseTensor)) ||
    tensors.some(isOutside) ||
    graphs.some(graphReadsOtherFiles) ||
    sparseTensors.some(sparseIsOutside)
  );
}

function sparseIsOutside({ values = {}, indices = {} }: SparseTensorProto): boolean {
  return isOutside(values) || isOutside(indices);
}

function isOutside(tensor: TensorProto): boolean {
  return tensor.dataLocation === 1;
}
