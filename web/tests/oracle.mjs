// What h5py reads, and how values are compared with it.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Datasets of more elements are left out. */
const MOST = 2000;
const MOST_BYTES = 20e6;
const AT_ONCE = 40;
export const python = process.env.H5_TEST_PYTHON ?? fileURLToPath(new URL('../../target/python-env/bin/python', import.meta.url));

/** A value as the oracle tells it. */
export function plain(value) {
  if (typeof value === 'bigint') {
    return value > 2n ** 53n || value < -(2n ** 53n) ? String(value) : Number(value);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return String(value).replace('Infinity', 'inf').replace('NaN', 'nan');
  }
  if (typeof value === 'boolean') {
    return Number(value);
  }
  return Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value, plain) : value;
}

/** All elements, complex numbers as pairs. */
export function elements({ data }, count) {
  const list = Array.from(data, plain);
  return ArrayBuffer.isView(data) && list.length === 2 * count && count > 0
    ? Array.from({ length: count }, (_, i) => [list[2 * i], list[2 * i + 1]])
    : list;
}

export function same(ours, theirs) {
  if (Array.isArray(theirs)) {
    return Array.isArray(ours) && ours.length === theirs.length && theirs.every((v, i) => same(ours[i], v));
  }
  if (typeof ours === 'number' && typeof theirs === 'number') {
    // Wider floats are rounded.
    return ours === theirs || Math.abs(ours - theirs) <= 1e-6 * Math.abs(theirs);
  }
  return ours === theirs;
}

/** The HDF5 files below a folder. */
export function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      yield* files(path);
    } else if (/\.(h5|hdf5|hdf|he5|h5ad|nc|nc4|nxs|nwb|mat|cxi|loom|jld2)$/i.test(entry.name) && statSync(path).size < MOST_BYTES) {
      yield path;
    }
  }
}

/** What h5py reads of these files, some files at a time: `{file: {dataset: {shape, values}}}`. */
export function* oracle(paths) {
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const script = fileURLToPath(new URL('oracle.py', import.meta.url));
    const told = execFileSync(python, [script, MOST, ...paths.slice(at, at + AT_ONCE)], {
      maxBuffer: 1 << 30,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    yield JSON.parse(told);
  }
}
