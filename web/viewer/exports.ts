/** The slice on view as a file: numbers as NPY, all as CSV or JSON. */

import type { Slice } from '../ts/types.ts';

const NPY_TYPES: Record<string, string> = {
  Int8Array: '|i1', Int16Array: '<i2', Int32Array: '<i4', BigInt64Array: '<i8',
  Uint8Array: '|u1', Uint16Array: '<u2', Uint32Array: '<u4', BigUint64Array: '<u8',
  Float32Array: '<f4', Float64Array: '<f8',
};
const NPY_ALIGNMENT = 64;
const NPY_HEAD_BYTES = 10;

/** NPY, version 1.0: a head that says type and shape, then the elements. */
export function npy({ shape, data }: Slice): Blob {
  const descr = NPY_TYPES[data.constructor.name];
  if (!descr || !ArrayBuffer.isView(data)) {
    throw new Error('Only numbers can be saved as NPY.');
  }
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const head = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims}), }`;
  const length = Math.ceil((NPY_HEAD_BYTES + head.length + 1) / NPY_ALIGNMENT) * NPY_ALIGNMENT - NPY_HEAD_BYTES;
  const magic = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, length & 0xff, length >> 8);
  return new Blob([magic, `${head.padEnd(length - 1)}\n`, data as Uint8Array<ArrayBuffer>]);
}

function cell(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value, replaced) : String(value ?? '');
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function replaced(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value.toString();
  }
  return ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value;
}

/** CSV: a line for each row of the last axis. */
export function csv({ shape, data }: Slice): Blob {
  const width = shape.length > 1 ? shape[shape.length - 1]! : 1;
  const lines: string[] = [];
  for (let at = 0; at < data.length; at += width) {
    lines.push(Array.from(data.slice(at, at + width) as ArrayLike<unknown>, cell).join(','));
  }
  return new Blob([lines.join('\n'), '\n'], { type: 'text/csv' });
}

export function json({ data }: Slice): Blob {
  return new Blob([JSON.stringify(Array.from(data as ArrayLike<unknown>), replaced)], { type: 'application/json' });
}
