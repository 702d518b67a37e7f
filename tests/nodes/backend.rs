//! PyMoDAQ's own cases of its HDF5 backends, under the names that they have there: `backend_test.py`, and of
//! `saving_test.py` what the nodes cover.
//!
//! A case is a function over a [`Backend`], which opens its file; `cases!` makes a module of tests for each backend.
//! Names of cases are PyMoDAQ's; parameters of its cases are loops here.

use std::path::PathBuf;

use h5::ErrorKind;
use h5::ndarray::{Array, Array2, ArrayD, array, s};
use h5::node::{
    CArray, Compression, DType, Group, GroupType, Mode, Node, NodeFile, NodeOptions, Profile, PyValue,
};

const TITLE: &str = "this is a test file";
/// The levels that PyMoDAQ tries.
const LEVELS: [u32; 4] = [0, 3, 6, 9];

/// Where the file of a case is.
pub(crate) trait Backend {
    /// Opens the file of the case; the same one again each time.
    fn open(&self, mode: Mode, title: &str) -> NodeFile;
    /// Whether the file is there.
    fn exists(&self) -> bool;
    /// What nodes say in their attribute `backend`.
    fn name(&self) -> &'static str;
}

/// A file of this machine.
struct Local {
    path: PathBuf,
    options: NodeOptions,
    profile: Profile,
    _folder: tempfile::TempDir,
}

impl Local {
    fn new(profile: Profile, bound: h5::Bound) -> Local {
        let folder = tempfile::tempdir().unwrap();
        let options = NodeOptions::new().profile(profile).bound(bound);
        Local { path: folder.path().join("h5file.h5"), options, profile, _folder: folder }
    }
}

impl Backend for Local {
    fn open(&self, mode: Mode, title: &str) -> NodeFile {
        self.options.clone().title(title).open(&self.path, mode).unwrap()
    }
    fn exists(&self) -> bool {
        self.path.is_file()
    }
    fn name(&self) -> &'static str {
        self.profile.backend()
    }
}

macro_rules! cases {
    ($($case:ident)*) => {
        /// Runs all cases over a backend, which the expression makes anew for each.
        macro_rules! over {
            ($backend:ident, $make:expr) => {
                mod $backend {
                    $(
                        #[test]
                        fn $case() {
                            super::$case(&$make);
                        }
                    )*
                }
            };
        }
    };
}

cases! {
    test_check_mandatory_attrs
    test_init
    test_h5file
    test_to_backend
    test_file_open_close
    test_attrs
    test_add_group
    test_group_creation
    test_walk_groups
    test_walk_nodes
    test_carray
    test_carray_comp
    test_earray
    test_earray_comp
    test_vlarray
    test_vlarray_string
    test_children
    test_remove_children
    test_format
    test_init_file
    test_logger
    test_add_string_array
    test_add_array
    test_incremental_group
}

over!(local, crate::backend::Local::new(h5::node::Profile::Pymodaq, h5::Bound::V110));
over!(local_earliest, crate::backend::Local::new(h5::node::Profile::Pymodaq, h5::Bound::Earliest));
over!(local_h5py, crate::backend::Local::new(h5::node::Profile::H5py, h5::Bound::V110));
over!(local_h5py_earliest, crate::backend::Local::new(h5::node::Profile::H5py, h5::Bound::Earliest));

fn new(backend: &dyn Backend) -> NodeFile {
    backend.open(Mode::Write, TITLE)
}

/// Numbers without order, from 0 to 100.
fn some(shape: &[usize]) -> ArrayD<f64> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    Array::from_shape_simple_fn(shape, || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % 1_000_000) as f64 / 10_000.0
    })
}

fn text(node: &h5::node::Handle, name: &str) -> String {
    node.get_attr(name).unwrap().as_str().unwrap_or_else(|| panic!("{name} is no text")).to_string()
}

fn shape_of(node: &h5::node::Handle) -> Vec<usize> {
    node.get_attr("shape").unwrap().to_vec().unwrap()
}

fn attributes() -> [(&'static str, PyValue); 3] {
    [("attr1", "one attr".into()), ("attr2", (10, 15).into()), ("attr3", 12.4.into())]
}

fn test_check_mandatory_attrs(backend: &dyn Backend) {
    let file = new(backend);
    let root = file.root().unwrap();
    // As bytes: a text of ASCII, which PyTables gives as bytes.
    let ascii = h5::Datatype::fixed_string(4, h5::StringPadding::NullTerminated, h5::CharSet::Ascii).unwrap();
    for name in ["TITLE", "CLASS", "TEST"] {
        let _ = root.attrs().remove(name);
        let attribute = file.h5file().root().unwrap().new_attribute(name).datatype(ascii.clone());
        attribute.stored(&[], b"test").unwrap();
    }
    assert_eq!((text(&root, "TITLE"), text(&root, "CLASS")), ("test".into(), "test".into()));
    assert_eq!(root.get_attr("TEST").unwrap(), PyValue::bytes(b"test"));
    // As text.
    for name in ["TITLE", "TEST"] {
        root.set_attr(name, "test").unwrap();
        assert_eq!(text(&root, name), "test");
    }
}

fn test_init(backend: &dyn Backend) {
    // A node of a node is the node: whatever it is taken for, it leads to the same object.
    let file = new(backend);
    let node = file.get_node("/").unwrap();
    let again = Node::from(node.clone().into_group().unwrap());
    assert_eq!(file.get_node(&again).unwrap(), node);
    assert_eq!(again.title().unwrap(), TITLE);
}

fn test_h5file(backend: &dyn Backend) {
    let file = new(backend);
    let node = file.add_group("mygroup", GroupType::Detector, "/", "", &attributes()).unwrap();
    assert!(node.file().is_same(&file));
    assert!(node.file().is_open());
}

fn test_to_backend(backend: &dyn Backend) {
    let file = new(backend);
    let node = file.add_group("mygroup", GroupType::Detector, "/", "", &attributes()).unwrap();
    let again = node.file().clone();
    assert!(again.is_same(&file));
    assert_eq!(again.group("/Mygroup").unwrap(), node);
}

fn test_file_open_close(backend: &dyn Backend) {
    let file = new(backend);
    assert!(backend.exists());
    assert!(file.is_open());
    assert_eq!(text(&file.root().unwrap(), "TITLE"), TITLE);
    assert_eq!(text(&file.root().unwrap(), "pymodaq_version").split('.').count(), 3);
    let other = file.clone();
    file.close().unwrap();
    assert!(!other.is_open());
    other.clone().close().unwrap(); // twice is once
    assert_eq!(other.root().unwrap().set_attr("a", 1).unwrap_err().kind(), ErrorKind::Usage);
    let file = backend.open(Mode::Read, "");
    assert_eq!(file.root().unwrap().title().unwrap(), TITLE);
    let other = file.clone();
    file.close().unwrap();
    assert!(!other.is_open());
}

fn test_attrs(backend: &dyn Backend) {
    let file = new(backend);
    let attrs = file.root().unwrap().attrs();
    for (name, value) in attributes() {
        attrs.set(name, value).unwrap();
    }
    let names = attrs.names().unwrap();
    for (name, value) in attributes() {
        assert_eq!(attrs.get(name).unwrap(), value);
        assert!(names.iter().any(|n| n == name));
        assert!(file.has_attr("/", name).unwrap());
        assert_eq!(file.get_attr("/", name).unwrap(), value);
    }
    let all = attrs.to_map().unwrap();
    assert_eq!(all.keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    assert_eq!(all.len(), attrs.len().unwrap());
    file.close().unwrap();
    let file = backend.open(Mode::Read, "");
    assert_eq!(file.root().unwrap().attrs().to_map().unwrap(), all);
}

fn test_add_group(backend: &dyn Backend) {
    for kind in GroupType::ALL {
        let file = new(backend);
        let metadata = [("attr1", "attr1".into()), ("attr2", 21.4.into())];
        let kind: GroupType = kind.name().parse().unwrap();
        let group = file.add_group("g3", &kind, file.root().unwrap(), "this is a group", &metadata).unwrap();
        assert_eq!((group.path(), text(&group, "TITLE")), ("/G3", "this is a group".to_string()));
        assert_eq!(text(&group, "CLASS"), "GROUP");
        assert_eq!(text(&group, "type"), kind.name());
        assert_eq!(text(&group, "backend"), backend.name());
        assert_eq!(group.get_attr("attr1").unwrap(), PyValue::from("attr1"));
        assert_eq!(group.get_attr("attr2").unwrap(), PyValue::from(21.4));
        let wrong = "this is not a valid group type".parse::<GroupType>();
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Usage);
        file.close().unwrap();
    }
    assert_eq!(GroupType::ALL.len(), 9); // the eight of PyMoDAQ 4, and the optimizer of 5
}

fn test_group_creation(backend: &dyn Backend) {
    let file = new(backend);
    let root = file.root().unwrap();
    assert_eq!(file.group(&root).unwrap(), root);
    assert_eq!(file.group("/").unwrap(), root);

    let g1 = file.get_set_group(&root, "g1", "this is a group").unwrap();
    let g2 = file.get_set_group("/", "g2", "").unwrap();
    assert_eq!((text(&g1, "TITLE"), text(&g1, "CLASS")), ("this is a group".into(), "GROUP".into()));
    assert_eq!(file.get_set_group("/", "g1", "another title").unwrap(), g1);
    assert_eq!(g1.title().unwrap(), "this is a group");
    assert_eq!((g2.name(), g2.title().unwrap().as_str()), ("g2", ""));
    let g21 = file.get_set_group(&g2, "g21", "").unwrap();
    assert_eq!((g21.path(), g21.name()), ("/g2/g21", "g21"));
    assert!(file.is_node_in_group(&g2, "g21").unwrap());
    let g22 = file.get_set_group("/g2", "g22", "group g22").unwrap();
    assert_eq!(file.get_group_by_title("/g2", "group g22").unwrap(), Some(g22.clone()));
    assert_eq!(file.get_group_by_title("/g2", "no such title").unwrap(), None);
    assert_eq!(file.get_children(&g2).unwrap().into_keys().collect::<Vec<_>>(), ["g21", "g22"]);

    assert_eq!(file.get_parent_node(&g22).unwrap(), Some(g2.clone()));
    let above = file.get_parent_node(&g2).unwrap().unwrap();
    assert_eq!(file.get_parent_node(above).unwrap(), None);
    assert_eq!(g22.parent_node().unwrap(), Some(g2.clone()));
    assert_eq!(g22.parent_node().unwrap(), g21.parent_node().unwrap());
    assert_eq!(g2.parent_node().unwrap().unwrap().parent_node().unwrap(), None);

    assert_ne!(g2, g1);
    assert_eq!(g2.children_name().unwrap(), ["g21", "g22"]);
    for child in g2.children().unwrap().into_values() {
        assert!([&g21, &g22].contains(&&child.into_group().unwrap()));
    }
    assert_eq!(g2.get_child("g21").unwrap(), Node::from(&g21));
    g22.set_attr("test", 12.5).unwrap();
    assert_eq!(g22.get_attr("test").unwrap().as_f64(), Some(12.5));
    assert_eq!(g22.attrs().get("test").unwrap().as_f64(), Some(12.5));
    g22.attrs().set("test1", "attr").unwrap();
    assert_eq!(g22.attrs().get("test1").unwrap().as_str(), Some("attr"));
    file.set_attr("/g2/g22", "test2", 5).unwrap();
    assert_eq!(file.get_attr(&g22, "test2").unwrap().as_i64(), Some(5));
    assert_eq!((root.name(), g22.path()), ("/", "/g2/g22"));
    assert_eq!(format!("{g22}"), "/g2/g22 (GROUP) 'group g22'");
    file.close().unwrap();
}

/// The groups of the cases that walk.
fn groups(file: &NodeFile) -> [Group; 4] {
    let g1 = file.get_set_group(file.root().unwrap(), "g1", "").unwrap();
    let g2 = file.get_set_group("/", "g2", "").unwrap();
    let g21 = file.get_set_group(&g2, "g21", "").unwrap();
    let g22 = file.get_set_group("/g2", "g22", "group g22").unwrap();
    [g1, g2, g21, g22]
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn test_walk_groups(backend: &dyn Backend) {
    let file = new(backend);
    groups(&file);
    let walked = file.walk_groups("/").unwrap();
    assert!(walked.iter().all(|g| text(g, "CLASS") == "GROUP"));
    let names = walked.iter().map(|g| g.name().to_string()).collect();
    assert_eq!(sorted(names), ["/", "g1", "g2", "g21", "g22"]);
}

fn test_walk_nodes(backend: &dyn Backend) {
    let file = new(backend);
    let [g1, g2, _, g22] = groups(&file);
    for (group, name) in [(&g1, "array_g1"), (&g2, "array_g2"), (&g22, "array_g22")] {
        file.create_carray(group, name, &array![1i64, 2, 3, 4, 5, 6], "").unwrap();
    }
    let names = file.walk_nodes("/").unwrap().iter().map(|n| n.name().to_string()).collect();
    assert_eq!(sorted(names), ["/", "array_g1", "array_g2", "array_g22", "g1", "g2", "g21", "g22"]);
}

fn test_carray(backend: &dyn Backend) {
    let file = new(backend);
    let g1 = file.get_set_group("/", "g1", "").unwrap();
    let data = some(&[5, 10]);
    // PyMoDAQ refuses None here; a value without axes is as near as this comes to it.
    assert_eq!(file.create_carray(&g1, "carray0", &1.0, "").unwrap_err().kind(), ErrorKind::Usage);
    assert!(g1.is_empty().unwrap());
    let carray: CArray = file.create_carray(&g1, "carray1", &data, "this is a carray").unwrap();
    assert_eq!(text(&carray, "dtype"), "float64");
    assert_eq!(
        (text(&carray, "TITLE"), text(&carray, "CLASS")),
        ("this is a carray".into(), "CARRAY".into())
    );
    assert_eq!(shape_of(&carray), [5, 10]);
    assert_eq!(carray.read::<f64>().unwrap(), data);
    assert_eq!(carray.get::<f64>(s![1, 2]).unwrap().into_iter().collect::<Vec<_>>(), [data[[1, 2]]]);
    assert_eq!(file.read(&carray).unwrap().to_f64().unwrap(), data);
    assert_eq!(carray.len().unwrap(), 5);
    file.close().unwrap();
    let file = backend.open(Mode::Read, "");
    let again = file.get_node("/g1/carray1").unwrap().into_carray().unwrap();
    assert_eq!(again.read::<f64>().unwrap(), data);
    // It does not grow.
    assert_eq!(Node::from(&again).into_earray().unwrap_err().kind(), ErrorKind::Usage);
}

fn test_carray_comp(backend: &dyn Backend) {
    for (name, level) in ["gzip", "zlib"].into_iter().flat_map(|n| LEVELS.map(|l| (n, l))) {
        let file = new(backend);
        let g1 = file.get_set_group("/", "g1", "").unwrap();
        let data = some(&[5, 10]);
        file.define_compression(Compression::named(name, level).unwrap());
        let carray = file.create_carray(&g1, "carray1", &data, "").unwrap();
        assert_eq!(carray.read::<f64>().unwrap(), data);
        file.close().unwrap();
        let file = backend.open(Mode::Read, "");
        assert_eq!(file.read("/g1/carray1").unwrap().to_f64().unwrap(), data);
    }
}

fn test_earray(backend: &dyn Backend) {
    let file = new(backend);
    let g1 = file.get_set_group("/", "g1", "").unwrap();
    let title = "this is a earray";
    let earray = file.create_earray(&g1, "array", DType::UInt32, None, title).unwrap();
    assert_eq!((text(&earray, "TITLE"), text(&earray, "CLASS")), (title.into(), "EARRAY".into()));
    assert_eq!(text(&earray, "dtype"), "uint32");
    assert_eq!(shape_of(&earray), [0]);
    earray.append(&array![10i64]).unwrap();
    let child = g1.children().unwrap().remove("array").unwrap();
    assert_eq!(child, Node::from(&earray));
    assert!(matches!(child, Node::EArray(_)));
    assert_eq!(shape_of(&earray), [1]);

    let earray =
        file.create_earray(&g1, "array1", "uint32".parse::<DType>().unwrap(), Some(&[10, 3]), title).unwrap();
    let data = some(&[10, 3]).mapv(|v| v as u32);
    for rows in [1, 2] {
        earray.append(&data).unwrap();
        assert_eq!(shape_of(&earray), [rows, 10, 3]);
    }
    file.close().unwrap();
    let file = backend.open(Mode::Read, "");
    assert_eq!(shape_of(&file.get_node("/g1/array1").unwrap()), [2, 10, 3]);
    assert_eq!(shape_of(&file.get_node("/g1/array").unwrap()), [1]);
}

fn test_earray_comp(backend: &dyn Backend) {
    for (name, level) in ["gzip", "zlib"].into_iter().flat_map(|n| LEVELS.map(|l| (n, l))) {
        let file = new(backend);
        let g1 = file.get_set_group("/", "g1", "").unwrap();
        file.define_compression(Compression::named(name, level).unwrap());
        let earray = file.create_earray(&g1, "array", DType::UInt32, Some(&[10, 3]), "").unwrap();
        for seed in [1, 2] {
            let data = some(&[10, 3]).mapv(|v| v as u32 * seed);
            earray.append(&data).unwrap();
            assert_eq!(earray.get::<u32>(s![-1, .., ..]).unwrap(), data);
            assert_eq!(earray.get::<u32>("-1, :, :").unwrap(), data);
        }
    }
}

fn test_vlarray(backend: &dyn Backend) {
    let file = new(backend);
    let g1 = file.get_set_group("/", "g1", "").unwrap();
    let title = "this is a vlarray";
    let vlarray = file.create_vlarray(&g1, "array", DType::UInt32, title).unwrap();
    assert_eq!((text(&vlarray, "TITLE"), text(&vlarray, "CLASS")), (title.into(), "VLARRAY".into()));
    assert_eq!(text(&vlarray, "dtype"), "uint32");
    vlarray.append(&array![10i64, 12, 15]).unwrap();
    assert_eq!(vlarray.get::<u32>(-1).unwrap(), [10, 12, 15]);
    vlarray.append(&array![10i64, 4, 2, 4, 6, 4]).unwrap();
    assert_eq!(vlarray.get::<u32>(-1).unwrap(), [10, 4, 2, 4, 6, 4]);
    assert_eq!(vlarray.get_any(-1).unwrap()[0], array![10u32, 4, 2, 4, 6, 4].into());
    assert_eq!(shape_of(&vlarray), [2]);
}

fn test_vlarray_string(backend: &dyn Backend) {
    let file = new(backend);
    let g1 = file.get_set_group("/", "g1", "").unwrap();
    let title = "this is a vlarray";
    let strings = file.create_string_array(&g1, "array", title).unwrap();
    assert_eq!((text(&strings, "TITLE"), text(&strings, "CLASS")), (title.into(), "VLARRAY".into()));
    assert_eq!((text(&strings, "dtype"), text(&strings, "subdtype")), ("uint8".into(), "string".into()));
    let (one, two) = ("this is a string", "this is a second string");
    let row = h5::node::python::pickle_str(one).unwrap();
    assert_eq!(h5::node::python::unpickle(&row).unwrap().as_str(), Some(one));
    strings.append(one).unwrap();
    assert_eq!(strings.get(-1).unwrap(), one);
    assert_eq!(strings.rows().get::<u8>(-1).unwrap(), row);
    strings.append(two).unwrap();
    assert_eq!(strings.get(-1).unwrap(), two);
    assert_eq!(strings.read().unwrap(), [one, two]);
}

/// The group that the cases of groups look at.
fn base_group(file: &NodeFile) -> (Group, Vec<Node>) {
    let group = file.add_group("base group", GroupType::Scan, "/", "base group", &[]).unwrap();
    let n1 = file.create_carray(&group, "n1", &Array2::<f64>::zeros((5, 2)), "this is a n1 group").unwrap();
    let n2 = file.add_group("n2", GroupType::Scan, &group, "this is a n2 group", &[]).unwrap();
    (group, vec![n1.into(), n2.into()])
}

fn test_children(backend: &dyn Backend) {
    let file = new(backend);
    let (group, mut nodes) = base_group(&file);
    assert_eq!(group.path(), "/Base group");
    assert_eq!(group.children_name().unwrap(), ["N2", "n1"]); // names of groups begin with a capital
    nodes.push(file.add_group("m1", GroupType::Scan, &group, "this is a n2 group", &[]).unwrap().into());
    assert_eq!(group.children_name().unwrap(), ["M1", "N2", "n1"]);
    let children = group.children().unwrap();
    assert_eq!(children.keys().cloned().collect::<Vec<_>>(), group.children_name().unwrap());
    assert!(children.len() == 3 && children.values().all(|child| nodes.contains(child)));
}

fn test_remove_children(backend: &dyn Backend) {
    let file = new(backend);
    let (group, _) = base_group(&file);
    let earray = file.create_earray(&group, "grows", DType::Int8, None, "").unwrap();
    earray.append(&[1i8, 2]).unwrap();
    group.remove_children().unwrap();
    assert!(group.children_name().unwrap().is_empty());
    file.close().unwrap();
    assert!(backend.open(Mode::Read, "").group("/Base group").unwrap().is_empty().unwrap());
}

fn test_format(backend: &dyn Backend) {
    // The numbers of groups have two or three digits, and the names a capital.
    let file = new(backend);
    for (name, formatted) in
        [("data24", "Data24"), ("scan000", "Scan000"), ("ch000", "Ch000"), ("Scan001", "Scan001")]
    {
        let group = file.add_group(name, GroupType::Data, "/", "", &[]).unwrap();
        assert_eq!(group.name(), formatted);
    }
}

fn test_init_file(backend: &dyn Backend) {
    let file = new(backend);
    let root = file.root().unwrap();
    let told = [("attr1", PyValue::from("attr1")), ("attr2", (10, 2).into())];
    let raw = file.get_set_group(&root, "RawData", "Data from PyMoDAQ modules").unwrap();
    for (name, value) in &told {
        raw.set_attr(name, value.clone()).unwrap();
    }
    let date = h5::node::python::json2object(
        r#"{"module": "datetime", "type": "date", "data": "datetime.date(2024, 1, 2)"}"#,
    );
    root.set_attr("date", date.clone()).unwrap();
    root.set_attr("file", "h5file.h5").unwrap();
    let logger = file.create_string_array(&raw, "Logger", "").unwrap();
    assert_eq!((raw.path(), logger.path()), ("/RawData", "/RawData/Logger"));
    file.close().unwrap();
    let file = backend.open(Mode::Append, "another title");
    let raw = file.get_set_group("/", "RawData", "").unwrap();
    assert_eq!(file.root().unwrap().title().unwrap(), TITLE);
    for (name, value) in &told {
        assert_eq!(&raw.get_attr(name).unwrap(), value);
    }
    assert_eq!(file.get_attr("/", "date").unwrap(), date);
    assert_eq!(text(&file.root().unwrap(), "file"), "h5file.h5");
    assert!(file.is_node_in_group(&raw, "logger").unwrap());
}

fn test_logger(backend: &dyn Backend) {
    let logs = ["This", "is", "a", "message"];
    let file = new(backend);
    let raw = file.get_set_group("/", "RawData", "").unwrap();
    let logger = file.create_string_array(&raw, "Logger", "").unwrap();
    logger.set_attr("type", "log").unwrap();
    logger.set_attr("data_type", "strings").unwrap();
    logs.iter().for_each(|log| logger.append(log).unwrap());
    assert_eq!(logger.read().unwrap(), logs);
    file.close().unwrap();
    // And on, after the file was closed.
    let file = backend.open(Mode::ReadWrite, "");
    let logger = file.get_node("/RawData/Logger").unwrap().into_string_array().unwrap();
    assert_eq!((text(&logger, "type"), text(&logger, "data_type")), ("log".into(), "strings".into()));
    logger.append("more").unwrap();
    assert_eq!(logger.read().unwrap(), [&logs[..], &["more"]].concat());
    assert_eq!(shape_of(&logger), [5]);
}

fn test_add_string_array(backend: &dyn Backend) {
    let file = new(backend);
    let strings = file.create_string_array("/", "strings", "some texts").unwrap();
    let texts = ["", "a", "é☃𝄞", "it's \"quoted\"\n\\", &"long ".repeat(60), &"longer ".repeat(20_000)];
    texts.iter().for_each(|text| strings.append(text).unwrap());
    assert_eq!(strings.read().unwrap(), texts);
    assert_eq!(strings.get_rows("1:4").unwrap(), texts[1..4]);
    strings.set(0, "now not empty").unwrap();
    assert_eq!(strings.get(0).unwrap(), "now not empty");
    file.close().unwrap();
    let strings = backend.open(Mode::Read, "").get_node("/strings").unwrap().into_string_array().unwrap();
    assert_eq!(strings.read().unwrap()[1..], texts[1..]);
}

fn test_add_array(backend: &dyn Backend) {
    let file = new(backend);
    let scan = file.add_group("scan000", GroupType::Scan, "/", "", &[]).unwrap();
    let image = file.create_carray(&scan, "Data00", &Array2::<f64>::zeros((3, 4)), "an image").unwrap();
    let spread = file.create_earray(&scan, "EnlData00", DType::Float64, Some(&[2]), "").unwrap();
    for (place, value) in [((0, 0), 1.5), ((1, 2), -2.5), ((2, 3), 4.0)] {
        image.set(s![place.0, place.1], &value).unwrap(); // what a scan does at each point
        spread.append(&[value, -value]).unwrap();
    }
    file.close().unwrap();
    let file = backend.open(Mode::Read, "");
    let mut expected = Array2::<f64>::zeros((3, 4));
    (expected[[0, 0]], expected[[1, 2]], expected[[2, 3]]) = (1.5, -2.5, 4.0);
    assert_eq!(file.read("/Scan000/Data00").unwrap(), expected.into());
    let spread = file.read("/Scan000/EnlData00").unwrap();
    assert_eq!(spread, array![[1.5, -1.5], [-2.5, 2.5], [4.0, -4.0]].into());
}

fn test_incremental_group(backend: &dyn Backend) {
    let file = new(backend);
    let raw = file.get_set_group("/", "RawData", "").unwrap();
    for number in 0..3 {
        let scan = file.add_group(&format!("scan{number:03}"), GroupType::Scan, &raw, "", &[]).unwrap();
        let channel = file.add_group("ch000", GroupType::Ch, &scan, "a channel", &[]).unwrap();
        assert_eq!(channel.path(), format!("/RawData/Scan{number:03}/Ch000"));
    }
    assert_eq!(raw.children_name().unwrap(), ["Scan000", "Scan001", "Scan002"]);
    let scans = raw.children().unwrap().into_values().filter(|n| text(n, "type") == "scan").count();
    assert_eq!(scans, 3);
}
