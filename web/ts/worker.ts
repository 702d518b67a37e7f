/** The worker's side: opens files and answers the calls of [remote](./remote.ts). */

import { load } from './engine.ts';
import { H5Error } from './errors.ts';
import { HandFile, SyncFile, type CallOptions, type H5File } from './file.ts';
import { openHere } from './index.ts';
import type { FromWorker, Opened, ToWorker } from './messages.ts';
import { ofFileSync } from './sources.ts';

const files: H5File[] = [];
const aborts = new Map<number, AbortController>();

async function opened(source: File | Blob | ArrayBuffer | Uint8Array | string, name: string, options: CallOptions): Promise<Opened> {
  await load();
  const file =
    source instanceof Blob ? new HandFile(new SyncFile(ofFileSync(source), name), true, null) : await openHere(source, { ...options, name });
  files.push(file);
  const { size, lazy, notice } = file;
  return { file: files.length - 1, name, size, lazy, notice };
}

/** Buffers that move to the page instead of being copied. */
function moved(result: unknown): Transferable[] {
  const data = (result as { data?: unknown } | null)?.data;
  return ArrayBuffer.isView(data) ? [data.buffer as ArrayBuffer] : [];
}

const send = (message: FromWorker, transfer: Transferable[] = []) => self.postMessage(message, { transfer });

self.onmessage = async ({ data: message }: MessageEvent<ToWorker>) => {
  if ('abort' in message) {
    aborts.get(message.abort)?.abort();
    return;
  }
  if ('close' in message) {
    files[message.close]?.close();
    return;
  }
  const { id } = message;
  const abort = new AbortController();
  aborts.set(id, abort);
  const options: CallOptions = { signal: abort.signal, onProgress: (progress) => send({ id, progress }) };
  try {
    if ('open' in message) {
      send({ id, result: await opened(message.open, message.name, options) });
      return;
    }
    const file = files[message.file]!;
    const call = file[message.method].bind(file) as (...args: unknown[]) => Promise<unknown>;
    const result = await call(...message.args, options);
    send({ id, result }, moved(result));
  } catch (e) {
    const kind = e instanceof H5Error ? e.kind : null;
    const { name, message: text } = e instanceof Error ? e : { name: 'Error', message: String(e) };
    send({ id, error: { kind, name, message: text } });
  } finally {
    aborts.delete(id);
  }
};
