// `h5 view`: the page and one file, for the browser of this machine only. H5_VIEW names a binary with the feature `viewer`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { cells, choose, settled, visit } from './page.mjs';
import { fixtures } from './support.mjs';

const NAME = 'pymodaq_scan.h5';
const OBJECT = '/RawData/Scan000/Actuator000/EnlData00';
const path = fileURLToPath(new URL(NAME, fixtures));
const skip = !process.env.H5_VIEW;

let server;
let address;
before(async () => {
  if (skip) return;
  server = spawn(process.env.H5_VIEW, ['view', '--no-open', path, OBJECT]);
  let told = '';
  for await (const part of server.stdout) {
    told += part;
    if (told.includes('\n')) break;
  }
  address = new URL(told.split('\n')[0]);
});
after(() => server?.kill());

/** The answer to a request. */
function ask(target, { headers = {}, method = 'GET', host } = {}) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: address.port, path: target, method, headers: { ...headers, ...(host ? { Host: host } : {}) } };
    const asked = request(options, async (answer) => {
      const parts = [];
      for await (const part of answer) parts.push(part);
      resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) });
    });
    asked.on('error', reject).end();
  });
}

test('the file is given by ranges', { skip }, async () => {
  const bytes = readFileSync(path);
  const file = `${address.pathname}file/${NAME}`;
  const whole = await ask(file);
  assert.equal(whole.status, 200);
  assert.deepEqual(whole.body, bytes);
  const part = await ask(file, { headers: { Range: 'bytes=8-107' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers['content-range'], `bytes 8-107/${bytes.length}`);
  assert.deepEqual(part.body, bytes.subarray(8, 108));
  assert.equal((await ask(file, { headers: { Range: `bytes=${bytes.length}-` } })).status, 416);
  const stale = await ask(file, { headers: { Range: 'bytes=8-107', 'If-Range': '"another"' } });
  assert.equal(stale.body.length, bytes.length);
});

test('without the word in the address there is nothing', { skip }, async () => {
  const wrong = address.pathname.replace(/[0-9a-f](?=\/$)/, (digit) => (digit === '0' ? '1' : '0'));
  for (const target of ['/', '/index.html', `/file/${NAME}`, wrong, `${wrong}file/${NAME}`, '/../../etc/passwd']) {
    assert.equal((await ask(target)).status, 404, target);
  }
  assert.equal((await ask(`${address.pathname}../../Cargo.toml`)).status, 404);
  assert.equal((await ask(address.pathname, { host: 'example.org' })).status, 403);
  assert.equal((await ask(address.pathname, { method: 'POST' })).status, 405);
  const { headers } = await ask(address.pathname);
  assert.match(headers['content-security-policy'], /default-src 'self'/);
});

test('the page shows the object that was named', { skip }, async () => {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const outside = [];
    page.on('request', (asked) => new URL(asked.url()).host === address.host || /^(blob|data):/.test(asked.url()) || outside.push(asked.url()));
    await visit(page, address.href);
    await settled(page);
    await choose(page, 'tab', 'Matrix');
    await settled(page);
    assert.equal((await cells(page)).length, 6);
    assert.deepEqual(outside, [], 'nothing is asked of others');
  } finally {
    await browser.close();
  }
});

test('a build without the viewer says how to get it', { skip: !process.env.H5 }, async () => {
  const plain = spawn(process.env.H5, ['view', path]);
  let told = '';
  for await (const part of plain.stderr) told += part;
  assert.match(told, /this build has no viewer in it/);
});
