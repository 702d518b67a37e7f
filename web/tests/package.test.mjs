// The built package (web/dist/package) in Node.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { before, test } from 'node:test';
import { H5Error, load, open, openSync } from '../dist/package/index.js';
import { NewFile, loadWriter } from '../dist/package/write.js';
import { bytesOf, everything, fixtures, names, root, serve } from './support.mjs';

before(() => Promise.all([load(), loadWriter()]));

/** What `h5 digest` says; the binary is named by H5, or built before. */
function native(path) {
  const binary = process.env.H5 ?? fileURLToPath(new URL('target/release/h5', root));
  const told = JSON.parse(execFileSync(binary, ['digest', path], { maxBuffer: 1 << 28 }));
  delete told.file;
  return told;
}

test('each fixture has the digest that the native build gives', () => {
  assert.ok(names.length > 80);
  for (const name of names) {
    const file = openSync(bytesOf(name), name);
    const ours = file.digest();
    // What lies in other files a page does not have.
    if (!/^(external|links|virtual|references|pytables)/.test(name)) {
      assert.deepEqual(ours, native(fileURLToPath(new URL(name, fixtures))), name);
    }
    file.close();
  }
});

test('a file that is fetched in parts reads as one at hand', async () => {
  for (const name of names) {
    const bytes = bytesOf(name);
    const hand = await open(bytes);
    const lazy = await open(new Blob([bytes]), { name });
    assert.equal(await everything(lazy), await everything(hand), name);
    hand.close();
    lazy.close();
  }
});

test('over a server of ranges, little is moved', async () => {
  const made = await NewFile.create();
  made.createDataset('/deep/large', new Float64Array(4_000_000).map((_, i) => i), { shape: [4000, 1000], chunks: [10, 1000] });
  made.createDataset('/packed', new Int32Array(1_000_000).map((_, i) => i * i), { chunks: [10_000], gzip: 1 });
  made.setAttribute('/deep/large', 'unit', 'V');
  const bytes = made.bytes();
  assert.ok(bytes.length > 32_000_000);
  const server = await serve(bytes);
  try {
    const file = await open(server.url);
    assert.ok(file.lazy);
    assert.equal((await file.attributes('/deep/large'))[0].value, 'V');
    const { shape, data } = await file.read('/deep/large', '2000:2002, ::100');
    assert.deepEqual([shape, data[0], data[19]], [[2, 10], 2_000_000, 2_001_900]);
    const moved = server.log.reduce((a, b) => a + b, 0);
    assert.ok(moved < 1 << 20, `${moved} bytes in ${server.log.length} requests`);
    assert.ok(server.log.length <= 12, `${server.log.length} requests`);
    // Fifty chunks are asked for together.
    const before = server.log.length;
    let loaded = 0;
    assert.equal((await file.read('/packed', '::10000', { onProgress: (p) => (loaded = p.loaded) })).data[99], 990_000 * 990_000 | 0);
    assert.ok(server.log.length - before <= 6, `${server.log.length - before} requests for 100 chunks`);
    assert.ok(loaded > 0);
    const stop = new AbortController();
    stop.abort();
    await assert.rejects(file.read('/deep/large', '3000:3500', { signal: stop.signal }), { name: 'AbortError' });
  } finally {
    server.close();
  }
});

test('a server without ranges gives the whole file, and that is told', async () => {
  const server = await serve(bytesOf('groups_latest.h5'), { ranges: false });
  try {
    const steps = [];
    const file = await open(server.url, { onProgress: (p) => steps.push(p) });
    assert.equal(file.lazy, false);
    assert.match(file.notice, /whole file/);
    assert.ok(steps.at(-1).loaded === file.size && steps.at(-1).whole);
    await assert.rejects(open(new URL('/none.h5', server.url)), { kind: 'Io', message: /none\.h5: the server answers 404/ });
  } finally {
    server.close();
  }
});

test('a file that changes while it is read is an error', async () => {
  let [bytes, version] = [new Uint8Array(1 << 20), '"1"'];
  const made = await NewFile.create();
  made.createDataset('/a', new Int32Array(1 << 18).fill(7));
  bytes = made.bytes();
  const server = await serve(() => bytes, { version: () => version });
  try {
    const file = await open(server.url);
    version = '"2"';
    await assert.rejects(file.read('/a'), { kind: 'Io', message: /was changed while it was read/ });
  } finally {
    server.close();
  }
});

test('numbers come as typed arrays, all else as values', () => {
  const read = (name, path, slice) => {
    const file = openSync(bytesOf(name), name);
    try {
      return file.read(path, slice);
    } finally {
      file.close();
    }
  };
  const names = (file) => file.list('/').children.map((c) => [c.name, c]);
  const integers = openSync(bytesOf('integers_latest.h5'));
  let seen = 0;
  for (const [name, info] of names(integers)) {
    const [, sign, bits] = /^([iu])(8|16|32|64)(?:le|be)?$/.exec(name) ?? [];
    if (!bits) continue;
    const kind = `${bits === '64' ? 'Big' : ''}${sign === 'u' ? 'Uint' : 'Int'}${bits}Array`;
    assert.equal(integers.read(info.path).data.constructor.name, kind, name);
    seen += 1;
  }
  assert.ok(seen >= 8, `${seen} datasets`);
  const made = new NewFile();
  made.createDataset('/grid', new Int16Array(24).map((_, i) => i), { shape: [4, 6], chunks: [3, 4], gzip: 4 });
  made.createDataset('/texts', ['a', 'é☃', '']);
  made.setAttribute('/grid', 'scale', 0.5);
  made.setAttribute('/grid', 'names', ['x', 'y']);
  made.createGroup('/empty');
  const file = openSync(made.bytes());
  assert.deepEqual(file.read('/grid', '1, ::-2'), { shape: [3], data: Int16Array.of(11, 9, 7) });
  assert.deepEqual(file.read('/grid', [[1, 3], -1]), { shape: [2], data: Int16Array.of(11, 17) });
  assert.deepEqual(file.read('/texts').data, ['a', 'é☃', '']);
  assert.deepEqual(file.attributes('/grid').map((a) => a.value), [['x', 'y'], 0.5]);
  const grid = file.describe('/grid');
  assert.deepEqual([grid.shape, grid.chunks, grid.layout, grid.filters.map((f) => f.name)], [[4, 6], [3, 4], 'chunked', ['shuffle', 'deflate']]);
  assert.deepEqual(file.paths().sort(), ['/empty', '/grid', '/texts']);
  assert.throws(() => file.read('/grid', '9'), { kind: 'Usage' });
  assert.throws(() => file.read('/none'), { kind: 'NotFound' });
  const texts = openSync(bytesOf('strings_latest.h5')).list('/').children.find((c) => c.kind === 'dataset' && c.type.class === 'string');
  assert.equal(typeof read('strings_latest.h5', texts.path).data[0], 'string');
});

test('elements that lie beyond the end of the file are an error, and take no memory', async () => {
  const name = 'integers_earliest.h5';
  const bytes = bytesOf(name);
  const path = '/i32le';
  const hand = openSync(bytes, name);
  const data = Buffer.from(hand.read(path).data.buffer);
  hand.close();
  const file = Buffer.from(bytes);
  const place = Buffer.alloc(8);
  place.writeBigUInt64LE(BigInt(file.indexOf(data)));
  const at = file.indexOf(place);
  assert.ok(at > 0);
  file.writeBigUInt64LE(BigInt(file.length - 4), at);
  const damaged = new Uint8Array(file);
  assert.throws(() => openSync(damaged, name).read(path), { name: 'H5Error', kind: 'Damaged' });
  const lazy = await open(new Blob([damaged]), { name });
  await assert.rejects(lazy.read(path), { name: 'H5Error', kind: 'Damaged' });
  lazy.close();
});

test('what is written is a file for others', () => {
  const made = new NewFile();
  made.createDataset('/a/b', Float32Array.of(1.5, 2.5));
  made.setAttribute('/', 'title', 'from a page');
  assert.throws(() => made.createDataset('/a/b', [1]), { kind: 'Usage' });
  assert.throws(() => made.createDataset('/c', [1, 2], { shape: [3] }), { kind: 'Usage' });
  const path = join(mkdtempSync(join(tmpdir(), 'h5-')), 'made.h5');
  writeFileSync(path, made.bytes());
  const told = native(path);
  assert.deepEqual(told.objects.map((o) => o.path), ['/', '/a', '/a/b']);
  assert.equal(told.objects[0].attributes[0].name, 'title');
});

test('files of PyMoDAQ tell their nodes', () => {
  const file = openSync(bytesOf('pymodaq_scan.h5'));
  const root = file.node('/');
  assert.equal(root.class, 'GROUP');
  const group = file.list('/').children.find((c) => c.kind === 'group');
  assert.ok(file.node(group.path).attributes.some((a) => a.name === 'TITLE' || a.name === 'type'));
  assert.equal(openSync(bytesOf('groups_latest.h5')).node('/'), null);
});

test('hostile bytes are an error', () => {
  assert.throws(() => openSync(new Uint8Array(1000)), H5Error);
  const folder = new URL('hostile/', fixtures);
  for (const name of readdirSync(folder).filter((n) => n.endsWith('.h5'))) {
    try {
      const file = openSync(bytesOf(`hostile/${name}`), name);
      JSON.stringify(file.digest());
      file.close();
    } catch (e) {
      assert.ok(e instanceof H5Error, `${name}: ${e.stack}`);
    }
  }
});
