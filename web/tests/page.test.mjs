// The viewer in Chromium: what is on screen is what h5py reads and what the package reads.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { load, openSync } from '../dist/package/index.js';
import { launch } from './browser.mjs';
import { elements, files, oracle, same } from './oracle.mjs';
import { cells, choose, settled, visit } from './page.mjs';
import { fixtures, names, servePage } from './support.mjs';

const CORPUS_FILES = 60;
/** As for the package's values. */
const KNOWN = [/\/virtual_(earliest|latest)\.h5 /, / \/24 bits/];
const MISSING = [32018, 32024, 32028];

let browser;
before(async () => {
  await load();
  browser = await launch();
});
after(() => browser.close());

/** What one element looks like on the page, where it has a plain look. */
function look(value, type) {
  if (type.class !== 'enum') return value;
  const names = type.members.map((m) => m.name);
  const name = type.members.find((m) => m.value === Number(value))?.name;
  return names.length === 2 && names.includes('TRUE') && names.includes('FALSE') ? String(name === 'TRUE') : (name ?? String(value));
}

/** Whether a text on screen tells a value. */
function tells(text, value) {
  if (typeof value === 'number') {
    const shown = Number(text.replace('−', '-').replace(/^(-?)∞$/, '$1Infinity'));
    return shown === value || Math.abs(shown - value) <= 1e-5 * Math.abs(value);
  }
  if (value === 'nan' || value === 'inf' || value === '-inf') {
    return /nan|∞|inf/i.test(text);
  }
  return text === String(value).trim() || (/^-?\d+$/.test(value) && Math.abs(Number(text) - Number(value)) <= 1e-5 * Math.abs(Number(value)));
}

/** The dataset of a file that is looked at: plain, small, with elements that differ. */
function pick(file, datasets) {
  let fallback;
  for (const [path, { shape, values }] of Object.entries(datasets)) {
    if (shape.length < 1 || shape.length > 3 || values.length < 1) continue;
    const info = file.describe(path);
    // The registered filters that are not there yet are told as an error.
    const missing = info.filters?.some((filter) => MISSING.includes(filter.id));
    if (!['integer', 'float', 'string', 'enum'].includes(info.type.class) || missing) continue;
    const found = { path, shape, values, type: info.type };
    if (new Set(values.map(String)).size > 1) return found;
    fallback ??= found;
  }
  return fallback;
}

/** Compares what the page shows of one dataset of each file. */
async function compare(paths) {
  const served = await servePage(Object.fromEntries(paths.map((path) => [basename(path), path])));
  const page = await browser.newPage();
  let compared = 0;
  const differing = [];
  try {
    for (const told of oracle(paths)) {
      for (const [path, datasets] of Object.entries(told)) {
        const file = openSync(new Uint8Array(readFileSync(path)), path);
        const found = pick(file, datasets);
        if (!found) continue;
        const ours = elements(file.read(found.path), found.values.length);
        await visit(page, served.address(basename(path), found.path));
        await settled(page);
        if (await choose(page, 'tab', 'Matrix')) await settled(page);
        await choose(page, 'radio', 'Exact');
        const width = found.shape.length > 1 ? found.shape.at(-1) : 1;
        const shown = await cells(page);
        const wrong = shown.filter(({ row, column, text }) => !tells(text, look(found.values[row * width + column], found.type)));
        if (!shown.length || wrong.length || !same(ours, found.values)) {
          differing.push(`${path} ${found.path}: ${JSON.stringify(wrong.slice(0, 3))} of ${shown.length}, expected ${JSON.stringify(found.values.slice(0, 8))}`);
        }
        compared += 1;
        file.close();
      }
    }
  } finally {
    await page.close();
    served.close();
  }
  return { compared, differing: differing.filter((told) => !KNOWN.some((known) => known.test(told))) };
}

test('the page shows the values that h5py reads: the fixtures', async () => {
  // Most come in pairs, written for old libraries and for new ones: one of each pair.
  const some = names.filter((_, i) => i % 2 === Math.floor(i / 2) % 2);
  const { compared, differing } = await compare(some.map((name) => fileURLToPath(new URL(name, fixtures))));
  assert.deepEqual(differing, []);
  assert.ok(compared >= 20, `${compared} files`);
});

test('and files of the corpus', { skip: !process.env.CORPUS }, async () => {
  const all = [...files(process.env.CORPUS)].sort();
  const step = all.length / CORPUS_FILES;
  const { compared, differing } = await compare(Array.from({ length: CORPUS_FILES }, (_, i) => all[Math.floor(i * step)]));
  assert.deepEqual(differing, []);
  assert.ok(compared >= 20, `${compared} files`);
});
