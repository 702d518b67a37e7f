// The values that the package gives are those that h5py gives: of our fixtures, and of the files that CORPUS names.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { load, openSync } from '../dist/package/index.js';
import { fixtures, names } from './support.mjs';

const MOST = 2000;
const MOST_BYTES = 20e6;
const AT_ONCE = 40;
const python = process.env.H5_TEST_PYTHON ?? fileURLToPath(new URL('../../target/python-env/bin/python', import.meta.url));

/** A value as the oracle tells it. */
function plain(value) {
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
function elements({ data }, count) {
  const list = Array.from(data, plain);
  return ArrayBuffer.isView(data) && list.length === 2 * count && count > 0
    ? Array.from({ length: count }, (_, i) => [list[2 * i], list[2 * i + 1]])
    : list;
}

function same(ours, theirs) {
  if (Array.isArray(theirs)) {
    return Array.isArray(ours) && ours.length === theirs.length && theirs.every((v, i) => same(ours[i], v));
  }
  if (typeof ours === 'number' && typeof theirs === 'number') {
    // Wider floats are rounded.
    return ours === theirs || Math.abs(ours - theirs) <= 1e-6 * Math.abs(theirs);
  }
  return ours === theirs;
}

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      yield* files(path);
    } else if (/\.(h5|hdf5|nc|nxs|mat)$/.test(entry.name) && statSync(path).size < MOST_BYTES) {
      yield path;
    }
  }
}

/** What is known to differ, and why. */
const KNOWN = [
  // Other files are not opened.
  /\/virtual_(earliest|latest)\.h5 /,
  // Filters that are not there yet.
  /unsupported: filter (32018|32024|32028) /,
  // A number without normalization whose mantissa is zero: it is zero, and libhdf5 takes its last bit for set.
  / \/(24 bits|nbit float 20 bits)/,
  // h5py does not turn the bytes of big-endian numbers in sequences.
  / \/of (f8 be|vlen): /,
];

/** Compares all files; gives the number of datasets, and what differs. */
function compare(paths) {
  const differing = [];
  let datasets = 0;
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const told = JSON.parse(
      execFileSync(python, [fileURLToPath(new URL('oracle.py', import.meta.url)), MOST, ...paths.slice(at, at + AT_ONCE)], {
        maxBuffer: 1 << 30,
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
    for (const [path, expected] of Object.entries(told)) {
      const file = openSync(new Uint8Array(readFileSync(path)), path);
      for (const [name, { shape, values }] of Object.entries(expected)) {
        datasets += 1;
        let ours;
        try {
          ours = file.read(name);
        } catch (e) {
          differing.push(`${path} ${name}: ${e.message}`);
          continue;
        }
        const list = elements(ours, values.length);
        if (JSON.stringify(ours.shape) !== JSON.stringify(shape) || !same(list, values)) {
          differing.push(`${path} ${name}: ${JSON.stringify(list).slice(0, 120)}, expected ${JSON.stringify(values).slice(0, 120)}`);
        }
      }
      file.close();
    }
  }
  return { datasets, differing: differing.filter((told) => !KNOWN.some((known) => known.test(told))) };
}

test('every dataset of the fixtures has the values that h5py reads', async () => {
  await load();
  const { datasets, differing } = compare(names.map((name) => fileURLToPath(new URL(name, fixtures))));
  assert.deepEqual(differing, []);
  assert.ok(datasets > 500, `${datasets} datasets`);
});

test('and those of the corpus', { skip: !process.env.CORPUS }, async () => {
  await load();
  const { datasets, differing } = compare([...files(process.env.CORPUS)]);
  assert.deepEqual(differing, []);
  assert.ok(datasets > 5000, `${datasets} datasets`);
});
