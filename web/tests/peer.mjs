// This package as a peer of the benchmarks: `load`, `open`, `walk`, `attrs`, `read`, `slice`, on files of the disk.
import { closeSync, fstatSync, openSync as openDisk, readSync } from 'node:fs';
import { blocked, load as loadEngine, openSync } from '../dist/package/index.js';

export const load = () => loadEngine();

export function open(path) {
  const disk = openDisk(path);
  const readInto = (offset, into) => void readSync(disk, into, 0, into.length, offset);
  const read = (offset, length) => {
    const bytes = new Uint8Array(length);
    readInto(offset, bytes);
    return bytes;
  };
  return { disk, file: openSync(blocked({ size: fstatSync(disk).size, read, readInto }), path) };
}

export function close({ disk, file }) {
  file.close();
  closeSync(disk);
}

export function walk({ file }, visit) {
  const below = (path) => {
    for (const { path: at, kind, shape, type } of file.members(path)) {
      visit({ file, path: at }, kind === 'dataset' ? shape : null, type ?? null);
      if (kind === 'group') below(at);
    }
  };
  below('/');
}

export const attrs = ({ file, path }) => Object.fromEntries(file.attributes(path).map(({ name, value }) => [name, value]));
export const read = ({ file }, path) => file.read(`/${path}`).data;
export const slice = ({ file }, path, from, to) => file.read(`/${path}`, `${from}:${to}`).data;
