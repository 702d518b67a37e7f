/** The calls of the core as they are: JSON parsed, values made plain. Each may throw what the core throws. */

import type { H5 } from './wasm/h5_web.js';
import { sliceText } from './selection.ts';
import type { Attribute, DataType, Member, NodeInfo, ObjectInfo, Selection, Slice, TypedArray, Value } from './types.ts';

/** Elements, or where they lie in the file as a typed array has them. */
export type Read = Slice | { shape: number[]; offset: number; array: string };

/** What the core tells, with types by their numbers in a list. */
interface Told<T> {
  types: DataType[];
  told: T;
}

function typed(of: { type?: DataType | number }, types: DataType[]): void {
  if (typeof of.type === 'number') {
    of.type = types[of.type]!;
  }
}

/** Puts the types in the place of their numbers. */
function resolved(object: ObjectInfo, types: DataType[]): ObjectInfo {
  typed(object as { type?: DataType | number }, types);
  for (const attribute of object.attributes) {
    typed(attribute, types);
  }
  if (object.kind === 'group' && object.children) {
    for (const child of object.children) {
      resolved(child, types);
    }
  }
  return object;
}

export function describe(file: H5, path: string): ObjectInfo {
  const { told, types } = JSON.parse(file.describe(path)) as Told<ObjectInfo>;
  return resolved(told, types);
}

export function list(file: H5, path: string): ObjectInfo {
  const { told, types } = JSON.parse(file.list(path)) as Told<ObjectInfo>;
  return resolved(told, types);
}

export function members(file: H5, path: string): Member[] {
  const { told, types } = JSON.parse(file.members(path)) as Told<{ path: string; members: Member[] }>;
  const before = told.path === '/' ? '/' : `${told.path}/`;
  for (const member of told.members) {
    typed(member, types);
    member.path = before + member.name;
  }
  return told.members;
}

export function paths(file: H5): string[] {
  return JSON.parse(file.paths()) as string[];
}

export function attributes(file: H5, path: string): Attribute[] {
  const [text, values] = file.attributes(path) as [string, (Value | Error)[]];
  const { told, types } = JSON.parse(text) as Told<Attribute[]>;
  told.forEach((attribute, i) => {
    typed(attribute, types);
    const value = values[i]!;
    if (value instanceof Error) {
      attribute.value = null;
      attribute.error = value.message;
    } else {
      attribute.value = value;
    }
  });
  return told;
}

export function node(file: H5, path: string): NodeInfo | null {
  return JSON.parse(file.node_info(path)) as NodeInfo | null;
}

const arrays = {
  Int8Array, Int16Array, Int32Array, BigInt64Array,
  Uint8Array, Uint16Array, Uint32Array, BigUint64Array,
  Float32Array, Float64Array,
};

/** An empty typed array of this name and shape, and its bytes. */
export function allocated(name: string, shape: number[]): { data: TypedArray; bytes: Uint8Array } {
  const make = arrays[name as keyof typeof arrays];
  const data = new make(shape.reduce((n, d) => n * d, 1));
  return { data, bytes: new Uint8Array(data.buffer) };
}

/**
 * Elements, or where they lie in a file of so many bytes. Where they would lie beyond its end the core reads them, and says
 * what is wrong, before memory is taken for them.
 */
export function read(file: H5, path: string, selection: Selection, size: number): Read {
  const slice = sliceText(selection);
  const found = file.read(path, slice, true) as Read;
  if ('data' in found) {
    return found;
  }
  const bytes = found.shape.reduce((n, d) => n * d, arrays[found.array as keyof typeof arrays].BYTES_PER_ELEMENT);
  return found.offset + bytes <= size ? found : (file.read(path, slice, false) as Slice);
}
