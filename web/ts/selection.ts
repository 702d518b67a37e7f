import { H5Error } from './errors.ts';
import type { Selection } from './types.ts';

function integer(n: number): string {
  if (!Number.isInteger(n)) {
    throw new H5Error('Usage', `the index ${n} is no integer`);
  }
  return String(n);
}

/** The selection as numpy writes it; nothing for everything. */
export function sliceText(selection: Selection): string | undefined {
  if (selection === undefined || selection === null || selection === '') {
    return undefined;
  }
  if (typeof selection === 'string') {
    return selection;
  }
  const axes = selection.map((axis) => {
    if (axis === null || axis === ':') {
      return ':';
    }
    if (typeof axis === 'number') {
      return integer(axis);
    }
    const [start, stop, step] = axis;
    const bound = (n: number | null) => (n === null ? '' : integer(n));
    return `${bound(start)}:${bound(stop)}:${integer(step ?? 1)}`;
  });
  return axes.length === 0 ? undefined : axes.join(', ');
}
