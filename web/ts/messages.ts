/** What passes between a page and the worker that reads its files. */

import type { ErrorKind } from './errors.ts';

export type Method = 'describe' | 'list' | 'members' | 'paths' | 'attributes' | 'read' | 'node';

export type ToWorker =
  | { id: number; open: File | Blob | ArrayBuffer | Uint8Array | string; name: string }
  | { id: number; file: number; method: Method; args: unknown[] }
  | { abort: number }
  | { close: number };

export interface Opened {
  file: number;
  name: string;
  size: number;
  lazy: boolean;
  notice: string | null;
}

export type FromWorker =
  | { id: number; result: unknown }
  | { id: number; error: { kind: ErrorKind | null; name: string; message: string } }
  | { id: number; progress: { loaded: number; total: number | null; whole: boolean } };
