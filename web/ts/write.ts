/** New files: a module of its own, with an engine of its own, which a page that only reads does not fetch. */

import { initSync, NewFile as Core } from './wasm/h5_web_write.js';
import { Loader, type EngineSource } from './loader.ts';
import { guarded } from './errors.ts';
import type { TypedArray } from './types.ts';

const engine = new Loader('h5_web_write_bg.wasm', initSync);

/** Loads the engine that writes; [NewFile.create] does it too. */
export const loadWriter = engine.load;

export interface DatasetOptions {
  /** Without it the dataset has one axis, as long as the data. */
  shape?: number[];
  chunks?: number[];
  /** 1 to 9: stored through shuffle and deflate. */
  gzip?: number;
}

/** A new file in memory, to be downloaded. */
export class NewFile {
  readonly #core = guarded(() => new Core());

  static async create(source?: EngineSource): Promise<NewFile> {
    await loadWriter(source);
    return new NewFile();
  }

  /** Makes a group, and those on the way. */
  createGroup(path: string): void {
    guarded(() => this.#core.create_group(path));
  }

  /** Makes a dataset of a typed array, of strings, or of numbers (stored as doubles). */
  createDataset(path: string, data: TypedArray | number[] | string[], options: DatasetOptions = {}): void {
    const of = (list?: number[]) => (list ? Float64Array.from(list) : undefined);
    guarded(() => this.#core.create_dataset(path, data, of(options.shape), of(options.chunks), options.gzip ?? 0));
  }

  /** Sets an attribute of an object. */
  setAttribute(path: string, name: string, value: string | number | TypedArray | number[] | string[]): void {
    guarded(() => this.#core.set_attribute(path, name, value));
  }

  /** Deletes an object and all below it. */
  delete(path: string): void {
    guarded(() => this.#core.delete(path));
  }

  /** The file's bytes. */
  bytes(): Uint8Array {
    return guarded(() => this.#core.to_bytes());
  }

  /** The file for a link to download it. */
  blob(): Blob {
    return new Blob([this.bytes() as Uint8Array<ArrayBuffer>], { type: 'application/x-hdf5' });
  }

  close(): void {
    this.#core.free();
  }
}
