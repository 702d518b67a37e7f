// The values that the package gives are those that h5py gives.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { load, openSync } from '../dist/package/index.js';
import { elements, oracle, same } from './oracle.mjs';
import { fixtures, names } from './support.mjs';

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
  for (const told of oracle(paths)) {
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
