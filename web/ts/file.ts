import { H5, Source } from './wasm/h5_web.js';
import { H5Error, guarded, missing, told } from './errors.ts';
import * as core from './read.ts';
import type { AsyncBytes, Progress, SyncBytes } from './sources.ts';
import type { Attribute, Member, NodeInfo, ObjectInfo, Selection, Slice } from './types.ts';

export interface CallOptions {
  /** Ends the call. */
  signal?: AbortSignal | undefined;
  /** Told of the bytes that are fetched for the call. */
  onProgress?: Progress | undefined;
}

/** An open file. Paths are absolute: `/group/dataset`. */
export interface H5File {
  readonly name: string;
  readonly size: number;
  /** Whether only those bytes are fetched that are needed. */
  readonly lazy: boolean;
  /** What the user is to know of how the file is read, such as that its server has no ranges. */
  readonly notice: string | null;
  /** An object: attributes' names and types, shape, type, layout; a group without its members. */
  describe(path: string, options?: CallOptions): Promise<ObjectInfo>;
  /** A group with its members, each described. */
  list(path: string, options?: CallOptions): Promise<ObjectInfo>;
  /** The members of a group in short, without their attributes: the fastest way to walk a file. */
  members(path: string, options?: CallOptions): Promise<Member[]>;
  /** The paths of all objects below the root. */
  paths(options?: CallOptions): Promise<string[]>;
  /** The attributes of an object with their values. */
  attributes(path: string, options?: CallOptions): Promise<Attribute[]>;
  /** Elements of a dataset: all, or those that are selected. */
  read(path: string, selection?: Selection, options?: CallOptions): Promise<Slice>;
  /** Title, class and attributes as Python shows them, in files of PyMoDAQ and PyTables; null in others. */
  node(path: string, options?: CallOptions): Promise<NodeInfo | null>;
  /** Lets the file go. */
  close(): void;
}

const PIECE_BYTES = 1 << 22;

/** Fills an array with the bytes from an offset on. */
function fill(from: SyncBytes, offset: number, into: Uint8Array): void {
  if (from.readInto) {
    from.readInto(offset, into);
    return;
  }
  for (let at = 0; at < into.length; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, into.length - at);
    const bytes = from.read(offset + at, length);
    if (bytes.length !== length) {
      throw new Error(`the source gave ${bytes.length} bytes where ${length} were asked for`);
    }
    into.set(bytes, at);
  }
}

/** A file whose bytes are at hand: every call gives its result at once. */
export class SyncFile {
  readonly name: string;
  readonly size: number;
  readonly #bytes: SyncBytes;
  readonly #source: Source;
  readonly #h5: H5;

  constructor(bytes: SyncBytes, name: string) {
    this.name = name;
    this.size = bytes.size;
    this.#bytes = bytes;
    this.#source = Source.called(bytes.size, { readInto: (offset: number, into: Uint8Array) => fill(bytes, offset, into) });
    this.#h5 = guarded(() => new H5(this.#source));
  }

  describe(path: string): ObjectInfo {
    return guarded(() => core.describe(this.#h5, path));
  }

  list(path: string): ObjectInfo {
    return guarded(() => core.list(this.#h5, path));
  }

  members(path: string): Member[] {
    return guarded(() => core.members(this.#h5, path));
  }

  paths(): string[] {
    return guarded(() => core.paths(this.#h5));
  }

  attributes(path: string): Attribute[] {
    return guarded(() => core.attributes(this.#h5, path));
  }

  read(path: string, selection?: Selection): Slice {
    const read = guarded(() => core.read(this.#h5, path, selection, this.size));
    if ('data' in read) {
      return read;
    }
    const { data, bytes } = core.allocated(read.array, read.shape);
    fill(this.#bytes, read.offset, bytes);
    return { shape: read.shape, data };
  }

  node(path: string): NodeInfo | null {
    return guarded(() => core.node(this.#h5, path));
  }

  /** The whole file described, each value by its hash: what `h5 digest` prints. */
  digest(full = false): unknown {
    return JSON.parse(guarded(() => this.#h5.digest(full)));
  }

  close(): void {
    this.#h5.free();
    this.#source.free();
  }
}

/** Bytes that stay when no call is running. */
const KEPT_BYTES = 1 << 26;
/** Missing ranges that lie closer together are fetched as one. */
const GAP_BYTES = 1 << 15;
const LEAST_BYTES = 1 << 14;
const MOST_BYTES = 1 << 23;
const REQUESTS = 6;

type Range = [start: number, end: number];

/** The requests for missing ranges: joined where they lie close together, made longer the more often a call misses. */
export function requests(pairs: number[], size: number, page: number, round: number, ahead: number): Range[] {
  const longer = Math.min(LEAST_BYTES * 2 ** round, ahead);
  const joined: Range[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const [start, end] = [pairs[i]!, pairs[i + 1]!];
    const whole = Math.max(end, Math.min(start + longer, size));
    const last = joined[joined.length - 1];
    if (last && start <= last[1] + GAP_BYTES) {
      last[1] = Math.max(last[1], whole);
    } else {
      joined.push([start, whole]);
    }
  }
  const out: Range[] = [];
  for (const [start, end] of joined) {
    const stop = Math.min(Math.ceil(end / page) * page, size);
    for (let at = start; at < stop; at += MOST_BYTES) {
      out.push([at, Math.min(at + MOST_BYTES, stop)]);
    }
  }
  return out;
}

/** A file whose bytes are fetched: a call that misses some is run again once they are there. */
export class LazyFile implements H5File {
  readonly name: string;
  readonly size: number;
  readonly lazy: boolean;
  readonly notice: string | null;
  readonly #bytes: AsyncBytes;
  readonly #source: Source;
  #h5: H5 | undefined;
  #running = 0;
  #closed = false;
  /** Bytes that were fetched so far. */
  fetched = 0;
  /** Requests that were made so far. */
  requests = 0;

  private constructor(bytes: AsyncBytes, name: string) {
    this.name = name;
    this.size = bytes.size;
    this.lazy = bytes.lazy;
    this.notice = bytes.notice;
    this.#bytes = bytes;
    this.#source = Source.sparse(bytes.size);
  }

  static async open(bytes: AsyncBytes, name: string, options: CallOptions = {}): Promise<LazyFile> {
    const file = new LazyFile(bytes, name);
    file.#h5 = await file.#again(() => new H5(file.#source), options);
    return file;
  }

  async #fetch(pairs: number[], round: number, { signal, onProgress }: CallOptions): Promise<void> {
    const left = requests(pairs, this.size, Source.page_bytes(), round, this.#bytes.ahead);
    const total = left.reduce((n, [start, end]) => n + end - start, 0);
    let loaded = 0;
    const lane = async () => {
      for (let range = left.shift(); range; range = left.shift()) {
        const bytes = await this.#bytes.fetch(range[0], range[1], signal);
        if (this.#closed) {
          throw new H5Error('Usage', 'the file was closed');
        }
        this.#source.provide(range[0], bytes);
        this.requests += 1;
        this.fetched += bytes.length;
        loaded += bytes.length;
        onProgress?.({ loaded, total, whole: false });
      }
    };
    await Promise.all(Array.from({ length: Math.min(REQUESTS, left.length) }, lane));
  }

  async #again<T>(call: () => T, options: CallOptions): Promise<T> {
    this.#running += 1;
    try {
      for (let round = 0; ; round += 1) {
        options.signal?.throwIfAborted();
        if (this.#closed) {
          throw new H5Error('Usage', 'the file was closed');
        }
        try {
          return call();
        } catch (e) {
          const pairs = missing(e);
          if (!pairs) {
            throw told(e);
          }
          await this.#fetch(pairs, round, options);
        }
      }
    } finally {
      this.#running -= 1;
      if (this.#running === 0 && !this.#closed) {
        this.#source.keep(KEPT_BYTES);
      }
    }
  }

  describe(path: string, options: CallOptions = {}): Promise<ObjectInfo> {
    return this.#again(() => core.describe(this.#h5!, path), options);
  }

  list(path: string, options: CallOptions = {}): Promise<ObjectInfo> {
    return this.#again(() => core.list(this.#h5!, path), options);
  }

  members(path: string, options: CallOptions = {}): Promise<Member[]> {
    return this.#again(() => core.members(this.#h5!, path), options);
  }

  paths(options: CallOptions = {}): Promise<string[]> {
    return this.#again(() => core.paths(this.#h5!), options);
  }

  attributes(path: string, options: CallOptions = {}): Promise<Attribute[]> {
    return this.#again(() => core.attributes(this.#h5!, path), options);
  }

  async read(path: string, selection?: Selection, options: CallOptions = {}): Promise<Slice> {
    const read = await this.#again(() => core.read(this.#h5!, path, selection, this.size), options);
    if ('data' in read) {
      return read;
    }
    const { data, bytes } = core.allocated(read.array, read.shape);
    for (let at = 0; at < bytes.length; at += MOST_BYTES) {
      const end = Math.min(at + MOST_BYTES, bytes.length);
      bytes.set(await this.#bytes.fetch(read.offset + at, read.offset + end, options.signal), at);
      this.requests += 1;
      this.fetched += end - at;
      options.onProgress?.({ loaded: end, total: bytes.length, whole: false });
    }
    return { shape: read.shape, data };
  }

  node(path: string, options: CallOptions = {}): Promise<NodeInfo | null> {
    return this.#again(() => core.node(this.#h5!, path), options);
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#h5?.free();
      this.#source.free();
    }
  }
}

/** A file at hand with the face of one that is fetched. */
export class HandFile implements H5File {
  readonly name: string;
  readonly size: number;
  readonly lazy: boolean;
  readonly notice: string | null;
  readonly #file: SyncFile;

  constructor(file: SyncFile, lazy: boolean, notice: string | null) {
    this.name = file.name;
    this.size = file.size;
    this.lazy = lazy;
    this.notice = notice;
    this.#file = file;
  }

  async describe(path: string): Promise<ObjectInfo> {
    return this.#file.describe(path);
  }

  async list(path: string): Promise<ObjectInfo> {
    return this.#file.list(path);
  }

  async members(path: string): Promise<Member[]> {
    return this.#file.members(path);
  }

  async paths(): Promise<string[]> {
    return this.#file.paths();
  }

  async attributes(path: string): Promise<Attribute[]> {
    return this.#file.attributes(path);
  }

  async read(path: string, selection?: Selection): Promise<Slice> {
    return this.#file.read(path, selection);
  }

  async node(path: string): Promise<NodeInfo | null> {
    return this.#file.node(path);
  }

  close(): void {
    this.#file.close();
  }
}
