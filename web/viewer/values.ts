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

/** All elements of a slice, in one list; the one element of a scalar. */
export function shown({ shape, data }: Slice, type: DataType, scalar: boolean): unknown {
  const list = complexPart(type) && ArrayBuffer.isView(data) ? pairs(data) : data;
  return scalar && shape.length === 0 ? list[0] : list;
}

/** The value of an attribute. */
export function attributeValue(value: Value, type: DataType, scalar: boolean): unknown {
  if (!scalar && complexPart(type) && ArrayBuffer.isView(value)) {
    return pairs(value as TypedArray);
  }
  return value;
}
