/** Where the bytes of a file come from. */

import { H5Error } from './errors.ts';

/** Bytes that are there at once. */
export interface SyncBytes {
  readonly size: number;
  /** Exactly these bytes. */
  read(offset: number, length: number): Uint8Array;
  /** The same, into an array of bytes: where it saves a copy. */
  readInto?(offset: number, into: Uint8Array): void;
}

/** Bytes that are fetched. */
export interface AsyncBytes {
  readonly size: number;
  fetch(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** What the user is to know of how the bytes come. */
  readonly notice: string | null;
  /** Whether only the bytes that are needed are fetched. */
  readonly lazy: boolean;
  /** The most bytes that one request is made longer by: what lies behind is often wanted next. */
  readonly ahead: number;
}

export function ofBytes(bytes: Uint8Array): SyncBytes {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** Reads in blocks and keeps the last ones: a file's small structures lie close together, and a read is dear. */
export function blocked(source: SyncBytes, blockBytes = 1 << 18, most = 64): SyncBytes {
  const blocks = new Map<number, Uint8Array>();
  const block = (index: number): Uint8Array => {
    const known = blocks.get(index);
    if (known) {
      return known;
    }
    const start = index * blockBytes;
    const bytes = source.read(start, Math.min(blockBytes, source.size - start));
    if (blocks.size >= most) {
      blocks.delete(blocks.keys().next().value!);
    }
    blocks.set(index, bytes);
    return bytes;
  };
  const whole = (offset: number, into: Uint8Array) =>
    source.readInto ? source.readInto(offset, into) : into.set(source.read(offset, into.length));
  return {
    size: source.size,
    readInto(offset, into) {
      const index = Math.floor(offset / blockBytes);
      const skip = offset - index * blockBytes;
      if (skip + into.length <= blockBytes) {
        into.set(block(index).subarray(skip, skip + into.length));
      } else {
        whole(offset, into);
      }
    },
    read(offset, length) {
      const index = Math.floor(offset / blockBytes);
      const skip = offset - index * blockBytes;
      if (skip + length <= blockBytes) {
        return block(index).subarray(skip, skip + length);
      }
      return source.read(offset, length);
    },
  };
}

/** What workers have, and pages have not. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/** A File of the browser, in a worker: there it is read without waiting. */
export function ofFileSync(file: Blob): SyncBytes {
  const reader = new FileReaderSync();
  return blocked({
    size: file.size,
    read: (offset, length) => new Uint8Array(reader.readAsArrayBuffer(file.slice(offset, offset + length))),
  });
}

export function ofBlob(blob: Blob): AsyncBytes {
  return {
    size: blob.size,
    lazy: true,
    notice: null,
    ahead: 1 << 20,
    async fetch(start, end) {
      return new Uint8Array(await blob.slice(start, end).arrayBuffer());
    },
  };
}

export type Progress = (progress: { loaded: number; total: number | null; whole: boolean }) => void;

function failed(url: URL, what: string, cause?: unknown): H5Error {
  return new H5Error('Io', `${url.origin}${url.pathname}: ${what}`, { cause });
}

async function request(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (e) {
    if (init.signal?.aborted) {
      throw e;
    }
    throw failed(url, 'the server does not answer, or does not allow this page to read from it', e);
  }
}

/** All bytes of an answer, with progress. */
async function drained(response: Response, total: number | null, onProgress?: Progress): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      break;
    }
    parts.push(value);
    loaded += value.length;
    onProgress?.({ loaded, total, whole: true });
  }
  const all = new Uint8Array(loaded);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The first bytes that are asked for: they tell whether the server has ranges, and hold the superblock. */
const FIRST_BYTES = 1 << 16;

/**
 * A file behind an address: by ranges where the server has them, else as one download. A file that changes while it
 * is read is an error: the server is asked for the very version that the first answer named.
 */
export async function ofUrl(url: URL, signal?: AbortSignal, onProgress?: Progress): Promise<AsyncBytes | Uint8Array> {
  const first = await request(url, { headers: { Range: `bytes=0-${FIRST_BYTES - 1}` }, signal: signal ?? null });
  if (!first.ok) {
    await first.body?.cancel();
    throw failed(url, `the server answers ${first.status} ${first.statusText}`);
  }
  const range = /^bytes 0-(\d+)\/(\d+)$/.exec(first.headers.get('Content-Range') ?? '');
  if (first.status !== 206 || !range) {
    const length = first.headers.get('Content-Length');
    const encoded = first.headers.get('Content-Encoding');
    return drained(first, length && !encoded ? Number(length) : null, onProgress);
  }
  const size = Number(range[2]);
  const head = new Uint8Array(await first.arrayBuffer());
  const version = first.headers.get('ETag');
  const strong = version && !version.startsWith('W/') ? version : first.headers.get('Last-Modified');
  return {
    size,
    lazy: true,
    notice: null,
    ahead: 1 << 18,
    async fetch(start, end, abort) {
      if (end <= head.length) {
        return head.subarray(start, end);
      }
      const headers: Record<string, string> = { Range: `bytes=${start}-${end - 1}` };
      if (strong) {
        headers['If-Range'] = strong;
      }
      const answer = await request(url, { headers, signal: abort ?? null });
      const told = answer.headers.get('Content-Range');
      if (answer.status !== 206 || (told && !told.startsWith(`bytes ${start}-`)) || (told && !told.endsWith(`/${size}`))) {
        await answer.body?.cancel();
        const changed = answer.status === 200 || answer.status === 412 || answer.status === 206;
        throw failed(url, changed ? 'the file was changed while it was read' : `the server answers ${answer.status}`);
      }
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (bytes.length !== end - start) {
        throw failed(url, `${bytes.length} bytes came where ${end - start} were asked for`);
      }
      return bytes;
    },
  };
}
