/** Elements as H5Web shows them. */

import type { DataType, Slice, TypedArray, Value } from '../ts/types.ts';
import { complexPart } from './entities.ts';

/** Pairs of real and imaginary parts. */
function pairs(data: TypedArray): [number, number][] {
  const out: [number, number][] = [];
  for (let i = 0; i < data.length; i += 2) {
    out.push([Number(data[i]), Number(data[i + 1])]);
  }
  return out;
}

/** Elements as H5Web takes them: complex numbers in pairs, enumerations as numbers whatever their width. */
function taken(data: TypedArray | Value[], type: DataType): ArrayLike<unknown> {
  if (!ArrayBuffer.isView(data)) {
    return data;
  }
  if (type.class === 'enum' && typeof data[0] === 'bigint') {
    return Array.from(data as BigInt64Array, Number);
  }
  return complexPart(type) ? pairs(data) : data;
}

/** All elements of a slice, in one list; the one element of a scalar. */
export function shown({ shape, data }: Slice, type: DataType, scalar: boolean): unknown {
  const list = taken(data, type);
  return scalar && shape.length === 0 ? list[0] : list;
}

/** The value of an attribute. */
export function attributeValue(value: Value, type: DataType, scalar: boolean): unknown {
  if (type.class === 'enum' && typeof value === 'bigint') {
    return Number(value);
  }
  return !scalar && ArrayBuffer.isView(value) ? taken(value as TypedArray, type) : value;
}
