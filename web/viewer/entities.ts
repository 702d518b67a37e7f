/** What our reader tells, in H5Web's words. */

import {
  DTypeClass,
  EntityKind,
  parseShape,
  type Attribute,
  type ChildEntity,
  type DType,
  type Entity,
  type NumericType,
  type ProvidedEntity,
} from '@h5web/app';
import type { Added } from './pymodaq.ts';
import type { AttributeInfo, DataType, ObjectInfo } from '../ts/types.ts';

const ORDERS = { le: 'little-endian', be: 'big-endian', vax: 'VAX', mixed: 'mixed', none: 'none' } as const;
const PADS = { nullterm: 'null-terminated', nullpad: 'null-padded', spacepad: 'space-padded' } as const;

function endianness(type: DataType) {
  return ORDERS[type.order as keyof typeof ORDERS];
}

/** The two members that make a compound a complex number: as h5py, and others, write it. */
export function complexPart(type: DataType): DataType | undefined {
  if (type.class === 'complex') {
    return type.base;
  }
  const [re, im, more] = type.class === 'compound' ? type.members ?? [] : [];
  const named = [['r', 'i'], ['real', 'imag'], ['re', 'im']].some(([r, i]) => re?.name === r && im?.name === i);
  const floats = re?.type?.class === 'float' && im?.type?.class === 'float' && re.type.size === im.type.size;
  return named && floats && !more ? re.type : undefined;
}

export function isBool(type: DataType): boolean {
  const values = new Map(type.class === 'enum' ? type.members?.map((m) => [m.name, m.value]) : []);
  return values.size === 2 && values.get('FALSE') === 0 && values.get('TRUE') === 1;
}

function numeric(type: DataType): NumericType {
  const size = (type.size ?? 8) * 8;
  return type.class === 'float'
    ? { class: DTypeClass.Float, size, endianness: endianness(type) }
    : { class: DTypeClass.Integer, signed: type.sign ?? true, size, endianness: endianness(type) };
}

export function dtype(type: DataType): DType {
  const part = complexPart(type);
  if (part) {
    return { class: DTypeClass.Complex, realType: numeric(part), imagType: numeric(part) };
  }
  switch (type.class) {
    case 'integer':
    case 'float':
      return numeric(type);
    case 'string':
      return {
        class: DTypeClass.String,
        charSet: type.cset === 'utf8' ? 'UTF-8' : 'ASCII',
        strPad: PADS[type.pad as keyof typeof PADS],
        ...(type.vlen || type.size === undefined ? {} : { length: type.size }),
      };
    case 'compound':
      return { class: DTypeClass.Compound, fields: new Map(type.members!.map((m) => [m.name, dtype(m.type!)])) };
    case 'array':
      return { class: DTypeClass.Array, base: dtype(type.base!), dims: type.dims! };
    case 'vlen':
      return { class: DTypeClass.VLen, base: dtype(type.base!) };
    case 'enum':
      return isBool(type)
        ? { class: DTypeClass.Bool, base: numeric(type.base!) }
        : {
            class: DTypeClass.Enum,
            base: numeric(type.base!),
            mapping: Object.fromEntries(type.members!.map((m) => [m.value!, m.name])),
          };
    case 'time':
      return { class: DTypeClass.Time };
    case 'bitfield':
      return { class: DTypeClass.Bitfield, endianness: endianness(type) };
    case 'opaque':
      return { class: DTypeClass.Opaque, tag: type.tag ?? '' };
    case 'reference':
      return { class: DTypeClass.Reference };
    default:
      return { class: DTypeClass.Unknown };
  }
}

function attribute(info: AttributeInfo): Attribute {
  return { name: info.name, shape: parseShape(info.shape), type: dtype(info.type) };
}

const TEXT: DType = { class: DTypeClass.String, charSet: 'UTF-8', strPad: PADS.nullterm };

/** The attributes of the file, and those that are added. */
function based(info: ObjectInfo, added: Added) {
  const own = info.attributes.filter((a) => !(a.name in added)).map(attribute);
  const more = Object.entries(added).map(([name, value]) => ({
    name,
    shape: parseShape(Array.isArray(value) ? [value.length] : []),
    type: TEXT,
  }));
  return { name: info.name, path: info.path, attributes: [...own, ...more] };
}

const LINKS = { hard: 'Hard', soft: 'Soft', external: 'External', user: 'External' } as const;

/** An object; a group without its members. */
export function child(info: ObjectInfo, added: Added = {}): ChildEntity {
  const base = based(info, added);
  switch (info.kind) {
    case 'group':
      return { ...base, kind: EntityKind.Group };
    case 'datatype':
      return { ...base, kind: EntityKind.Datatype, type: dtype(info.type), rawType: info.type };
    case 'dataset':
      return {
        ...base,
        kind: EntityKind.Dataset,
        shape: parseShape(info.shape),
        type: dtype(info.type),
        rawType: info.type,
        ...(info.chunks ? { chunks: info.chunks } : {}),
        filters: info.filters,
        ...(info.sources ? { virtualSources: info.sources } : {}),
      };
    case 'unresolved': {
      const { file, target } = info;
      const link: Entity['link'] = { class: LINKS[info.link], ...(file ? { file } : {}), ...(target ? { path: target } : {}) };
      return { ...base, kind: EntityKind.Unresolved, link };
    }
  }
}

export function entity(info: ObjectInfo, added: (path: string) => Added): ProvidedEntity {
  const found = child(info, added(info.path));
  return info.kind === 'group'
    ? ({ ...found, children: (info.children ?? []).map((member) => child(member, added(member.path))) } as ProvidedEntity)
    : (found as ProvidedEntity);
}
