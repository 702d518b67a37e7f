/** What a file holds, as plain data. */

/** A datatype: what its elements are, in the format's terms. Sizes are in bytes. */
export interface DataType {
  class:
    | 'integer' | 'float' | 'time' | 'string' | 'bitfield' | 'opaque'
    | 'compound' | 'reference' | 'enum' | 'vlen' | 'array' | 'complex';
  /** Bytes of an element, where that is the same in every file. */
  size?: number;
  /** Byte order of numbers: 'le', 'be' or another word for rarer ones. */
  order?: string;
  /** Integers: whether there are values below zero. */
  sign?: boolean;
  /** Numbers that do not fill their bytes: bits that count, and where they begin. */
  precision?: number;
  offset?: number;
  /** Strings: whether their length varies, character set ('ascii' or 'utf8'), padding. */
  vlen?: boolean;
  cset?: string;
  pad?: string;
  /** Opaque data: what they are. */
  tag?: string;
  /** Compounds (name, type, offset) and enumerations (name, value). */
  members?: { name: string; type?: DataType; offset?: number; value?: number }[];
  /** Arrays, sequences, enumerations and complex numbers: of what. */
  base?: DataType;
  /** Arrays: their shape. */
  dims?: number[];
  /** References: 'object', 'region' or 'std'. */
  ref?: string;
}

/** An attribute without its value. */
export interface AttributeInfo {
  name: string;
  type: DataType;
  /** Empty for a scalar; null where there is no value at all. */
  shape: number[] | null;
}

export interface Filter {
  id: number;
  name: string;
  params: number[];
}

interface Base {
  /** Last part of the path; '/' for the root. */
  name: string;
  path: string;
  attributes: AttributeInfo[];
}

/** A member of a group, in short. */
export interface Member {
  kind: 'group' | 'dataset' | 'datatype' | 'unresolved';
  name: string;
  path: string;
  /** Of datasets and datatypes. */
  type?: DataType;
  /** Of datasets: empty for a scalar, null for a null dataspace. */
  shape?: number[] | null;
}

export interface GroupInfo extends Base {
  kind: 'group';
  /** How many links it has. */
  size: number;
  /** Its members, where they were asked for. */
  children?: ObjectInfo[];
}

export interface DatasetInfo extends Base {
  kind: 'dataset';
  type: DataType;
  /** Empty for a scalar; null for a null dataspace. */
  shape: number[] | null;
  /** null: without end. */
  maxShape: (number | null)[] | null;
  layout: string;
  chunks: number[] | null;
  filters: Filter[];
  /** Sources of a virtual dataset. */
  sources?: { file: string; path: string }[];
}

export interface DatatypeInfo extends Base {
  kind: 'datatype';
  type: DataType;
}

/** A link that leads nowhere, or to an object that cannot be described: `error` says why. */
export interface UnresolvedInfo extends Base {
  kind: 'unresolved';
  link: 'hard' | 'soft' | 'external' | 'user';
  /** Where it leads to. */
  target?: string;
  /** External links: in which file. */
  file?: string;
  error?: string;
}

export type ObjectInfo = GroupInfo | DatasetInfo | DatatypeInfo | UnresolvedInfo;

export type TypedArray =
  | Int8Array | Int16Array | Int32Array | BigInt64Array
  | Uint8Array | Uint16Array | Uint32Array | BigUint64Array
  | Float32Array | Float64Array;

/**
 * One element that no typed array holds: a string, bytes (opaque data), a list (compounds in the order of their
 * members, arrays, sequences), a complex number as [re, im], a reference as the path it leads to.
 */
export type Value =
  | string | number | bigint | boolean | null | Uint8Array | TypedArray | Value[];

/** Elements in row-major order. */
export interface Slice {
  /** Without the axes that an integer picked. */
  shape: number[];
  /**
   * Integers, floats (of 2 bytes: as Float32Array), booleans (0 and 1), enumerations and bit fields as typed arrays;
   * complex numbers as one of twice the length, real and imaginary parts by turns; all else as a list of values.
   */
  data: TypedArray | Value[];
}

export interface Attribute extends AttributeInfo {
  /** A value for a scalar, a list or typed array else; null where there is none. */
  value: Value;
  /** Why there is no value. */
  error?: string;
}

export type NodeValue = string | number | boolean | null | NodeValue[];

/** What the node API of h5 knows of an object: PyMoDAQ's and PyTables' files. */
export interface NodeInfo {
  /** 'GROUP', 'CARRAY', 'EARRAY', 'VLARRAY', 'StringARRAY', 'TABLE'. */
  class: string;
  title: string;
  /** Attributes: as Python shows them, and what JavaScript has for the value, where it has something. */
  attributes: { name: string; text: string; value?: NodeValue }[];
}

/** `null` or `':'`: the whole axis; a number: one place; else start, stop and step as in Python. */
export type AxisSelection = null | ':' | number | [start: number | null, stop: number | null, step?: number];

/** As numpy writes it (`'0, 10:20:2, ...'`), or by axes; nothing: everything. */
export type Selection = string | AxisSelection[] | null | undefined;
