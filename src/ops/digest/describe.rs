//! Types, spaces, layouts and links as JSON.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Described;
use super::canonical::{Canonical, hex};
use crate::api::dataset::Dataset;
use crate::api::group::Group;
use crate::api::visit::join_bytes;
use crate::error::Result;
use crate::filter::Stage;
use crate::format::message::dataspace::{Dataspace, SpaceClass};
use crate::format::message::datatype::{
    BitNumbers, ByteOrder, CharSet, Class, Datatype, Normalization, ReferenceKind, StringPadding, Text,
};
use crate::format::message::fill::FillValue;
use crate::format::message::layout::LayoutClass;
use crate::format::message::link::{Link, Target};
use crate::model::dataset::DatasetInfo;
use crate::model::object::ObjectKind;

/// Bytes as text where they are UTF-8, else as hexadecimal digits.
pub fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(s) => json!(s),
        Err(_) => json!({"hex": hex(bytes)}),
    }
}

/// The name of a kind of object.
pub fn kind_name(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Group => "group",
        ObjectKind::Dataset => "dataset",
        ObjectKind::Datatype => "datatype",
        ObjectKind::Unknown => "unknown",
    }
}

/// A link of the group at `path`.
pub(crate) fn link(d: &Described<'_>, group: &Group, path: &[u8], link: &Link) -> Value {
    let mut o = Map::new();
    o.insert("name".into(), text(&link.name));
    let resolves = || match group.kind_of(link) {
        Ok(Some(kind)) => json!(kind_name(kind)),
        _ => Value::Null,
    };
    let fields = match &link.target {
        Target::Hard(address) => {
            let target =
                d.paths.get(address).map_or_else(|| text(&join_bytes(path, &link.name)), |p| text(p));
            vec![("kind", json!("hard")), ("target", target)]
        }
        Target::Soft(value) => {
            vec![("kind", json!("soft")), ("target", text(value)), ("resolves", resolves())]
        }
        Target::External { file, path } => vec![
            ("kind", json!("external")),
            ("file", text(file)),
            ("path", text(path)),
            ("resolves", resolves()),
        ],
        Target::User { class, .. } => vec![("kind", json!("user")), ("cls", json!(class))],
    };
    o.extend(fields.into_iter().map(|(k, v)| (k.to_string(), v)));
    Value::Object(o)
}

fn order_name(order: ByteOrder, size: u32) -> &'static str {
    match order {
        ByteOrder::Little => "le",
        ByteOrder::Big if size == 0 => "le",
        ByteOrder::Big => "be",
        ByteOrder::Vax => "vax",
    }
}

fn bits(o: &mut Map<String, Value>, b: &BitNumbers, size: u32) {
    o.insert("order".into(), json!(order_name(b.order, size)));
    o.insert("precision".into(), json!(b.precision));
    o.insert("offset".into(), json!(b.offset));
}

fn string(o: &mut Map<String, Value>, t: &Text, variable: bool) {
    let pad = match t.padding {
        StringPadding::NullTerminated => "nullterm",
        StringPadding::NullPadded => "nullpad",
        StringPadding::SpacePadded => "spacepad",
    };
    o.insert("vlen".into(), json!(variable));
    o.insert("pad".into(), json!(pad));
    o.insert("cset".into(), json!(if t.charset == CharSet::Utf8 { "utf8" } else { "ascii" }));
}

/// A datatype.
pub fn datatype(t: &Datatype) -> Map<String, Value> {
    let mut o = Map::new();
    let mut sized = true;
    let class = match &t.class {
        Class::Integer { bits: b, signed } => {
            bits(&mut o, b, t.size);
            o.insert("sign".into(), json!(signed));
            "integer"
        }
        Class::Float(f) => {
            let p = &f.fields;
            o.insert("order".into(), json!(order_name(f.order, t.size)));
            o.insert("precision".into(), json!(p.precision));
            o.insert("offset".into(), json!(p.offset));
            let fields = json!({"sign": f.sign, "exp_pos": p.exponent, "exp_size": p.exponent_bits,
                "man_pos": p.mantissa, "man_size": p.mantissa_bits});
            o.insert("fields".into(), fields);
            o.insert("ebias".into(), json!(p.bias));
            let norm = match f.normalization {
                Normalization::None => "none",
                Normalization::MsbSet => "msbset",
                Normalization::Implied => "implied",
            };
            o.insert("norm".into(), json!(norm));
            "float"
        }
        Class::Time { order, .. } => {
            o.insert("order".into(), json!(order_name(*order, t.size)));
            "time"
        }
        Class::String(text) => {
            string(&mut o, text, false);
            "string"
        }
        Class::VarString { text, .. } => {
            string(&mut o, text, true);
            sized = false;
            "string"
        }
        Class::Bitfield(b) => {
            bits(&mut o, b, t.size);
            "bitfield"
        }
        Class::Opaque { tag } => {
            o.insert("tag".into(), text(tag));
            "opaque"
        }
        Class::Compound(members) => {
            sized = !t.is_variable();
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|a, b| (a.offset, &a.name).cmp(&(b.offset, &b.name)));
            let described = sorted.iter().map(|m| {
                let mut o = Map::new();
                o.insert("name".into(), text(&m.name));
                o.insert("type".into(), Value::Object(datatype(&m.datatype)));
                if sized {
                    o.insert("offset".into(), json!(m.offset));
                }
                Value::Object(o)
            });
            o.insert("members".into(), described.collect());
            "compound"
        }
        Class::Reference(kind) => {
            sized = false;
            let name = match kind {
                ReferenceKind::OldObject => "object",
                ReferenceKind::OldRegion => "region",
                _ => "std",
            };
            o.insert("ref".into(), json!(name));
            "reference"
        }
        Class::Enum { base, members } => {
            enumeration(&mut o, base, members);
            "enum"
        }
        Class::VarLen(base) => {
            sized = false;
            o.insert("base".into(), Value::Object(datatype(base)));
            "vlen"
        }
        Class::Array { dims, base } => {
            sized = false;
            o.insert("dims".into(), json!(dims));
            o.insert("base".into(), Value::Object(datatype(base)));
            "array"
        }
        Class::Complex(base) => {
            sized = false;
            o.insert("base".into(), Value::Object(datatype(base)));
            "complex"
        }
    };
    o.insert("class".into(), json!(class));
    if sized {
        o.insert("size".into(), json!(t.size));
    }
    o
}

fn enumeration(o: &mut Map<String, Value>, base: &Datatype, members: &[(Vec<u8>, Vec<u8>)]) {
    let (big, signed) = match &base.class {
        Class::Integer { bits, signed } => (bits.order == ByteOrder::Big, *signed),
        _ => (false, false),
    };
    let mut values: Vec<(i128, &Vec<u8>)> =
        members.iter().map(|(n, v)| (integer(v, big, signed), n)).collect();
    values.sort();
    o.insert("base".into(), Value::Object(datatype(base)));
    let described = values.iter().map(|(value, name)| {
        let value = i64::try_from(*value)
            .map_or_else(|_| u64::try_from(*value).map_or(Value::Null, |v| json!(v)), |v| json!(v));
        json!({"name": text(name), "value": value})
    });
    o.insert("members".into(), described.collect());
}

/// A stored integer of up to 15 bytes as a number.
fn integer(stored: &[u8], big: bool, signed: bool) -> i128 {
    let bytes: Vec<u8> = if big { stored.to_vec() } else { stored.iter().rev().copied().collect() };
    let negative = signed && bytes.first().is_some_and(|b| b & 0x80 != 0);
    bytes.iter().fold(if negative { -1i128 } else { 0 }, |n, b| n << 8 | i128::from(*b))
}

/// A dataspace; with the current dimensions where they follow from elsewhere.
pub fn space(s: &Dataspace, dims: Option<&[u64]>) -> Value {
    match s.class {
        SpaceClass::Scalar => json!({"class": "scalar"}),
        SpaceClass::Null => json!({"class": "null"}),
        SpaceClass::Simple => {
            let stored: Vec<u64> = s.dims.iter().map(|d| d.0).collect();
            json!({"class": "simple", "dims": dims.unwrap_or(&stored), "max": s.maximum()})
        }
    }
}

/// A dataset's layout.
pub(crate) fn layout(dataset: &Dataset) -> Result<Value> {
    let info = dataset.info();
    let mut o = Map::new();
    let class = match &info.layout.class {
        LayoutClass::Compact(_) => "compact",
        LayoutClass::Contiguous { .. } => {
            if !info.external.is_empty() {
                let parts = info.external.iter();
                let parts =
                    parts.map(|p| json!({"file": text(&p.file), "offset": p.offset, "size": p.bytes}));
                o.insert("external".into(), parts.collect());
            }
            "contiguous"
        }
        LayoutClass::Chunked(c) => {
            o.insert("chunk".into(), json!(dataset.chunk_shape()));
            o.insert("index".into(), json!(c.index.name()));
            "chunked"
        }
        LayoutClass::Virtual { .. } => {
            let sources = dataset.mappings()?;
            let sources = sources.iter().map(|m| json!({"file": text(&m.file), "dataset": text(&m.dataset)}));
            o.insert("virtual".into(), sources.collect());
            "virtual"
        }
    };
    o.insert("class".into(), json!(class));
    Ok(Value::Object(o))
}

/// The filters of a pipeline.
pub fn filters(stages: &[Stage]) -> Value {
    let described = stages.iter().map(|s| {
        let params: Vec<u32> = s.client_data.iter().take(256).copied().collect();
        json!({"id": s.id, "optional": s.optional, "params": params})
    });
    described.collect()
}

/// The fill value that the user gave, as one canonical element.
pub(crate) fn fill(d: &Described<'_>, info: &DatasetInfo) -> Value {
    let FillValue::Given(stored) = &info.fill else { return Value::Null };
    match Canonical::new(d, &info.datatype).encoded(stored) {
        Ok(bytes) if bytes.len() <= 256 => json!(hex(&bytes)),
        Ok(bytes) => json!(format!("sha256:{}", hex(&Sha256::digest(bytes)))),
        Err(e) => json!({"error": e.to_string()}),
    }
}
