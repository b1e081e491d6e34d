import type { NumberList } from './wire/packed.ts';
import type { Int64 } from './wire/varint.ts';

/** What every message has: the fields that this package does not know, as they stood in the file. */
export interface Message {
  readonly unknownFields?: Uint8Array;
}

/** A key with its value. */
export interface StringStringEntryProto extends Message {
  readonly key?: string;
  readonly value?: string;
}

/** Version of the operators of one domain. */
export interface OperatorSetIdProto extends Message {
  readonly domain?: string;
  readonly version?: Int64;
}

/** A part of a tensor that is split over several messages; ONNX itself no longer uses it. */
export interface SegmentProto extends Message {
  readonly begin?: Int64;
  readonly end?: Int64;
}

/** A tensor: its elements are in exactly one of the data fields, or in another file. */
export interface TensorProto extends Message {
  readonly dims?: readonly Int64[];
  readonly dataType?: number;
  readonly segment?: SegmentProto;
  readonly floatData?: NumberList;
  readonly int32Data?: NumberList;
  readonly stringData?: readonly Uint8Array[];
  readonly int64Data?: NumberList;
  readonly name?: string;
  readonly rawData?: Uint8Array;
  readonly doubleData?: NumberList;
  readonly uint64Data?: NumberList;
  readonly docString?: string;
  readonly externalData?: readonly StringStringEntryProto[];
  /** 1: in another file, which `externalData` names. */
  readonly dataLocation?: number;
  readonly metadataProps?: readonly StringStringEntryProto[];
}

/** A sparse tensor as values with their indices. */
export interface SparseTensorProto extends Message {
  readonly values?: TensorProto;
  readonly indices?: TensorProto;
  readonly dims?: readonly Int64[];
}

/** One extent of a shape: a number or a name. */
export interface DimensionProto extends Message {
  readonly dimValue?: Int64;
  readonly dimParam?: string;
  readonly denotation?: string;
}

/** A shape. */
export interface TensorShapeProto extends Message {
  readonly dim?: readonly DimensionProto[];
}

/** Type of a dense or sparse tensor. */
export interface TensorTypeProto extends Message {
  readonly elemType?: number;
  readonly shape?: TensorShapeProto;
}

/** Type of a sequence or of an optional value. */
export interface ElementTypeProto extends Message {
  readonly elemType?: TypeProto;
}

/** Type of a map. */
export interface MapTypeProto extends Message {
  readonly keyType?: number;
  readonly valueType?: TypeProto;
}

/** A type that only its domain knows. */
export interface OpaqueTypeProto extends Message {
  readonly domain?: string;
  readonly name?: string;
}

/** Type of a value; one of the members is there. */
export interface TypeProto extends Message {
  readonly tensorType?: TensorTypeProto;
  readonly sequenceType?: ElementTypeProto;
  readonly mapType?: MapTypeProto;
  readonly optionalType?: ElementTypeProto;
  readonly sparseTensorType?: TensorTypeProto;
  readonly opaqueType?: OpaqueTypeProto;
  readonly denotation?: string;
}

/** A value's name and type. */
export interface ValueInfoProto extends Message {
  readonly name?: string;
  readonly type?: TypeProto;
  readonly docString?: string;
  readonly metadataProps?: readonly StringStringEntryProto[];
}

/** An attribute of a node; `type` says which member holds its value. */
export interface AttributeProto extends Message {
  readonly name?: string;
  readonly refAttrName?: string;
  readonly docString?: string;
  readonly type?: number;
  readonly f?: number;
  readonly i?: Int64;
  readonly s?: Uint8Array;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly sparseTensor?: SparseTensorProto;
  readonly tp?: TypeProto;
  readonly floats?: readonly number[];
  readonly ints?: readonly Int64[];
  readonly strings?: readonly Uint8Array[];
  readonly tensors?: readonly TensorProto[];
  readonly graphs?: readonly GraphProto[];
  readonly sparseTensors?: readonly SparseTensorProto[];
  readonly typeProtos?: readonly TypeProto[];
}

/** How one axis is divided over devices. */
export interface SimpleShardedDimProto extends Message {
  readonly dimValue?: Int64;
  readonly dimParam?: string;
  readonly numShards?: Int64;
}

/** The division of one axis. */
export interface ShardedDimProto extends Message {
  readonly axis?: Int64;
  readonly simpleSharding?: readonly SimpleShardedDimProto[];
}

/** A number with the numbers that it stands for. */
export interface IntIntListEntryProto extends Message {
  readonly key?: Int64;
  readonly value?: readonly Int64[];
}

/** How a tensor is divided over devices. */
export interface ShardingSpecProto extends Message {
  readonly tensorName?: string;
  readonly device?: readonly Int64[];
  readonly indexToDeviceGroupMap?: readonly IntIntListEntryProto[];
  readonly shardedDim?: readonly ShardedDimProto[];
}

/** Where a node runs under one device configuration. */
export interface NodeDeviceConfigurationProto extends Message {
  readonly configurationId?: string;
  readonly shardingSpec?: readonly ShardingSpecProto[];
  readonly pipelineStage?: number;
}

/** An operator with its inputs and outputs by name. */
export interface NodeProto extends Message {
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly name?: string;
  readonly opType?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly attribute?: readonly AttributeProto[];
  readonly docString?: string;
  readonly metadataProps?: readonly StringStringEntryProto[];
  readonly deviceConfigurations?: readonly NodeDeviceConfigurationProto[];
}

/** Quantization parameters that a producer notes for a tensor. */
export interface TensorAnnotation extends Message {
  readonly tensorName?: string;
  readonly quantParameterTensorNames?: readonly StringStringEntryProto[];
}

/** A graph of nodes. */
export interface GraphProto extends Message {
  readonly node?: readonly NodeProto[];
  readonly name?: string;
  readonly initializer?: readonly TensorProto[];
  readonly sparseInitializer?: readonly SparseTensorProto[];
  readonly docString?: string;
  readonly input?: readonly ValueInfoProto[];
  readonly output?: readonly ValueInfoProto[];
  readonly valueInfo?: readonly ValueInfoProto[];
  readonly quantizationAnnotation?: readonly TensorAnnotation[];
  readonly metadataProps?: readonly StringStringEntryProto[];
}

/** How to train the model. */
export interface TrainingInfoProto extends Message {
  readonly initialization?: GraphProto;
  readonly algorithm?: GraphProto;
  readonly initializationBinding?: readonly StringStringEntryProto[];
  readonly updateBinding?: readonly StringStringEntryProto[];
}

/** An operator that the model defines by other operators. */
export interface FunctionProto extends Message {
  readonly name?: string;
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly attribute?: readonly string[];
  readonly attributeProto?: readonly AttributeProto[];
  readonly node?: readonly NodeProto[];
  readonly docString?: string;
  readonly opsetImport?: readonly OperatorSetIdProto[];
  readonly domain?: string;
  readonly overload?: string;
  readonly valueInfo?: readonly ValueInfoProto[];
  readonly metadataProps?: readonly StringStringEntryProto[];
}

/** A set of devices that the model can be divided over. */
export interface DeviceConfigurationProto extends Message {
  readonly name?: string;
  readonly numDevices?: number;
  readonly device?: readonly string[];
}

/** A model: the graph with versions and metadata; the outermost message of an ONNX file. */
export interface ModelProto extends Message {
  readonly irVersion?: Int64;
  readonly opsetImport?: readonly OperatorSetIdProto[];
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly domain?: string;
  readonly modelVersion?: Int64;
  readonly docString?: string;
  readonly graph?: GraphProto;
  readonly metadataProps?: readonly StringStringEntryProto[];
  readonly trainingInfo?: readonly TrainingInfoProto[];
  readonly functions?: readonly FunctionProto[];
  readonly configuration?: readonly DeviceConfigurationProto[];
}
