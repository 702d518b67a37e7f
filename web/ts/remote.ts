import { H5Error } from './errors.ts';
import type { CallOptions, H5File } from './file.ts';
import type { FromWorker, Method, Opened, ToWorker } from './messages.ts';
import type { Attribute, Member, NodeInfo, ObjectInfo, Selection, Slice } from './types.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  options: CallOptions;
}

/** A worker that reads one file. */
class Link {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #dead: unknown;

  constructor(script: URL | string) {
    this.#worker = new Worker(script, { type: 'module' });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#answer(data);
    this.#worker.onerror = (e) => this.end(new H5Error('Limit', `the reader of the file has failed: ${e.message}`));
  }

  #answer(message: FromWorker): void {
    const call = this.#waiting.get(message.id);
    if (!call) {
      return;
    }
    if ('progress' in message) {
      call.options.onProgress?.(message.progress);
      return;
    }
    this.#waiting.delete(message.id);
    if ('result' in message) {
      call.resolve(message.result);
    } else {
      const { kind, name, message: text } = message.error;
      call.reject(kind ? new H5Error(kind, text) : Object.assign(new Error(text), { name }));
    }
  }

  call<T>(message: (id: number) => ToWorker, options: CallOptions): Promise<T> {
    const { signal } = options;
    if (this.#dead) {
      return Promise.reject(this.#dead);
    }
    if (signal?.aborted) {
      return Promise.reject(signal.reason);
    }
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      const stop = () => {
        this.#waiting.delete(id);
        this.#worker.postMessage({ abort: id } satisfies ToWorker);
        reject(signal!.reason);
      };
      const done = () => signal?.removeEventListener('abort', stop);
      signal?.addEventListener('abort', stop, { once: true });
      this.#waiting.set(id, {
        resolve: (value) => (done(), resolve(value as T)),
        reject: (reason) => (done(), reject(reason)),
        options,
      });
      this.#worker.postMessage(message(id));
    });
  }

  /** Ends the worker; whoever still waits is told why. */
  end(why: unknown): void {
    this.#dead ??= why;
    this.#worker.terminate();
    for (const call of this.#waiting.values()) {
      call.reject(this.#dead);
    }
    this.#waiting.clear();
  }
}

/** A file that a worker reads. */
export class RemoteFile implements H5File {
  readonly name: string;
  readonly size: number;
  readonly lazy: boolean;
  readonly notice: string | null;
  readonly #link: Link;
  readonly #file: number;

  private constructor(link: Link, opened: Opened) {
    this.#link = link;
    this.#file = opened.file;
    this.name = opened.name;
    this.size = opened.size;
    this.lazy = opened.lazy;
    this.notice = opened.notice;
  }

  static async open(
    script: URL | string,
    source: File | Blob | ArrayBuffer | Uint8Array | string,
    name: string,
    options: CallOptions,
  ): Promise<RemoteFile> {
    const link = new Link(script);
    try {
      return new RemoteFile(link, await link.call<Opened>((id) => ({ id, open: source, name }), options));
    } catch (e) {
      link.end(e);
      throw e;
    }
  }

  #call<T>(method: Method, args: unknown[], options: CallOptions = {}): Promise<T> {
    return this.#link.call<T>((id) => ({ id, file: this.#file, method, args }), options);
  }

  describe(path: string, options?: CallOptions): Promise<ObjectInfo> {
    return this.#call('describe', [path], options);
  }

  list(path: string, options?: CallOptions): Promise<ObjectInfo> {
    return this.#call('list', [path], options);
  }

  members(path: string, options?: CallOptions): Promise<Member[]> {
    return this.#call('members', [path], options);
  }

  paths(options?: CallOptions): Promise<string[]> {
    return this.#call('paths', [], options);
  }

  attributes(path: string, options?: CallOptions): Promise<Attribute[]> {
    return this.#call('attributes', [path], options);
  }

  read(path: string, selection?: Selection, options?: CallOptions): Promise<Slice> {
    return this.#call('read', [path, selection], options);
  }

  node(path: string, options?: CallOptions): Promise<NodeInfo | null> {
    return this.#call('node', [path], options);
  }

  close(): void {
    this.#link.end(new H5Error('Usage', 'the file was closed'));
  }
}
