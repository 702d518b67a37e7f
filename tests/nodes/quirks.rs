//! What this API does where PyMoDAQ's module behaves oddly: one test for each oddity that its users know, and what
//! it says to calls that cannot be. Whatever is refused leaves the file as it was, to the byte.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use h5::ErrorKind::{self, NotFound, Usage};
use h5::ndarray::{Array2, array, s};
use h5::node::{Axis, Compression, DType, GroupType, Mode, Node, NodeFile, NodeOptions, Profile, PyValue};

/// A file with one node of each kind.
fn sample(folder: &Path) -> NodeFile {
    let file = NodeOptions::new().title("a sample").open(folder.join("sample.h5"), Mode::Write).unwrap();
    let group = file.add_group("group", GroupType::Scan, "/", "a group", &[]).unwrap();
    file.create_carray(&group, "fixed", &array![[1i64, 2, 3], [4, 5, 6]], "fixed").unwrap();
    let grows = file.create_earray(&group, "grows", DType::Float64, Some(&[2, 3]), "grows").unwrap();
    grows.append(&array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).unwrap();
    let numbers = file.create_earray(&group, "numbers", DType::Int16, None, "").unwrap();
    numbers.append(&[1i16, 2]).unwrap();
    let rows = file.create_vlarray(&group, "rows", DType::UInt8, "").unwrap();
    rows.append(&[1u8, 2]).unwrap();
    let texts = file.create_string_array(&group, "texts", "").unwrap();
    texts.append("one").unwrap();
    file.commit().unwrap();
    file
}

fn tests_files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files")
}

/// Everything that can be asked of every node.
fn look_at_all(file: &NodeFile) -> usize {
    let nodes = file.walk_nodes("/").unwrap();
    for node in &nodes {
        let _ = (node.title().unwrap(), node.attrs().each().unwrap(), node.to_string());
        assert!(!file.has_attr(node, "no such attribute").unwrap());
        assert_eq!(node.get_attr("no such attribute").unwrap_err().kind(), NotFound);
        if let Node::Group(group) = node {
            group.children().unwrap();
        }
    }
    nodes.len()
}

#[test]
fn quirk_01_a_refused_append_adds_no_row_and_an_ensemble_adds_all_of_its() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample(folder.path());
    let grows = file.get_node("/Group/grows").unwrap().into_earray().unwrap();
    for wrong in [&[2usize, 2][..], &[3, 3], &[2, 2, 2], &[6], &[1, 1, 2, 3]] {
        let refused = grows.append(&h5::ndarray::ArrayD::<f64>::zeros(wrong));
        assert_eq!(refused.unwrap_err().kind(), Usage, "{wrong:?}");
        assert_eq!(grows.shape().unwrap(), [1, 2, 3]);
    }
    grows.append(&h5::ndarray::Array3::<f64>::ones((4, 2, 3))).unwrap();
    assert_eq!(grows.shape().unwrap(), [5, 2, 3]);
    assert_eq!(grows.get_attr("shape").unwrap().to_string(), "(5, 2, 3)");
    assert_eq!(grows.read::<f64>().unwrap().sum(), 21.0 + 24.0);
    // One of the values does not fit: none is there.
    let numbers = file.get_node("/Group/numbers").unwrap().into_earray().unwrap();
    assert_eq!(numbers.append(&[1i64, 40_000, 2]).unwrap_err().kind(), Usage);
    assert_eq!(numbers.read::<i16>().unwrap(), array![1, 2].into_dyn());
}

#[test]
fn quirk_02_reading_infers_classes_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in
        ["pymodaq_scan.h5", "pytables.h5", "groups_earliest.h5", "attributes_latest.h5", "vlens_earliest.h5"]
    {
        let path = folder.path().join(name);
        std::fs::copy(tests_files().join(name), &path).unwrap();
        let before = std::fs::read(&path).unwrap();
        for mode in [Mode::Read, Mode::ReadWrite] {
            let file = NodeFile::open(&path, mode).unwrap();
            assert!(look_at_all(&file) > 1, "{name}");
            file.close().unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == before, "{name} was changed by looking at it");
    }
    // A file that knows nothing of nodes: what is there tells the class.
    let path = folder.path().join("plain.h5");
    let plain = h5::File::create(&path).unwrap();
    plain.root().unwrap().create_group("g").unwrap();
    plain.root().unwrap().new_dataset::<i32>().shape([2]).create("fixed").unwrap();
    plain.root().unwrap().new_dataset::<i32>().shape([0]).max_shape([None]).create("grows").unwrap();
    plain.root().unwrap().new_dataset::<Vec<i32>>().shape([2]).create("rows").unwrap();
    plain.close().unwrap();
    let file = NodeFile::open(&path, Mode::Read).unwrap();
    let class = |name: &str| file.get_node(name).unwrap().class_name();
    assert_eq!(["/g", "/fixed", "/grows", "/rows"].map(class), ["GROUP", "CARRAY", "EARRAY", "VLARRAY"]);
}

#[test]
fn quirk_03_the_root_of_a_foreign_file_has_an_empty_title() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain.h5");
    h5::File::create(&path).unwrap().close().unwrap();
    let file = NodeFile::open(&path, Mode::Read).unwrap();
    let root = file.root().unwrap();
    assert_eq!((root.title().unwrap().as_str(), root.parent_node().unwrap()), ("", None));
    assert_eq!(Node::from(&root).class_name(), "GROUP");
    assert_eq!(root.to_string(), "/ (GROUP) ''");
}

#[test]
fn quirk_04_an_absent_node_is_one_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample(folder.path());
    let group = file.group("/Group").unwrap();
    let errors = [
        file.get_node("/Group/none").map(drop).unwrap_err(),
        file.group("/none").map(drop).unwrap_err(),
        group.get_child("none").map(drop).unwrap_err(),
        file.get_children("/Group/none").map(drop).unwrap_err(),
        file.read("/Group/none").map(drop).unwrap_err(),
        file.remove_node("/none").unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), NotFound, "{error}");
        assert!(error.to_string().contains("none"), "{error}");
    }
}

#[test]
fn quirk_05_paths_are_taken_in_each_form_and_given_in_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample(folder.path());
    for path in ["/Group/fixed", "Group/fixed", "//Group//fixed", "/Group/fixed/", "/./Group/fixed"] {
        assert_eq!(file.get_node(path).unwrap().path(), "/Group/fixed", "{path}");
    }
    for path in ["/Group", "Group/", "//Group"] {
        assert_eq!(file.group(path).unwrap().path(), "/Group");
    }
    for path in ["/", "", "//", "."] {
        assert_eq!(file.get_node(path).unwrap().path(), "/");
    }
}

#[test]
fn quirk_06_add_group_gives_names_a_capital_and_takes_the_group_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample(folder.path());
    let first = file.add_group("g_x", GroupType::Data, "/", "first", &[("a", 1.into())]).unwrap();
    let second =
        file.add_group("g_x", GroupType::Scan, "/", "second", &[("a", 2.into()), ("b", 3.into())]).unwrap();
    assert_eq!((first.path(), &first), ("/G_x", &second));
    assert_eq!(first.title().unwrap(), "first");
    let told = ["type", "a", "b"].map(|name| first.get_attr(name).unwrap().to_string());
    assert_eq!(told, ["'scan'", "2", "3"]);
    assert_eq!(file.add_group("élan", GroupType::Data, "/", "", &[]).unwrap().name(), "Élan");
    // One that is there under this very name is taken.
    file.get_set_group("/", "lower", "").unwrap();
    assert_eq!(file.add_group("lower", GroupType::Data, "/", "", &[]).unwrap().name(), "lower");
}

#[test]
fn quirk_07_nodes_are_walked_level_by_level_in_the_order_of_their_names() {
    for profile in [Profile::Pymodaq, Profile::H5py] {
        let file = NodeOptions::new().profile(profile).create_in_memory().unwrap();
        for path in ["/z", "/a", "/B", "/a/y", "/a/x", "/B/w", "/B/w/deep"] {
            let (parent, name) = path.rsplit_once('/').unwrap();
            file.get_set_group(parent, name, "").unwrap();
        }
        let walked = file.walk_groups("/").unwrap();
        let paths: Vec<_> = walked.iter().map(|g| g.path()).collect();
        assert_eq!(paths, ["/", "/B", "/a", "/z", "/B/w", "/a/x", "/a/y", "/B/w/deep"]);
        let children: Vec<_> = file.get_children("/").unwrap().into_keys().collect();
        assert_eq!(children, ["B", "a", "z"]);
        let near = file.walk_groups_to("/", 1).unwrap();
        assert_eq!(near.iter().map(|g| g.path()).collect::<Vec<_>>(), ["/", "/B", "/a", "/z"]);
    }
}

#[test]
fn quirk_08_a_walk_from_an_array_is_the_array() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample(folder.path());
    let walked = file.walk_nodes("/Group/fixed").unwrap();
    assert_eq!(walked.iter().map(|n| n.path()).collect::<Vec<_>>(), ["/Group/fixed"]);
    assert!(file.walk_groups("/Group/fixed").unwrap().is_empty());
}

#[test]
fn quirk_09_children_are_removed_even_after_a_call_that_failed_and_their_space_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample(folder.path());
    let path = file.path().unwrap().to_path_buf();
    let grows = file.get_node("/Group/grows").unwrap().into_earray().unwrap();
    grows.append(&[1.0]).unwrap_err();
    let data = Array2::<f64>::ones((100, 100));
    let mut sizes = BTreeSet::new();
    for _ in 0..20 {
        let group = file.group("/Group").unwrap();
        group.remove_children().unwrap();
        assert!(group.is_empty().unwrap());
        file.create_carray(&group, "large", &data, "").unwrap();
        file.commit().unwrap();
        sizes.insert(std::fs::metadata(&path).unwrap().len());
    }
    assert!(*sizes.last().unwrap() < 4 * 80_000, "{sizes:?}");
    // What is gone says so.
    let gone = grows.append(&array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).unwrap_err();
    assert_eq!(gone.kind(), NotFound, "{gone}");
}

#[test]
fn quirk_10_names_are_compared_without_case_where_the_module_does_so_and_an_array_is_no_group() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample(folder.path());
    assert!(file.is_node_in_group("/", "group").unwrap());
    assert!(file.is_node_in_group("/Group", "FIXED").unwrap());
    assert!(!file.group("/").unwrap().contains("group").unwrap());
    let error = file.get_set_group("/Group", "fixed", "").unwrap_err();
    assert_eq!(error.kind(), Usage);
    assert!(error.to_string().contains("/Group/fixed"), "{error}");
    // Another case is another group.
    assert_eq!(file.get_set_group("/Group", "Fixed", "").unwrap().path(), "/Group/Fixed");
}

#[test]
fn quirk_11_titles_are_looked_for_among_children_and_places_are_nodes_or_paths() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample(folder.path());
    let group = file.group("/Group").unwrap();
    let deep = file.get_set_group(&group, "deep", "deep down").unwrap();
    assert_eq!(file.get_group_by_title("/Group", "deep down").unwrap(), Some(deep.clone()));
    assert_eq!(file.get_group_by_title("/", "deep down").unwrap(), None);
    assert_eq!(file.get_group_by_title(&group, "fixed").unwrap(), None, "an array has this title");
    assert_eq!(file.get_parent_node("/Group/deep").unwrap(), file.get_parent_node(&deep).unwrap());
    assert_eq!(file.get_parent_node("/").unwrap(), None);
    assert!(file.has_attr(&deep, "CLASS").unwrap() && file.has_attr("/Group/deep", "CLASS").unwrap());
    assert_eq!(file.get_attr("/Group/deep", "TITLE").unwrap().as_str(), Some("deep down"));
    assert_ne!(Node::from(&deep), Node::from(&group));
}

#[test]
fn quirk_12_title_and_its_upper_case_are_one_attribute_and_bytes_are_read_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample(folder.path());
    let group = file.group("/Group").unwrap();
    assert_eq!(group.attrs().get("TITLE").unwrap().as_str(), Some("a group"));
    // Another name for it, to whatever one asks.
    assert!(group.attrs().contains("title").unwrap());
    assert_eq!(group.attrs().get("title").unwrap(), group.attrs().get("TITLE").unwrap());
    assert!(!group.attrs().names().unwrap().contains(&"title".to_string()));
    group.set_title("another").unwrap();
    assert_eq!(
        (group.title().unwrap().as_str(), group.get_attr("TITLE").unwrap().as_str()),
        ("another", Some("another"))
    );
    let ascii = h5::Datatype::fixed_string(5, h5::StringPadding::NullTerminated, h5::CharSet::Ascii).unwrap();
    for name in ["TITLE", "CLASS"] {
        group.attrs().remove(name).unwrap();
        let object = file.h5file().group("/Group").unwrap();
        object.new_attribute(name).datatype(ascii.clone()).stored(&[], b"bytes").unwrap();
        assert_eq!(group.get_attr(name).unwrap(), PyValue::from("bytes"));
    }
    assert_eq!(Node::from(&group).class_name(), "GROUP");
}

#[test]
fn quirk_13_files_are_saved_as_others_and_closed_as_often_as_one_likes() {
    let folder = tempfile::tempdir().unwrap();
    for profile in [Profile::Pymodaq, Profile::H5py] {
        let name = |n: &str| folder.path().join(format!("{n}_{}.h5", profile.backend()));
        let file = NodeOptions::new().profile(profile).title("one").open(name("one"), Mode::Write).unwrap();
        file.create_carray("/", "a", &[1, 2, 3], "").unwrap();
        file.save_file_as(name("two")).unwrap();
        let refused = file.save_file_as(name("two")).unwrap_err();
        assert!(refused.kind() == ErrorKind::Io && refused.to_string().contains("two_"), "{refused}");
        let again = file.clone();
        file.close().unwrap();
        again.close().unwrap();
        let copy = NodeFile::open(name("two"), Mode::Read).unwrap();
        assert_eq!(copy.root().unwrap().title().unwrap(), "one");
        assert_eq!(copy.read("/a").unwrap(), array![1i32, 2, 3].into());
    }
    let memory = NodeFile::create_in_memory("of memory").unwrap();
    memory.save_file_as(folder.path().join("memory.h5")).unwrap();
    let copy = NodeFile::open(folder.path().join("memory.h5"), Mode::Read).unwrap();
    assert_eq!(copy.root().unwrap().title().unwrap(), "of memory");
}

#[test]
fn quirk_14_each_mode_does_what_its_letter_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("modes.h5");
    for mode in ["r", "r+"] {
        let absent = NodeFile::open(&path, mode.parse().unwrap()).unwrap_err();
        assert_eq!(absent.kind(), ErrorKind::Io);
        assert!(!path.exists());
    }
    let title = |mode: &str, title: &str| {
        let file = NodeOptions::new().title(title).open(&path, mode.parse().unwrap()).unwrap();
        let root = file.root().unwrap();
        let stamped = root.has_attr("pymodaq_version").unwrap();
        (root.title().unwrap(), stamped, root.has_attr("PYTABLES_FORMAT_VERSION").unwrap())
    };
    let told = |title: &str| (title.to_string(), true, true);
    assert_eq!(title("a", "made"), told("made"));
    for mode in ["a", "r+", "r"] {
        assert_eq!(title(mode, "not taken"), told("made"));
    }
    for mode in ["x", "w-"] {
        assert_eq!(NodeFile::open(&path, mode.parse().unwrap()).unwrap_err().kind(), ErrorKind::Io);
    }
    assert_eq!(title("r", ""), told("made"));
    assert_eq!(title("w", "anew"), told("anew"));
    for wrong in ["", "rw", "R", "wb"] {
        assert_eq!(wrong.parse::<Mode>().unwrap_err().kind(), Usage);
    }
}

#[test]
fn quirk_15_compression_is_checked_where_it_is_named() {
    assert_eq!(Compression::named("gzip", 3).unwrap(), Compression::named("zlib", 3).unwrap());
    for (name, level) in [("gzip", 10), ("zlib", 99), ("blosc", 5), ("lzo", 5), ("bzip2", 5), ("no such", 5)]
    {
        let error = Compression::named(name, level).unwrap_err();
        assert_eq!(error.kind(), Usage);
        assert!(
            error.to_string().contains(&level.to_string()) || error.to_string().contains(name),
            "{error}"
        );
    }
    let file = NodeFile::create_in_memory("").unwrap();
    file.define_compression(Compression::gzip(5).unwrap());
    let array = file.create_carray("/", "a", &Array2::<f64>::zeros((100, 100)), "").unwrap();
    assert!(array.array().unwrap().stored_bytes().unwrap() < 8000);
    file.define_compression(None);
    let array = file.create_carray("/", "b", &Array2::<f64>::zeros((100, 100)), "").unwrap();
    assert_eq!(array.array().unwrap().stored_bytes().unwrap(), 80_000);
}

#[test]
fn quirk_16_arrays_of_rows_are_made_in_each_profile() {
    for profile in [Profile::Pymodaq, Profile::H5py] {
        let file = NodeOptions::new().profile(profile).create_in_memory().unwrap();
        let rows = file.create_vlarray("/", "rows", DType::Float32, "").unwrap();
        rows.append(&[1.5f32]).unwrap();
        rows.append(&[0f32; 0]).unwrap();
        let texts = file.create_string_array("/", "texts", "").unwrap();
        texts.append("é").unwrap();
        assert_eq!(rows.read::<f32>().unwrap(), [vec![1.5], vec![]]);
        assert_eq!(texts.read().unwrap(), ["é"]);
    }
}

#[test]
fn quirk_17_metadata_of_one_group_are_not_those_of_the_next() {
    let file = NodeFile::create_in_memory("").unwrap();
    file.add_group("one", GroupType::Data, "/", "", &[("only", 1.into())]).unwrap();
    let two = file.add_group("two", GroupType::Data, "/", "", &[]).unwrap();
    assert!(!two.has_attr("only").unwrap());
    // And clones of a file are one session.
    let again = file.clone();
    again.get_set_group("/", "three", "").unwrap();
    assert!(file.group("/three").unwrap().file().is_same(&again));
}

#[test]
fn quirk_18_attributes_are_set_again_with_another_type_and_deleted() {
    let file = NodeFile::create_in_memory("").unwrap();
    let root = file.root().unwrap();
    for value in
        [PyValue::from("text"), 5.into(), (1, 2.5).into(), "a longer text than before".into(), true.into()]
    {
        root.set_attr("a", value.clone()).unwrap();
        assert_eq!(root.get_attr("a").unwrap(), value);
    }
    let others = root.attrs().len().unwrap() - 1;
    root.attrs().remove("a").unwrap();
    assert_eq!(root.attrs().len().unwrap(), others);
    assert_eq!(root.attrs().remove("a").unwrap_err().kind(), NotFound);
    assert_eq!(root.attrs().get_or("a", 7).unwrap(), PyValue::from(7));
}

/// Calls that cannot be, each with the kind of its error.
fn refuse(file: &NodeFile, mut look: impl FnMut(&str, ErrorKind, h5::Result<()>)) {
    let group = file.group("/Group").unwrap();
    let fixed = file.get_node("/Group/fixed").unwrap().into_carray().unwrap();
    let grows = file.get_node("/Group/grows").unwrap().into_earray().unwrap();
    let rows = file.get_node("/Group/rows").unwrap().into_vlarray().unwrap();
    let texts = file.get_node("/Group/texts").unwrap().into_string_array().unwrap();
    let zeros = Array2::<f64>::zeros((2, 3));
    look("group type", Usage, "no such type".parse::<GroupType>().map(drop));
    look("dtype", Usage, "float63".parse::<DType>().map(drop));
    look("slash in a group's name", Usage, file.get_set_group("/", "a/b", "").map(drop));
    look("slash in add_group", Usage, file.add_group("a/b", GroupType::Data, "/", "", &[]).map(drop));
    look("slash in an array's name", Usage, file.create_carray("/", "a/b", &[1], "").map(drop));
    look("empty name", Usage, file.create_vlarray("/", "", DType::UInt8, "").map(drop));
    look("name .", Usage, file.get_set_group("/", ".", "").map(drop));
    look("NUL in a name", Usage, file.get_set_group("/", "a\0b", "").map(drop));
    look("name that is taken", Usage, file.create_carray(&group, "fixed", &[1], "").map(drop));
    look("name of a group", Usage, file.create_carray("/", "Group", &[1], "").map(drop));
    look("array in an array", Usage, file.create_carray(&fixed, "in", &[1], "").map(drop));
    look("group in an array", Usage, file.get_set_group("/Group/fixed", "in", "").map(drop));
    look("array in nothing", NotFound, file.create_earray("/none", "in", DType::Int8, None, "").map(drop));
    look("array of one value", Usage, file.create_carray("/", "one", &1.0, "").map(drop));
    look(
        "elements without extent",
        Usage,
        file.create_earray("/", "e", DType::Int8, Some(&[2, 0]), "").map(drop),
    );
    look("append of one value", Usage, grows.append(&1.0));
    look("append of a wrong shape", Usage, grows.append(&Array2::<f64>::zeros((3, 2))));
    look(
        "append of complex to real",
        Usage,
        grows.append(&zeros.mapv(|v| h5::num_complex::Complex::new(v, 1.0))),
    );
    look("row of two axes", Usage, rows.append(&Array2::<u8>::zeros((2, 2))));
    look("row with a value too large", Usage, rows.append(&[1i32, 300]));
    look("row that is not there", Usage, rows.set(1, &[1u8]));
    look("text that is not there", Usage, texts.set(-2, "x"));
    look("index out of range", Usage, fixed.get::<i64>((2, 0)).map(drop));
    look("index of too many axes", Usage, fixed.get::<i64>((0, 0, 0)).map(drop));
    look("two ellipses", Usage, fixed.get::<i64>(&[Axis::Ellipsis, Axis::Ellipsis]).map(drop));
    look("index that is none", Usage, fixed.get::<i64>("1:b").map(drop));
    look("step of 0", Usage, fixed.get::<i64>("::0").map(drop));
    look("mask of another shape", Usage, fixed.get::<i64>(&array![true]).map(drop));
    look("write of a wrong shape", Usage, fixed.set("0, :", &[1i64, 2]));
    look("write of a value too large", Usage, fixed.set(s![0, 0], &u64::MAX));
    look("write out of range", Usage, fixed.set((0, 3), &1i64));
    look(
        "strings into numbers",
        Usage,
        fixed.set("0, 0", &h5::node::DynArray::bytes(1, array![vec![65u8]]).unwrap()),
    );
    look("attribute without a name", Usage, group.set_attr("", 1));
    look("array as a group", Usage, file.group("/Group/fixed").map(drop));
    look("group as an array", Usage, file.read("/Group").map(drop));
    look(
        "fixed array as one that grows",
        Usage,
        file.get_node("/Group/fixed").unwrap().into_earray().map(drop),
    );
    look("removal of the root", Usage, file.remove_node("/"));
    look("new name with a slash", Usage, file.rename_node("/Group/fixed", "a/b").map(drop));
    look("new name that is taken", Usage, file.rename_node("/Group/fixed", "grows").map(drop));
    look("move into itself", Usage, file.move_node("/Group", "/Group", "inner").map(drop));
    look("move into nothing", NotFound, file.move_node("/Group/fixed", "/none", "a").map(drop));
    look("copy to a taken name", Usage, file.copy_node("/Group/fixed", &group, "grows").map(drop));
}

#[test]
fn what_is_refused_has_a_typed_error_and_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample(folder.path());
    let path = file.path().unwrap().to_path_buf();
    let before = std::fs::read(&path).unwrap();
    refuse(&file, |what, kind, result| {
        let error = result.expect_err(what);
        assert_eq!(error.kind(), kind, "{what}: {error}");
        file.commit().unwrap();
        assert!(std::fs::read(&path).unwrap() == before, "{what} has changed the file");
    });
}

#[test]
fn a_file_that_is_read_takes_no_change() {
    let folder = tempfile::tempdir().unwrap();
    sample(folder.path()).close().unwrap();
    let path = folder.path().join("sample.h5");
    let before = std::fs::read(&path).unwrap();
    let file = NodeFile::open(&path, Mode::Read).unwrap();
    let group = file.group("/Group").unwrap();
    let changes = [
        file.get_set_group("/", "new", "").map(drop),
        file.add_group("group", GroupType::Scan, "/", "", &[]).map(drop),
        file.create_carray("/", "new", &[1], "").map(drop),
        file.create_earray("/", "new", DType::Int8, None, "").map(drop),
        file.create_vlarray("/", "new", DType::Int8, "").map(drop),
        file.create_string_array("/", "new", "").map(drop),
        group.set_attr("a", 1),
        group.set_title("another"),
        group.attrs().remove("CLASS"),
        group.remove_children(),
        file.remove_node("/Group"),
        file.rename_node("/Group", "Other").map(drop),
        file.move_node("/Group/fixed", "/", "fixed").map(drop),
        file.copy_node("/Group/fixed", &group, "again").map(drop),
        file.create_soft_link("/", "link", "/Group").map(drop),
        file.get_node("/Group/fixed").unwrap().into_carray().unwrap().set("0, 0", &1i64),
        file.get_node("/Group/numbers").unwrap().into_earray().unwrap().append(&[1i16]),
        file.get_node("/Group/rows").unwrap().into_vlarray().unwrap().append(&[1u8]),
        file.get_node("/Group/texts").unwrap().into_string_array().unwrap().append("x"),
        file.commit(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        assert_eq!(change.expect_err(&format!("change {at}")).kind(), Usage, "change {at}");
    }
    // What is there is given all the same.
    assert_eq!(file.get_set_group("/", "Group", "").unwrap(), group);
    file.flush().unwrap();
    file.close().unwrap();
    assert!(std::fs::read(&path).unwrap() == before);
}
