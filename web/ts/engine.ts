import init, { initSync, type InitInput } from './wasm/h5_web.js';

let loading: Promise<unknown> | undefined;

/** What the engine is loaded from: its `.wasm` file beside this module, unless told otherwise. */
export type EngineSource = InitInput | Promise<InitInput>;

async function standard(): Promise<InitInput> {
  const url = new URL('./h5_web_bg.wasm', import.meta.url);
  if (url.protocol === 'file:') {
    // Node and its kin do not fetch files.
    const name = 'node:fs/promises';
    const fs = (await import(/* @vite-ignore */ name)) as { readFile(path: URL): Promise<Uint8Array<ArrayBuffer>> };
    return fs.readFile(url);
  }
  return url;
}

/** Loads the engine; once, however often it is called. */
export async function load(source?: EngineSource): Promise<void> {
  loading ??= Promise.resolve(source ?? standard()).then((from) => init({ module_or_path: from }));
  try {
    await loading;
  } catch (e) {
    loading = undefined;
    throw e;
  }
}

/** Loads the engine from its bytes, at once. */
export function loadSync(bytes: BufferSource): void {
  if (!loading) {
    initSync({ module: bytes });
    loading = Promise.resolve();
  }
}
