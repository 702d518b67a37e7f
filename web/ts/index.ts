/**
 * HDF5 in JavaScript: every file that libhdf5 reads, without reading it whole.
 *
 *     const file = await open(input.files[0]);
 *     const { shape, data } = await file.read('/scan/image', '0, 100:200');
 */

import { load, type EngineSource } from './engine.ts';
import { HandFile, LazyFile, SyncFile, type CallOptions, type H5File } from './file.ts';
import { RemoteFile } from './remote.ts';
import { ofBlob, ofBytes, ofUrl, type SyncBytes } from './sources.ts';

export { load, loadSync } from './engine.ts';
export { H5Error, type ErrorKind } from './errors.ts';
export { SyncFile, type CallOptions, type H5File } from './file.ts';
export { blocked, type Progress, type SyncBytes } from './sources.ts';
export type * from './types.ts';

/** Where a file is: an address is a URL, or a text that is one. */
export type FileSource = File | Blob | ArrayBuffer | Uint8Array | URL | string;

export interface OpenOptions extends CallOptions {
  /** The name of the file, where the source has none. */
  name?: string;
  /** The script of the worker (`worker.js` of this package): the file is read in a worker then, and the page stays free. */
  worker?: URL | string;
  /** The engine's `.wasm` file, where it is not beside this module. */
  engine?: EngineSource;
}

/** What the user is told where a server gives only whole files. */
export const WHOLE_NOTICE = 'The server gives no parts of files: the whole file was downloaded.';

function nameOf(source: FileSource): string {
  if (typeof File !== 'undefined' && source instanceof File) {
    return source.name;
  }
  if (source instanceof URL || typeof source === 'string') {
    const path = addressOf(source).pathname;
    return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)) || path;
  }
  return 'file.h5';
}

function addressOf(source: URL | string): URL {
  return new URL(source, typeof location === 'undefined' ? undefined : location.href);
}

/** Opens a file in this thread. */
export async function openHere(source: FileSource, options: OpenOptions = {}): Promise<H5File> {
  await load(options.engine);
  const name = options.name ?? nameOf(source);
  if (source instanceof ArrayBuffer || source instanceof Uint8Array) {
    return new HandFile(new SyncFile(ofBytes(new Uint8Array(source as ArrayBuffer)), name), false, null);
  }
  if (source instanceof Blob) {
    return LazyFile.open(ofBlob(source), name, options);
  }
  const found = await ofUrl(addressOf(source), options.signal, options.onProgress);
  return found instanceof Uint8Array
    ? new HandFile(new SyncFile(ofBytes(found), name), false, WHOLE_NOTICE)
    : LazyFile.open(found, name, options);
}

/** Opens a file: a File or Blob and an address are read as they are needed, bytes as they are. */
export async function open(source: FileSource, options: OpenOptions = {}): Promise<H5File> {
  if (options.worker === undefined) {
    return openHere(source, options);
  }
  const from = source instanceof URL || typeof source === 'string' ? addressOf(source).href : source;
  return RemoteFile.open(options.worker, from, options.name ?? nameOf(source), options);
}

/** Opens bytes that are at hand; the engine has been [loaded](load) before. */
export function openSync(source: ArrayBuffer | Uint8Array | SyncBytes, name = 'file.h5'): SyncFile {
  const bytes = source instanceof ArrayBuffer || source instanceof Uint8Array ? ofBytes(new Uint8Array(source as ArrayBuffer)) : source;
  return new SyncFile(bytes, name);
}
