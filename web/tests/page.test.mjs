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
  if (Array.isArray(value)) {
    const [, real, sign, imaginary] = /^(.*) ([+−-]) (.*) ?i$/.exec(text) ?? [];
    return imaginary !== undefined && tells(real, value[0]) && tells(`${sign === '+' ? '' : '-'}${imaginary.trim()}`, value[1]);
  }
  if (typeof value === 'number') {
    const shown = Number(text.replace('−', '-').replace(/^(-?)∞$/, '$1Infinity'));
    return shown === value || Math.abs(shown - value) <= 1e-5 * Math.abs(value);
  }
  if (value === 'nan' || value === 'inf' || value === '-inf') {
    return /nan|∞|inf/i.test(text);
  }
  return text === String(value).trim() || (/^-?\d+$/.test(value) && Math.abs(Number(text) - Number(value)) <= 1e-5 * Math.abs(Number(value)));
}

const PLAIN = ['integer', 'float', 'string', 'enum'];

/** How the page shows a dataset: as one value, or as a table of values, compounds or complex numbers; undefined for what has no plain look. */
function manner({ type, shape }) {
  if (PLAIN.includes(type.class)) return shape.length === 0 ? 'scalar' : 'table';
  const members = type.class === 'compound' && shape.length > 0 ? type.members : [];
  const [re, im] = members;
  if (members.length === 2 && re.name === 'r' && im.name === 'i') return 'complex';
  if (shape.length > 1) return undefined;
  return members.length && members.every((m) => PLAIN.includes(m.type.class)) ? 'compounds' : undefined;
}

/** The datasets of a file that are looked at: one for each manner, small, with elements that differ. */
function picks(file, datasets) {
  const found = {};
  for (const [path, { shape, values }] of Object.entries(datasets)) {
    if (shape.length > 3 || values.length < 1) continue;
    const info = file.describe(path);
    // The registered filters that are not there yet are told as an error.
    const missing = info.filters?.some((filter) => MISSING.includes(filter.id));
    const as = manner(info);
    if (!as || missing) continue;
    const differ = new Set(values.map(String)).size > 1;
    if (!found[as] || (differ && !found[as].differ)) found[as] = { path, shape, values, type: info.type, as, differ };
  }
  return Object.values(found);
}

/** What is on screen and should not be; null where the screen is empty. */
async function wrong(page, { as, shape, values, type }) {
  if (as === 'scalar') {
    const text = (await page.locator('[class*=visArea] pre').first().textContent()).trim();
    return tells(text, look(values[0], type)) ? [] : [text];
  }
  if (as !== 'compounds') {
    if (await choose(page, 'tab', 'Matrix')) await settled(page);
    await choose(page, 'radio', 'Exact');
  }
  const shown = await cells(page);
  const width = shape.length > 1 ? shape.at(-1) : 1;
  const expected = ({ row, column }) =>
    as !== 'compounds' ? look(values[row * width + column], type) : look(values[row][column], type.members[column].type);
  return shown.length ? shown.filter((cell) => !tells(cell.text, expected(cell))) : null;
}

/** Compares what the page shows of some datasets of each file: how many of each manner, and which differ. */
async function compare(paths) {
  const served = await servePage(Object.fromEntries(paths.map((path) => [basename(path), path])));
  const page = await browser.newPage();
  const compared = { files: 0, table: 0, scalar: 0, compounds: 0, complex: 0 };
  const differing = [];
  const one = async (file, path, found) => {
    const ours = elements(file.read(found.path), found.values.length);
    await visit(page, served.address(basename(path), found.path));
    await settled(page);
    const bad = await wrong(page, found);
    if (bad === null || bad.length || !same(ours, found.values)) {
      differing.push(`${path} ${found.path}: ${JSON.stringify(bad?.slice(0, 3))}, expected ${JSON.stringify(found.values.slice(0, 8))}`);
    }
    compared[found.as] += 1;
  };
  try {
    for (const told of oracle(paths)) {
      for (const [path, datasets] of Object.entries(told)) {
        const file = openSync(new Uint8Array(readFileSync(path)), path);
        const found = picks(file, datasets);
        for (const each of found) await one(file, path, each);
        compared.files += found.length ? 1 : 0;
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
  const { files: opened, table, scalar, compounds, complex } = compared;
  assert.ok(opened >= 20 && table >= 20 && scalar >= 3 && compounds >= 2 && complex >= 1, JSON.stringify(compared));
});

test('and files of the corpus', { skip: !process.env.CORPUS }, async () => {
  const all = [...files(process.env.CORPUS)].sort();
  const step = all.length / CORPUS_FILES;
  const { compared, differing } = await compare(Array.from({ length: CORPUS_FILES }, (_, i) => all[Math.floor(i * step)]));
  assert.deepEqual(differing, []);
  assert.ok(compared.files >= 20 && compared.scalar >= 1 && compared.compounds >= 1, JSON.stringify(compared));
});
