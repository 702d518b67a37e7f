// What people see: the states of the page, kept as pictures, and what has to be on them.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { choose, settled, shot, visit } from './page.mjs';
import { fixtures, servePage } from './support.mjs';

const SCAN = 'pymodaq_scan.h5';
const IMAGES = '/RawData/Scan000/Detector000/Data2D/CH00';
const files = Object.fromEntries(
  [SCAN, 'compounds_latest.h5', 'floats_latest.h5'].map((name) => [name, fileURLToPath(new URL(name, fixtures))]),
);

let browser;
let served;
let page;
before(async () => {
  const damaged = join(mkdtempSync(join(tmpdir(), 'h5-')), 'damaged.h5');
  writeFileSync(damaged, readFileSync(files[SCAN]).subarray(0, 3000));
  const none = join(mkdtempSync(join(tmpdir(), 'h5-')), 'none.h5');
  writeFileSync(none, 'no file of HDF5');
  served = await servePage({ ...files, 'damaged.h5': damaged, 'none.h5': none });
  browser = await launch();
  page = await browser.newPage();
});
after(async () => {
  await browser?.close();
  served?.close();
});

const panel = () => page.getByRole('complementary', { name: 'Node' });

test('the start', async () => {
  await page.goto(`${served.base}/`);
  await page.getByRole('heading', { name: 'HDF5 viewer' }).waitFor();
  await shot(page, 'start');
});

test('the tree, and a line with its axis', async () => {
  await visit(page, served.address(SCAN, '/RawData/Scan000/Detector000/Data1D/CH00'));
  await settled(page);
  assert.ok((await page.locator('[role=treeitem]').count()) > 5);
  await choose(page, 'tab', 'NX Spectrum');
  await settled(page);
  await shot(page, 'tree-and-line');
});

test('a heat map of an image of a scan, with axes and decoded attributes', async () => {
  await visit(page, served.address(SCAN, IMAGES));
  await settled(page);
  await page.getByText('rows (px)').first().waitFor();
  await panel().getByText('are not in the file').waitFor();
  await shot(page, 'heatmap');
  await visit(page, served.address(SCAN, `${IMAGES}/Data00`));
  await settled(page);
  const axes = await panel().getByRole('table', { name: 'Axes' }).innerText();
  assert.match(axes, /axis 2\s+rows\s+px\s+24 points\s+Axis00/);
  assert.match(axes, /axis 0\s.*NavAxes/);
  assert.match(await panel().innerText(), /nav_indexes\s+\(0, 1\)/);
  await shot(page, 'image-and-node');
});

test('a table of compounds', async () => {
  await visit(page, served.address('compounds_latest.h5', '/chunked'));
  await settled(page);
  await shot(page, 'compound');
});

test('attributes, decoded', async () => {
  await visit(page, served.address(SCAN, `${IMAGES}/Axis00`));
  await settled(page);
  await page.getByRole('tab', { name: 'Inspect' }).click();
  await page.getByRole('rowheader', { name: 'units' }).waitFor();
  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'units' }) });
  assert.match(await row.innerText(), /px/);
  assert.doesNotMatch(await row.innerText(), /module/);
  await shot(page, 'attributes');
});

test('the slice on view is saved as CSV and NPY', async () => {
  await visit(page, served.address(SCAN, `${IMAGES}/Data00`));
  await settled(page);
  await choose(page, 'tab', 'Matrix');
  await settled(page);
  // Wide enough for all of the toolbar.
  await page.setViewportSize({ width: 1700, height: 900 });
  const saved = {};
  for (const format of ['CSV', 'NPY']) {
    await page.getByRole('button', { name: /Export/ }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByText(`Export to ${format}`).click(),
    ]);
    saved[format] = readFileSync(await download.path());
  }
  const lines = saved.CSV.toString().trim().split('\n');
  assert.equal(lines.length, 24);
  assert.equal(lines[0].split(',').length, 32);
  assert.equal(saved.NPY.subarray(1, 6).toString(), 'NUMPY');
  assert.match(saved.NPY.toString('latin1', 0, 100), /'<u2'.*\(24, 32\)/);
  const first = saved.NPY.readUInt16LE(saved.NPY.length - 24 * 32 * 2);
  assert.equal(first, Number(lines[0].split(',')[0]));
});

test('a path is searched for', async () => {
  await visit(page, served.address(SCAN, '/'));
  // Behind the tree's tab lies that of the search.
  await page.getByRole('tab').nth(1).click();
  await page.locator('input').first().fill('Axis01');
  await page.locator('a, button').filter({ hasText: '/RawData/Scan000/Detector000/NavAxes/Axis01' }).first().waitFor();
  await shot(page, 'search');
});

test('what is damaged, no HDF5 or not there is told', async () => {
  await page.goto(served.address('none.h5'));
  assert.match(await page.getByRole('alert').innerText(), /HDF5|signature|superblock/i);
  await shot(page, 'error-none');
  await page.goto(served.address('missing.h5'));
  assert.match(await page.getByRole('alert').innerText(), /404/);
  await page.goto(served.address('damaged.h5'));
  await page.locator('[role=alert], [role=treeitem]').first().waitFor();
  await shot(page, 'error-damaged');
});

test('a file that was opened by its address is offered again', async () => {
  await page.goto(`${served.base}/`);
  await page.getByRole('button', { name: SCAN }).click();
  await page.locator('[role=treeitem]').first().waitFor();
});
