//! What filters are told of a dataset is what libhdf5 and the plugins tell them.

use h5::filter::stages::{Bits, BloscCodec, SzipCoding};
use h5::{ByteOrder, Datatype, File, FilterStage, OpenOptions};
use serde_json::{Map, Value as Json, json};

use crate::create::command;
use crate::foreign::{ask, folder, settle};
use crate::kinds;

type Told = (&'static str, Vec<FilterStage>, Json);

/// Filters by us, and the same by libhdf5.
fn instructions() -> Vec<Told> {
    use FilterStage as F;
    let plugin = |name: &str, options: Json| json!([["plugin", name, options]]);
    let so = |kind: u32, factor: i64| json!([["scaleoffset", kind, factor]]);
    vec![
        ("deflate", vec![F::deflate(4)], json!([["deflate", 4]])),
        ("shuffle", vec![F::shuffle()], json!([["shuffle"]])),
        ("fletcher", vec![F::fletcher32()], json!([["fletcher32"]])),
        ("szip nn", vec![F::szip(SzipCoding::NearestNeighbour, 16)], json!([["szip", 32, 16]])),
        ("szip ec", vec![F::szip(SzipCoding::Entropy, 8)], json!([["szip", 4, 8]])),
        ("nbit", vec![F::nbit()], json!([["nbit"]])),
        ("scale int", vec![F::scale_offset_integer(0)], so(2, 0)),
        ("scale int 7", vec![F::scale_offset_integer(7)], so(2, 7)),
        ("scale float", vec![F::scale_offset_float(2)], so(0, 2)),
        ("lzf", vec![F::lzf()], json!([["filter", 32000, []]])),
        ("lz4", vec![F::lz4()], plugin("LZ4", json!({}))),
        ("zstd", vec![F::zstd(7)], plugin("Zstd", json!({"clevel": 7}))),
        ("bzip2", vec![F::bzip2(5)], plugin("BZip2", json!({"blocksize": 5}))),
        (
            "blosc lz4",
            vec![F::blosc(BloscCodec::Lz4, 5, true)],
            plugin("Blosc", json!({"cname": "lz4", "clevel": 5, "shuffle": 1})),
        ),
        (
            "blosc zlib",
            vec![F::blosc(BloscCodec::Zlib, 9, false)],
            plugin("Blosc", json!({"cname": "zlib", "clevel": 9, "shuffle": 0})),
        ),
        ("bitshuffle", vec![F::bitshuffle(Bits::Plain)], plugin("Bitshuffle", json!({"cname": "none"}))),
        ("bitshuffle lz4", vec![F::bitshuffle(Bits::Lz4)], plugin("Bitshuffle", json!({"cname": "lz4"}))),
        ("bitshuffle zstd", vec![F::bitshuffle(Bits::Zstd)], plugin("Bitshuffle", json!({"cname": "zstd"}))),
    ]
}

fn types() -> Vec<(String, Datatype)> {
    let mut out: Vec<(String, Datatype)> = kinds::all(h5::Bound::V110)
        .into_iter()
        .filter(|k| !k.datatype.is_variable())
        .map(|k| (k.name, k.datatype))
        .collect();
    for order in [ByteOrder::Little, ByteOrder::Big] {
        for (offset, precision) in [(0, 23), (0, 24), (0, 9), (4, 20)] {
            let name = format!("int32 of {precision} bits from {offset} {order:?}");
            out.push((name, kinds::narrow(4, true, order, offset, precision)));
        }
        out.push((format!("int64 of 33 bits {order:?}"), kinds::narrow(8, false, order, 0, 33)));
    }
    out
}

#[test]
fn filters_are_told_what_others_tell_them() {
    let folder = folder("filters");
    let path = folder.join("told.h5");
    let file: File = OpenOptions::new().create(&path).unwrap();
    let root = file.root().unwrap();
    let mut asked = Map::new();
    let mut refused = Map::new();
    for (filter, stages, instruction) in instructions() {
        for (type_name, datatype) in types() {
            for (shape, chunk) in [([100u64, 70], [10u64, 7]), ([300, 9000], [3, 5000]), ([64, 1], [64, 1])] {
                for fill in [false, true] {
                    let path = format!("{filter}/{type_name} {chunk:?} {fill}");
                    let mut new = root.new_dataset_of(datatype.clone()).shape(shape).chunk(chunk);
                    let is_integer = type_name.contains("int") && !type_name.starts_with("array");
                    if fill && !is_integer {
                        continue;
                    } else if fill {
                        new = new.fill_value(5u8);
                    }
                    let made = stages.iter().cloned().fold(new, |b, s| b.filter(s)).create(&path);
                    match made {
                        Ok(_) => drop(asked.insert(format!("/{path}"), instruction.clone())),
                        Err(e) => drop(refused.insert(path, json!(e.to_string()))),
                    }
                }
            }
        }
    }
    file.close().unwrap();
    let mut told = command("told", &path);
    told["instructions"] = Json::Object(asked);
    let Some(answers) = ask("h5py", &[told]) else { return };
    let mut wrong = Vec::new();
    match answers[0]["told"].as_object() {
        Some(told) => {
            let both = told.iter().filter(|(_, both)| both[0] != both[1]);
            wrong.extend(both.map(|(path, both)| format!("{path}: {}, by libhdf5 {}", both[0], both[1])));
            assert!(told.len() > 1000, "{} datasets", told.len());
        }
        None => wrong.push(answers[0].to_string()),
    }
    // These two are for some numbers only.
    let is_known = |path: &str| {
        let (filter, datatype) = path.split_once('/').unwrap();
        let number = |kinds: &[&str]| kinds.iter().any(|k| datatype.starts_with(k));
        match filter {
            "szip nn" | "szip ec" => !number(&["int", "uint", "float", "bits", "enum"]),
            "scale int" | "scale int 7" => !number(&["int", "uint"]),
            "scale float" => !number(&["float32", "float64"]),
            _ => false,
        }
    };
    let unknown = refused.iter().filter(|(path, _)| !is_known(path));
    wrong.extend(unknown.map(|(p, e)| format!("refused {p}: {e}")));
    settle(&wrong);
}
