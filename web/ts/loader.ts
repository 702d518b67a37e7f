/** What an engine is loaded from: its `.wasm` file beside this module, unless told otherwise. */
export type EngineSource = URL | string | Response | BufferSource | WebAssembly.Module;

/** Compiles the engine; from an answer of a server while it comes, where the server says what it is. */
async function compiled(source: EngineSource | Promise<EngineSource>): Promise<WebAssembly.Module> {
  const from = await source;
  if (from instanceof WebAssembly.Module) {
    return from;
  }
  if (from instanceof ArrayBuffer || ArrayBuffer.isView(from)) {
    return WebAssembly.compile(from as BufferSource);
  }
  const url = typeof from === 'string' ? new URL(from, import.meta.url) : from;
  if (url instanceof URL && url.protocol === 'file:') {
    // Node and its kin do not fetch files.
    const node = 'node:fs/promises';
    const fs = (await import(/* @vite-ignore */ node)) as { readFile(path: URL): Promise<Uint8Array<ArrayBuffer>> };
    return WebAssembly.compile(await fs.readFile(url));
  }
  const answer = url instanceof URL ? await fetch(url) : (url as Response);
  if (!answer.ok) {
    throw new Error(`the engine ${answer.url} was not there: ${answer.status} ${answer.statusText}`);
  }
  return answer.headers.get('Content-Type') === 'application/wasm'
    ? WebAssembly.compileStreaming(answer)
    : WebAssembly.compile(await answer.arrayBuffer());
}

/** Loads one engine, once. */
export class Loader {
  #loading: Promise<void> | undefined;

  constructor(
    readonly name: string,
    readonly start: (from: { module: BufferSource | WebAssembly.Module }) => unknown,
  ) {}

  readonly load = async (source?: EngineSource | Promise<EngineSource>): Promise<void> => {
    this.#loading ??= compiled(source ?? this.name).then((module) => void this.start({ module }));
    try {
      await this.#loading;
    } catch (e) {
      this.#loading = undefined;
      throw e;
    }
  };

  readonly loadSync = (bytes: BufferSource): void => {
    if (!this.#loading) {
      this.start({ module: bytes });
      this.#loading = Promise.resolve();
    }
  };
}
