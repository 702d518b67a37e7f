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
import { attributeValue, shown } from './values.ts';

/** H5Web on our reader. */
export class H5Provider extends DataProviderApi {
  readonly #file: H5File;

  constructor(file: H5File) {
    super(file.name);
    this.#file = file;
  }

  override async getEntity(path: string): Promise<ProvidedEntity> {
    return entity(await this.#file.list(path));
  }

  override async getValue({ dataset, selection }: ValuesStoreParams, signal?: AbortSignal, onProgress?: (part: number) => void): Promise<unknown> {
    const slice = await this.#file.read(dataset.path, selection, {
      signal,
      onProgress: ({ loaded, total }) => total && onProgress?.(loaded / total),
    });
    return shown(slice, dataset.rawType as DataType, dataset.shape.dims.length === 0);
  }

  override async getAttrValues({ path }: Entity): Promise<AttributeValues> {
    const attributes = await this.#file.attributes(path);
    return Object.fromEntries(
      attributes.map(({ name, type, shape, value, error }) => [name, error ?? attributeValue(value, type, shape?.length === 0)]),
    );
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
