import type * as m from './messages.ts';
import { describeMessage, type MessageType } from './wire/describe.ts';

// Field numbers and kinds of onnx.proto, IR version 13.

const stringEntryType: MessageType<m.StringStringEntryProto> = describeMessage('StringStringEntryProto', [
  [1, 'key', 'string'],
  [2, 'value', 'string'],
]);

const operatorSetType: MessageType<m.OperatorSetIdProto> = describeMessage('OperatorSetIdProto', [
  [1, 'domain', 'string'],
  [2, 'version', 'int64'],
]);

const segmentType: MessageType<m.SegmentProto> = describeMessage('TensorProto.Segment', [
  [1, 'begin', 'int64'],
  [2, 'end', 'int64'],
]);

/** TensorProto. */
export const tensorType: MessageType<m.TensorProto> = describeMessage('TensorProto', [
  [1, 'dims', 'int64', 'repeated'],
  [2, 'dataType', 'int32'],
  [3, 'segment', () => segmentType],
  [4, 'floatData', 'float', 'packed'],
  [5, 'int32Data', 'int32', 'packed'],
  [6, 'stringData', 'bytes', 'repeated'],
  [7, 'int64Data', 'int64', 'packed'],
  [8, 'name', 'string'],
  [9, 'rawData', 'bytes'],
  [10, 'doubleData', 'double', 'packed'],
  [11, 'uint64Data', 'uint64', 'packed'],
  [12, 'docString', 'string'],
  [13, 'externalData', () => stringEntryType, 'repeated'],
  [14, 'dataLocation', 'enum'],
  [16, 'metadataProps', () => stringEntryType, 'repeated'],
]);

const sparseTensorType: MessageType<m.SparseTensorProto> = describeMessage('SparseTensorProto', [
  [1, 'values', () => tensorType],
  [2, 'indices', () => tensorType],
  [3, 'dims', 'int64', 'repeated'],
]);

const dimensionType: MessageType<m.DimensionProto> = describeMessage('TensorShapeProto.Dimension', [
  [1, 'dimValue', 'int64'],
  [2, 'dimParam', 'string'],
  [3, 'denotation', 'string'],
]);

const shapeType: MessageType<m.TensorShapeProto> = describeMessage('TensorShapeProto', [
  [1, 'dim', () => dimensionType, 'repeated'],
]);

const tensorTypeType: MessageType<m.TensorTypeProto> = describeMessage('TypeProto.Tensor', [
  [1, 'elemType', 'int32'],
  [2, 'shape', () => shapeType],
]);

const elementTypeType: MessageType<m.ElementTypeProto> = describeMessage('TypeProto.Sequence', [
  [1, 'elemType', () => typeType],
]);

const mapTypeType: MessageType<m.MapTypeProto> = describeMessage('TypeProto.Map', [
  [1, 'keyType', 'int32'],
  [2, 'valueType', () => typeType],
]);

const opaqueTypeType: MessageType<m.OpaqueTypeProto> = describeMessage('TypeProto.Opaque', [
  [1, 'domain', 'string'],
  [2, 'name', 'string'],
]);

/** TypeProto. */
const typeType: MessageType<m.TypeProto> = describeMessage('TypeProto', [
  [1, 'tensorType', () => tensorTypeType],
  [4, 'sequenceType', () => elementTypeType],
  [5, 'mapType', () => mapTypeType],
  [6, 'denotation', 'string'],
  [7, 'opaqueType', () => opaqueTypeType],
  [8, 'sparseTensorType', () => tensorTypeType],
  [9, 'optionalType', () => elementTypeType],
]);

const valueInfoType: MessageType<m.ValueInfoProto> = describeMessage('ValueInfoProto', [
  [1, 'name', 'string'],
  [2, 'type', () => typeType],
  [3, 'docString', 'string'],
  [4, 'metadataProps', () => stringEntryType, 'repeated'],
]);

const attributeType: MessageType<m.AttributeProto> = describeMessage('AttributeProto', [
  [1, 'name', 'string'],
  [2, 'f', 'float'],
  [3, 'i', 'int64'],
  [4, 's', 'bytes'],
  [5, 't', () => tensorType],
  [6, 'g', () => graphType],
  [7, 'floats', 'float', 'repeated'],
  [8, 'ints', 'int64', 'repeated'],
  [9, 'strings', 'bytes', 'repeated'],
  [10, 'tensors', () => tensorType, 'repeated'],
  [11, 'graphs', () => graphType, 'repeated'],
  [13, 'docString', 'string'],
  [14, 'tp', () => typeType],
  [15, 'typeProtos', () => typeType, 'repeated'],
  [20, 'type', 'enum'],
  [21, 'refAttrName', 'string'],
  [22, 'sparseTensor', () => sparseTensorType],
  [23, 'sparseTensors', () => sparseTensorType, 'repeated'],
]);

const simpleShardedDimType: MessageType<m.SimpleShardedDimProto> = describeMessage('SimpleShardedDimProto', [
  [1, 'dimValue', 'int64'],
  [2, 'dimParam', 'string'],
  [3, 'numShards', 'int64'],
]);

const shardedDimType: MessageType<m.ShardedDimProto> = describeMessage('ShardedDimProto', [
  [1, 'axis', 'int64'],
  [2, 'simpleSharding', () => simpleShardedDimType, 'repeated'],
]);

const intListEntryType: MessageType<m.IntIntListEntryProto> = describeMessage('IntIntListEntryProto', [
  [1, 'key', 'int64'],
  [2, 'value', 'int64', 'repeated'],
]);

const shardingSpecType: MessageType<m.ShardingSpecProto> = describeMessage('ShardingSpecProto', [
  [1, 'tensorName', 'string'],
  [2, 'device', 'int64', 'repeated'],
  [3, 'indexToDeviceGroupMap', () => intListEntryType, 'repeated'],
  [4, 'shardedDim', () => shardedDimType, 'repeated'],
]);

const nodeDeviceType: MessageType<m.NodeDeviceConfigurationProto> = describeMessage(
  'NodeDeviceConfigurationProto',
  [
    [1, 'configurationId', 'string'],
    [2, 'shardingSpec', () => shardingSpecType, 'repeated'],
    [3, 'pipelineStage', 'int32'],
  ],
);

const nodeType: MessageType<m.NodeProto> = describeMessage('NodeProto', [
  [1, 'input', 'string', 'repeated'],
  [2, 'output', 'string', 'repeated'],
  [3, 'name', 'string'],
  [4, 'opType', 'string'],
  [5, 'attribute', () => attributeType, 'repeated'],
  [6, 'docString', 'string'],
  [7, 'domain', 'string'],
  [8, 'overload', 'string'],
  [9, 'metadataProps', () => stringEntryType, 'repeated'],
  [10, 'deviceConfigurations', () => nodeDeviceType, 'repeated'],
]);

const annotationType: MessageType<m.TensorAnnotation> = describeMessage('TensorAnnotation', [
  [1, 'tensorName', 'string'],
  [2, 'quantParameterTensorNames', () => stringEntryType, 'repeated'],
]);

const graphType: MessageType<m.GraphProto> = describeMessage('GraphProto', [
  [1, 'node', () => nodeType, 'repeated'],
  [2, 'name', 'string'],
  [5, 'initializer', () => tensorType, 'repeated'],
  [10, 'docString', 'string'],
  [11, 'input', () => valueInfoType, 'repeated'],
  [12, 'output', () => valueInfoType, 'repeated'],
  [13, 'valueInfo', () => valueInfoType, 'repeated'],
  [14, 'quantizationAnnotation', () => annotationType, 'repeated'],
  [15, 'sparseInitializer', () => sparseTensorType, 'repeated'],
  [16, 'metadataProps', () => stringEntryType, 'repeated'],
]);

const trainingInfoType: MessageType<m.TrainingInfoProto> = describeMessage('TrainingInfoProto', [
  [1, 'initialization', () => graphType],
  [2, 'algorithm', () => graphType],
  [3, 'initializationBinding', () => stringEntryType, 'repeated'],
  [4, 'updateBinding', () => stringEntryType, 'repeated'],
]);

const functionType: MessageType<m.FunctionProto> = describeMessage('FunctionProto', [
  [1, 'name', 'string'],
  [4, 'input', 'string', 'repeated'],
  [5, 'output', 'string', 'repeated'],
  [6, 'attribute', 'string', 'repeated'],
  [7, 'node', () => nodeType, 'repeated'],
  [8, 'docString', 'string'],
  [9, 'opsetImport', () => operatorSetType, 'repeated'],
  [10, 'domain', 'string'],
  [11, 'attributeProto', () => attributeType, 'repeated'],
  [12, 'valueInfo', () => valueInfoType, 'repeated'],
  [13, 'overload', 'string'],
  [14, 'metadataProps', () => stringEntryType, 'repeated'],
]);

const deviceConfigurationType: MessageType<m.DeviceConfigurationProto> = describeMessage(
  'DeviceConfigurationProto',
  [
    [1, 'name', 'string'],
    [2, 'numDevices', 'int32'],
    [3, 'device', 'string', 'repeated'],
  ],
);

/** ModelProto. */
export const modelType: MessageType<m.ModelProto> = describeMessage('ModelProto', [
  [1, 'irVersion', 'int64'],
  [2, 'producerName', 'string'],
  [3, 'producerVersion', 'string'],
  [4, 'domain', 'string'],
  [5, 'modelVersion', 'int64'],
  [6, 'docString', 'string'],
  [7, 'graph', () => graphType],
  [8, 'opsetImport', () => operatorSetType, 'repeated'],
  [14, 'metadataProps', () => stringEntryType, 'repeated'],
  [20, 'trainingInfo', () => trainingInfoType, 'repeated'],
  [25, 'functions', () => functionType, 'repeated'],
  [26, 'configuration', () => deviceConfigurationType, 'repeated'],
]);
