import {
  DataProviderApi,
  type AttributeValues,
  type Dataset,
  type Entity,
  type ExportFormat,
  type ExportURL,
  type ProvidedEntity,
  type ValuesStoreParams,
} from '@h5web/app';
import type { H5File } from '../ts/index.ts';
import type { DataType } from '../ts/types.ts';
import { entity } from './entities.ts';
import { csv, json, npy } from './exports.ts';
import { Nodes, type Added } from './pymodaq.ts';
import { attributeValue, shown } from './values.ts';

/** H5Web on our reader. */
export class H5Provider extends DataProviderApi {
  readonly nodes: Nodes;
  readonly #file: H5File;
  /** Attributes that are not in the file: what H5Web's plots want to know of PyMoDAQ's data. */
  readonly #added = new Map<string, Added>();

  constructor(file: H5File) {
    super(file.name);
    this.#file = file;
    this.nodes = new Nodes(file);
  }

  override async getEntity(path: string): Promise<ProvidedEntity> {
    const info = await this.#file.list(path);
    const plot = await this.nodes.plot(info);
    if (plot) {
      this.#added.set(info.path, plot);
      for (const member of info.kind === 'group' ? (info.children ?? []) : []) {
        this.#added.set(member.path, (await this.nodes.labels(member)) ?? {});
      }
    }
    return entity(info, (at) => this.#added.get(at) ?? {});
  }

  override async getValue({ dataset, selection }: ValuesStoreParams, signal?: AbortSignal, onProgress?: (part: number) => void): Promise<unknown> {
    const slice = await this.#file.read(dataset.path, selection, {
      signal,
      onProgress: ({ loaded, total }) => total && onProgress?.(loaded / total),
    });
    return shown(slice, dataset.rawType as DataType, dataset.shape.dims.length === 0);
  }

  override async getAttrValues({ path }: Entity): Promise<AttributeValues> {
    const [attributes, node] = await Promise.all([this.#file.attributes(path), this.nodes.get(path)]);
    const decoded = new Map(node?.attributes.map(({ name, text, value }) => [name, typeof value === 'string' ? value : text]));
    const values = attributes.map(({ name, type, shape, value, error }) => {
      // What Python put into a text is shown as Python has it.
      const plain = typeof value === 'string' ? decoded.get(name) : undefined;
      return [name, error ?? plain ?? attributeValue(value, type, shape?.length === 0)];
    });
    return { ...Object.fromEntries(values), ...this.#added.get(path) };
  }

  override getExportURL(format: ExportFormat, dataset: Dataset, selection?: string): ExportURL | undefined {
    const make = { csv, json, npy }[format as string];
    return make && (async () => make(await this.#file.read(dataset.path, selection)));
  }

  override getSearchablePaths = async (path: string): Promise<string[]> => {
    const all = await this.#file.paths();
    return path === '/' ? all : all.filter((found) => found.startsWith(`${path}/`));
  };
}
