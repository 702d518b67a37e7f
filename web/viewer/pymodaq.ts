/**
 * PyMoDAQ's data and their axes: a group holds arrays `Data00`, `Data01`, … and axes `Axis00`, …, each with the index of the
 * dimension it belongs to; those of a scan lie in a group `NavAxes` above.
 */

import type { H5File } from '../ts/index.ts';
import type { NodeInfo, NodeValue, ObjectInfo } from '../ts/types.ts';

/** One axis of an array. */
export interface Axis {
  /** The dimension. */
  index: number;
  path: string;
  label: string;
  units: string;
  points: number;
}

/** Attributes of texts that are added to those of the file. */
export type Added = Record<string, string | string[]>;

const NAV_AXES = 'NavAxes';
/** How far above the data the axes of a scan may lie. */
const NAV_LEVELS = 4;
const INTERPRETATIONS: Record<string, string> = { Data1D: 'spectrum', Data2D: 'image' };

export function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function has(info: ObjectInfo, ...names: string[]): boolean {
  return names.every((name) => info.attributes.some((a) => a.name === name));
}

const isArray = (info: ObjectInfo) => info.kind === 'dataset' && has(info, 'CLASS', 'data_type', 'data_dimension');

/** What the node API tells of the objects of a file, each asked for once. */
export class Nodes {
  readonly #file: H5File;
  readonly #known = new Map<string, Promise<NodeInfo | null>>();

  constructor(file: H5File) {
    this.#file = file;
  }

  get(path: string): Promise<NodeInfo | null> {
    let found = this.#known.get(path);
    if (!found) {
      found = this.#file.node(path).catch(() => null);
      this.#known.set(path, found);
    }
    return found;
  }

  async values(path: string): Promise<Map<string, NodeValue>> {
    const node = await this.get(path);
    return new Map(node?.attributes.map(({ name, value }) => [name, value ?? null]));
  }

  /** The axes among the members of a group. */
  async #axes(group: ObjectInfo): Promise<Axis[]> {
    const axes: Axis[] = [];
    for (const child of group.kind === 'group' ? (group.children ?? []) : []) {
      if (child.kind === 'dataset' && isArray(child) && has(child, 'index')) {
        const values = await this.values(child.path);
        if (values.get('data_type') === 'axis' && typeof values.get('index') === 'number') {
          const text = (name: string) => (typeof values.get(name) === 'string' ? (values.get(name) as string) : '');
          const points = child.shape?.[0] ?? 0;
          axes.push({ index: values.get('index') as number, path: child.path, label: text('label') || child.name, units: text('units'), points });
        }
      }
    }
    return axes;
  }

  /** The axes of an array: those beside it, and those of the scan above it. Empty where it is none of PyMoDAQ's data. */
  async axesOf(path: string): Promise<Axis[]> {
    if ((await this.values(path)).get('data_type') !== 'data') {
      return [];
    }
    let above = parent(path);
    const found = await this.#axes(await this.#file.list(above));
    for (let level = 0; level < NAV_LEVELS && above !== '/'; level += 1) {
      above = parent(above);
      const group = await this.#file.list(above);
      const nav = group.kind === 'group' && group.children?.find((child) => child.name === NAV_AXES && child.kind === 'group');
      if (nav) {
        found.push(...(await this.#axes(await this.#file.list(nav.path))));
        break;
      }
    }
    return found.sort((a, b) => a.index - b.index);
  }

  /**
   * What H5Web needs to plot a group of data with their axes, in the words of NeXus; nothing for other groups.
   * These attributes are not in the file.
   */
  async plot(group: ObjectInfo): Promise<Added | null> {
    const arrays = (group.kind === 'group' ? (group.children ?? []) : []).filter(isArray);
    const data: ObjectInfo[] = [];
    for (const array of arrays) {
      if (!has(array, 'index') && (await this.values(array.path)).get('data_type') === 'data') {
        data.push(array);
      }
    }
    const [signal, ...others] = data;
    if (!signal || signal.kind !== 'dataset' || !signal.shape?.length) {
      return null;
    }
    const axes = signal.shape.map(() => '.');
    for (const { index, path, points } of await this.#axes(group)) {
      if (points === signal.shape[index]) {
        axes[index] = path.slice(path.lastIndexOf('/') + 1);
      }
    }
    const same = others.filter((other) => other.kind === 'dataset' && String(other.shape) === String(signal.shape)).map((other) => other.name);
    return { NX_class: 'NXdata', signal: signal.name, axes, ...(same.length ? { auxiliary_signals: same } : {}) };
  }

  /** Whether [plot](Nodes.plot) gave something for this group. */
  async isPlotted(path: string): Promise<boolean> {
    return (await this.plot(await this.#file.list(path))) !== null;
  }

  /** What H5Web needs to name an array on a plot. */
  async labels(info: ObjectInfo): Promise<Added | null> {
    if (!isArray(info)) {
      return null;
    }
    const values = await this.values(info.path);
    const { label, units, interpretation } = {
      label: values.get('label'),
      units: values.get('units'),
      interpretation: values.get('data_type') === 'data' ? INTERPRETATIONS[String(values.get('data_dimension'))] : undefined,
    };
    const name = typeof label === 'string' && label ? (units ? `${label} (${String(units)})` : label) : null;
    return { ...(name ? { long_name: name } : {}), ...(interpretation ? { interpretation } : {}) };
  }
}
