/**
 * The files that were opened last, kept in this browser: addresses, and handles of local files where the browser gives them
 * (others are picked anew each time).
 */

/** A handle of a local file, as Chromium's file picker gives it; the standard library of TypeScript does not know all of it. */
export interface Handle {
  readonly kind: 'file' | 'directory';
  readonly name: string;
  getFile(): Promise<File>;
  requestPermission?(options: { mode: 'read' }): Promise<PermissionState>;
}

export interface Recent {
  name: string;
  address?: string;
  handle?: Handle;
}

const DATABASE = 'h5-viewer';
const STORE = 'recent';
const KEY = 'files';
const MOST = 8;

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return (await result(opening)).transaction(STORE, mode).objectStore(STORE);
}

/** The newest first; none where the browser keeps nothing. */
export async function recentFiles(): Promise<Recent[]> {
  try {
    return ((await result((await store('readonly')).get(KEY))) as Recent[] | undefined) ?? [];
  } catch {
    return [];
  }
}

export async function remember(file: Recent): Promise<void> {
  if (!file.address && !file.handle) {
    return;
  }
  const others = (await recentFiles()).filter((f) => f.name !== file.name || f.address !== file.address);
  try {
    await result((await store('readwrite')).put([file, ...others].slice(0, MOST), KEY));
  } catch {
    // A page without storage remembers nothing.
  }
}

/** What to open: an address, or the file behind a handle, once the user allows it. */
export async function reopened({ address, handle }: Recent): Promise<string | File> {
  if (!handle) {
    return address ?? '';
  }
  const allowed = (await handle.requestPermission?.({ mode: 'read' })) ?? 'granted';
  if (allowed !== 'granted') {
    throw new Error(`The browser may not read ${handle.name}.`);
  }
  return handle.getFile();
}

/** Lets the user pick a file, with a handle to it; `null` where the browser has no such picker. */
export const picker = (globalThis as { showOpenFilePicker?: () => Promise<Handle[]> }).showOpenFilePicker?.bind(globalThis) ?? null;
