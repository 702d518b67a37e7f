// What the tests share: fixtures, sources of bytes, a server of ranges.
import { createServer } from 'node:http';
import { createReadStream, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHash } from 'node:crypto';

export const root = new URL('../../', import.meta.url);
export const fixtures = new URL('tests/files/', root);

/** Names of the fixtures that are one file each. */
export const names = readdirSync(fixtures).filter((name) => /\.h5$/.test(name) && !/^(family|split)_/.test(name));

export const bytesOf = (name) => new Uint8Array(readFileSync(new URL(name, fixtures)));

/** Every object, attribute and value of a file, as one text. */
export async function everything(file) {
  const lines = [];
  const note = (value) =>
    JSON.stringify(value, (_, v) => {
      if (typeof v === 'bigint') return `${v}n`;
      if (typeof v === 'number' && !Number.isFinite(v)) return String(v);
      return ArrayBuffer.isView(v) ? [v.constructor.name, ...v].map(String) : v;
    });
  const seen = new Set();
  const walk = async (path, depth) => {
    const group = await file.list(path);
    lines.push(note(group));
    lines.push(note(await attempt(() => file.attributes(path))));
    for (const child of group.children) {
      // A name that is no text of Unicode has no path.
      if (child.kind === 'unresolved' || child.path.includes('\ufffd')) continue;
      lines.push(note(await attempt(() => file.attributes(child.path))));
      if (child.kind === 'dataset') {
        const size = child.shape?.reduce((a, b) => a * b, 1) ?? 0;
        if (size < 200000) lines.push(note(await attempt(() => file.read(child.path))));
      }
      if (child.kind === 'group' && depth < 6 && !seen.has(child.path)) {
        seen.add(child.path);
        await walk(child.path, depth + 1);
      }
    }
  };
  await walk('/', 0);
  return lines.join('\n');
}

/** The result, or the error as a text. */
async function attempt(call) {
  try {
    return await call();
  } catch (e) {
    return { failed: `${e.kind}: ${e.message}` };
  }
}

const KINDS = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm' };

/** Starts a server on the loopback address; gives its address. */
async function listen(answer) {
  const server = createServer(answer);
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { base: `http://127.0.0.1:${server.address().port}`, close };
}

/** The range that a request asks for, of so many bytes: `[start, end)`. */
function asked(request, size) {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  return range && [Number(range[1]), Math.min(Number(range[2]) + 1, size)];
}

/** A server of one file: with ranges or without. `log` gets the bytes of each answer. */
export async function serve(bytes, { ranges = true, version = () => '"1"' } = {}) {
  const log = [];
  const { base, close } = await listen((request, response) => {
    const all = typeof bytes === 'function' ? bytes() : bytes;
    const range = ranges && asked(request, all.length);
    const same = !request.headers['if-range'] || request.headers['if-range'] === version();
    response.setHeader('ETag', version());
    if (request.url !== '/file.h5') {
      response.writeHead(404).end();
    } else if (range && same) {
      const [start, end] = range;
      log.push(end - start);
      response.writeHead(206, { 'Content-Range': `bytes ${start}-${end - 1}/${all.length}`, 'Content-Length': end - start });
      response.end(all.subarray(start, end));
    } else {
      log.push(all.length);
      response.writeHead(200, { 'Content-Length': all.length });
      response.end(all);
    }
  });
  return { log, url: new URL(`${base}/file.h5`), close };
}

/** A server of the viewer, of the package below `/package/`, and of the files of these paths below `/files/`. `log` gets the bytes of each answer of a file. */
export async function servePage(files = {}) {
  const log = [];
  const { base, close } = await listen((request, response) => {
    const name = decodeURIComponent(request.url.split('?')[0]);
    const file = name.startsWith('/files/') ? files[name.slice('/files/'.length)] : undefined;
    const page = name.startsWith('/package/') ? name : `/viewer${name === '/' ? '/index.html' : name}`;
    const path = file ?? fileURLToPath(new URL(`web/dist${page}`, root));
    if (!existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    const size = statSync(path).size;
    const range = asked(request, size);
    const [start, end] = range ?? [0, size];
    if (file) log.push(end - start);
    response.writeHead(range ? 206 : 200, {
      'Content-Type': KINDS[extname(path)] ?? 'application/octet-stream',
      'Content-Length': end - start,
      ...(range ? { 'Content-Range': `bytes ${start}-${end - 1}/${size}` } : {}),
    });
    if (end > start) createReadStream(path, { start, end: end - 1 }).pipe(response);
    else response.end();
  });
  return { log, base, close, address: (name, path) => `${base}/?url=${encodeURIComponent(`files/${name}`)}${path ? `&path=${encodeURIComponent(path)}` : ''}` };
}

export const hash = (text) => createHash('sha256').update(text).digest('hex');
