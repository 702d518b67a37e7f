use std::time::{Duration, Instant};

use super::*;
use crate::error::ErrorKind;
use crate::node::python::PyArray;

fn read(pickle: &[u8]) -> PyValue {
    unpickle(pickle).unwrap_or_else(|e| panic!("{}: {e}", pickle.escape_ascii()))
}

#[test]
fn strings_are_written_as_python_does() {
    let head = |n: usize| pickle_str(&"a".repeat(n)).unwrap()[..12.min(n + 12)].to_vec();
    assert_eq!(pickle_str("").unwrap(), b"\x80\x04\x95\x04\0\0\0\0\0\0\0\x8c\0\x94.");
    assert_eq!(head(255), b"\x80\x04\x95\x03\x01\0\0\0\0\0\0\x8c");
    assert_eq!(head(256), b"\x80\x04\x95\x07\x01\0\0\0\0\0\0X");
    assert_eq!(head(65535), b"\x80\x04\x95\x06\0\x01\0\0\0\0\0X");
    assert_eq!(head(65536), b"\x80\x04X\0\0\x01\0aaaaa");
    for n in [0, 1, 255, 256, 65535, 65536, 200_000] {
        let text = "é".repeat(n / 2) + &"a".repeat(n % 2);
        assert_eq!(read(&pickle_str(&text).unwrap()), PyValue::from(text));
    }
}

#[test]
fn plain_data_of_old_protocols() {
    for (pickle, want) in [
        (&b"N."[..], "None"),
        (b"I01\n.", "True"),
        (b"I-5\n.", "-5"),
        (b"L1208925819614629174706176L\n.", "1208925819614629174706176"),
        (b"F2.5\n.", "2.5"),
        (b"Finf\n.", "inf"),
        (b"(lp0\nI1\naI2\na.", "[1, 2]"),
        (b"(dp0\nVa\np1\nI1\ns.", "{'a': 1}"),
        (b"(I1\nVa\np0\nF2.5\ntp1\n.", "(1, 'a', 2.5)"),
        (b"V\xe9\\u2603\\U0001d11e\\\\u0041\\n\np0\n.", "'é☃𝄞\\\\\\\\u0041\\\\n'"),
        (b"S'it\\'s\\n\\xe9'\np0\n.", "\"it's\\né\""),
        (b"S\"a\"\n.", "'a'"),
        (b"c_codecs\nencode\np0\n(Vab\xff\np1\nVlatin1\np2\ntp3\nRp4\n.", "b'ab\\xff'"),
        (b"c__builtin__\nbytes\np0\n(tRp1\n.", "b''"),
        (b"c__builtin__\nset\np0\n((lp1\nI1\natp2\nRp3\n.", "{1}"),
        (b"c__builtin__\ncomplex\np0\n(F0.0\nF1.0\ntp1\nRp2\n.", "1j"),
        (b"(I1\nI2\nl.", "[1, 2]"),
        (b"((I1\nI2\n1N.", "None"),
        (b"(I1\nI2\nd.", "{1: 2}"),
        (b"I1\n2\x86.", "(1, 1)"),
        (b"I1\nI2\n0.", "1"),
        (b"U\x01aT\x01\0\0\0b\x86.", "('a', 'b')"),
    ] {
        assert_eq!(read(pickle).to_string(), want, "{}", pickle.escape_ascii());
    }
}

#[test]
fn plain_data_of_new_protocols() {
    for (pickle, want) in [
        (&b"\x80\x02X\x01\0\0\0aq\0h\0\x86."[..], "('a', 'a')"),
        (b"\x80\x03C\x02by.", "b'by'"),
        (b"\x80\x04K\x0cM\x00\x01J\xff\xff\xff\xff\x87.", "(12, 256, -1)"),
        (b"\x80\x04\x8a\x02\x00\xff\x8b\x01\0\0\0\x7f\x86.", "(-256, 127)"),
        (b"\x80\x04\x8a\x00.", "0"),
        (b"\x80\x04]\x94(K\x01\x8c\x01a\x94e.", "[1, 'a']"),
        (b"\x80\x04}\x94(\x8c\x01k\x94K\x01\x8c\x01l\x94\x89u.", "{'k': 1, 'l': False}"),
        (b"\x80\x04\x8f\x94(K\x01K\x02K\x01\x90.", "{1, 2}"),
        (b"\x80\x04G?\xf8\0\0\0\0\0\0.", "1.5"),
        (b"\x80\x05\x96\x01\0\0\0\0\0\0\0x\x94.", "b'x'"),
        (b"\x80\x04\x8d\x01\0\0\0\0\0\0\0x.", "'x'"),
        (b"\x80\x04N.trailing", "None"),
    ] {
        assert_eq!(read(pickle).to_string(), want, "{}", pickle.escape_ascii());
    }
}

#[test]
fn dates_and_numpy() {
    let dated = b"cdatetime\ndatetime\np0\n(c_codecs\nencode\np1\n(V\x07\xe8\x01\x02\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\np2\nVlatin1\np3\ntp4\nRp5\ntp6\nRp7\n.";
    assert_eq!(read(dated).to_string(), "datetime.datetime(2024, 1, 2, 0, 0)");
    let scalar = b"\x80\x04\x95j\0\0\0\0\0\0\0\x8c\x16numpy._core.multiarray\x94\x8c\x06scalar\x94\x93\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02f8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bC\x08\0\0\0\0\0\0\xf8?\x94\x86\x94R\x94.";
    assert!(matches!(read(scalar), PyValue::Scalar(s) if s.dtype() == "float64" && s.value().as_f64() == Some(1.5)));
    let long = b"cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\nc_codecs\nencode\np3\n(Vb\np4\nVlatin1\np5\ntp6\nRp7\ntp8\nRp9\n(I1\n(tcnumpy\ndtype\np10\n(VO8\np11\nI00\nI01\ntp12\nRp13\n(I3\nV|\np14\nNNNI-1\nI-1\nI63\ntp15\nbI00\n(lp16\nL1208925819614629174706176L\natp17\nb.";
    let value = PyValue::from(1208925819614629174706176u128);
    assert_eq!(read(long), PyArray::new("|O", vec![], vec![value]).unwrap().into());
}

#[test]
fn elements_of_arrays() {
    let array = |spec: &str, order: &str, shape: &str, raw: &[u8], columns: &str| {
        let head = format!(
            "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n{shape}cnumpy\ndtype\n(V{spec}\nI00\nI01\ntR(I3\nV{order}\nNNNI-1\nI-1\nI0\ntb{columns}\n"
        );
        let mut pickle = head.into_bytes();
        pickle.push(b'B');
        pickle.extend_from_slice(&u32::try_from(raw.len()).unwrap().to_le_bytes());
        pickle.extend_from_slice(raw);
        pickle.extend_from_slice(b"tb.");
        unpickle(&pickle)
    };
    let shown = |found: Result<PyValue>| match found.unwrap() {
        PyValue::Array(a) => format!("{} {:?} {}", a.dtype(), a.shape(), PyValue::List(a.values().to_vec())),
        other => panic!("{other:?}"),
    };
    for (spec, order, raw, want) in [
        ("i1", "|", &b"\xff\x01"[..], "|i1 [2] [-1, 1]"),
        ("i2", ">", b"\xff\xfe\0\x01", ">i2 [2] [-2, 1]"),
        ("u4", "<", b"\xff\xff\xff\xff\x01\0\0\0", "<u4 [2] [4294967295, 1]"),
        ("b1", "|", b"\0\x01", "|b1 [2] [False, True]"),
        ("f2", "<", b"\0\x3c\0\xc0", "<f2 [2] [1.0, -2.0]"),
        ("f4", ">", b"\x3f\xc0\0\0\xbf\x80\0\0", ">f4 [2] [1.5, -1.0]"),
        ("c8", "<", b"\0\0\x80\x3f\0\0\0\x40\0\0\0\0\0\0\x80\x3f", "<c8 [2] [(1+2j), 1j]"),
        ("S3", "|", b"a\0\0bcd", "|S3 [2] [b'a', b'bcd']"),
        ("U2", "<", b"a\0\0\0\0\0\0\0\x03\x26\0\0b\0\0\0", "<U2 [2] ['a', '☃b']"),
    ] {
        assert_eq!(shown(array(spec, order, "(I2\nt", raw, "I00")), want);
    }
    let square = |columns| shown(array("i1", "|", "(I2\nI3\nt", &[1, 2, 3, 4, 5, 6], columns));
    assert_eq!(square("I00"), "|i1 [2, 3] [1, 2, 3, 4, 5, 6]");
    assert_eq!(square("I01"), "|i1 [2, 3] [1, 3, 5, 2, 4, 6]");
    for (spec, order, shape, raw) in [
        ("i1", "|", "(I3\nt", &b"ab"[..]),
        ("i1", "|", "(I-1\nt", b""),
        ("S0", "|", "(I1000000000000\nt", b""),
        ("i8", "|", "(I1000000000000\nI0\nt", b"a"),
        ("M8", "<", "(I1\nt", b"abcdefgh"),
        ("f16", "<", "(I1\nt", b"abcdefghabcdefgh"),
        ("i2", "?", "(I1\nt", b"ab"),
        ("U1", "<", "(I1\nt", b"\0\xd8\0\0"),
    ] {
        assert!(array(spec, order, shape, raw, "I00").is_err(), "{spec} {shape}");
    }
}

#[test]
fn what_is_no_plain_data_is_refused_by_name() {
    for (pickle, name) in [
        (&b"cos\nsystem\n(S'ls'\ntR."[..], "GLOBAL"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.", "STACK_GLOBAL"),
        (b"c_codecs\nencode\n(Va\nVutf8\ntR.", "REDUCE"),
        (b"(I1\nI2\nlNR.", "REDUCE"),
        (b"]}b.", "BUILD"),
        (b"(S'ls'\nios\nsystem\n.", "INST"),
        (b"(Nos.", "OBJ"),
        (b"c__builtin__\nset\n)\x81.", "NEWOBJ"),
        (b"\x82\x01.", "EXT1"),
        (b"Pid\n.", "PERSID"),
        (b"NQ.", "BINPERSID"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"(I1\n\x91.", "FROZENSET"),
        (b"c__builtin__\neval\n.", "GLOBAL"),
        (b"c__builtin__\nset\n.", "function"),
    ] {
        let e = unpickle(pickle).unwrap_err();
        assert!(e.is_unsupported() && e.to_string().contains(name), "{}: {e}", pickle.escape_ascii());
    }
}

#[test]
fn broken_pickles() {
    for pickle in [
        &b""[..],
        b".",
        b"N",
        b"(.",
        b"N(.",
        b"t.",
        b"a.",
        b"NNa.",
        b"NNNs.",
        b"}(Nu.",
        b"N(\x85.",
        b"I1",
        b"Ix\n.",
        b"I\n.",
        b"F\n.",
        b"Fx\n.",
        b"Vx\\u12\n.",
        b"V\\ud800\n.",
        b"V\\U00110000\n.",
        b"S'a\n.",
        b"Sa\n.",
        b"h\0.",
        b"g5\n.",
        b"gx\n.",
        b"X\xff\xff\xff\xffabc.",
        b"X\x01\0\0\0\xff.",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xffa.",
        b"\x8b\xff\xff\xff\xff.",
        b"\x80\x04\x95\xff\0\0\0\0\0\0\0N.",
        b"\xff.",
        b"}]Ns.",
    ] {
        let e = unpickle(pickle).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Damaged, "{}: {e}", pickle.escape_ascii());
    }
    assert!(unpickle(b"\x80\x06N.").unwrap_err().is_unsupported());
}

#[test]
fn values_that_hold_themselves_or_explode_are_refused() {
    assert!(unpickle(b"]q\0h\0a.").unwrap_err().to_string().contains("itself"));
    assert!(unpickle(b"(lp0\n(g0\ntp1\na.").unwrap_err().to_string().contains("itself"));
    let start = Instant::now();
    // Each list holds the one before ten times.
    let mut pickle = b"]q\0".to_vec();
    for i in 0..100u8 {
        pickle.extend_from_slice(b"](");
        pickle.extend([b'h', i].repeat(10));
        pickle.extend_from_slice(&[b'e', b'q', i + 1]);
    }
    pickle.push(b'.');
    assert_eq!(unpickle(&pickle).unwrap_err().kind(), ErrorKind::Limit);
    let mut pickle = b"X\0\0\x10\0".to_vec();
    pickle.extend(vec![b'a'; 1 << 20]);
    pickle.extend_from_slice(b"q\0](");
    pickle.extend(b"h\0".repeat(1 << 20));
    pickle.extend_from_slice(b"e.");
    assert_eq!(unpickle(&pickle).unwrap_err().kind(), ErrorKind::Limit);
    let mut deep = b"]".repeat(1_000_000);
    deep.extend(b"a".repeat(999_999));
    deep.push(b'.');
    assert_eq!(unpickle(&deep).unwrap_err().kind(), ErrorKind::Limit);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    // One string at many places is no explosion.
    assert_eq!(read(&[&b"]X\x03\0\0\0abcq\0a("[..], &b"h\0".repeat(1000), b"e."].concat()).items().unwrap().len(), 1001);
}

#[test]
fn what_pytables_takes_for_a_pickle() {
    for (bytes, want) in [(&b"N."[..], true), (b".", true), (b"", false), (b"0.", false), (b"bytes", false), (b"end.", true)] {
        assert_eq!(looks_like_pickle(bytes), want);
    }
}
