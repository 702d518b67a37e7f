use h5::{Bound, ErrorKind, File, OpenOptions};

#[test]
fn groups_links_and_attributes() {
    let path = std::env::temp_dir().join("h5-write-groups.h5");
    let file = OpenOptions::new().bound(Bound::V110).create(&path).unwrap();
    let root = file.root().unwrap();
    let run = root.create_group("run 1/detector").unwrap();
    run.link_soft("/run 1", "up").unwrap();
    run.link_external("other.h5", "/x", "far").unwrap();
    root.link_hard("/run 1/detector", "again").unwrap();
    for i in 0..100 {
        root.create_group(&format!("many/g{i:03}")).unwrap();
    }
    root.set_attribute_str("title", "grüße").unwrap();
    for i in 0..50 {
        root.set_attribute(&format!("a{i}"), &i).unwrap();
    }
    root.new_attribute("list").list(&[1.5f64, 2.5]).unwrap();
    for i in (0..100).step_by(3) {
        root.delete(&format!("many/g{i:03}")).unwrap();
    }
    root.rename("many/g001", "moved/here").unwrap();
    root.set_comment("a comment").unwrap();
    file.commit().unwrap();
    root.delete_attribute("a7").unwrap();
    file.close().unwrap();
    let file = File::open(&path).unwrap();
    assert_eq!(file.group("many").unwrap().len().unwrap(), 65);
    assert_eq!(file.root().unwrap().attribute("title").unwrap().read_string().unwrap(), "grüße");
    assert_eq!(file.root().unwrap().attributes().unwrap().len(), 51);
}

/// A handle to what is gone leads to nothing, also where another object lies in its place.
#[test]
fn handles_to_what_was_deleted_or_rolled_back_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for bound in [Bound::Earliest, Bound::V110, Bound::V200] {
        let file =
            OpenOptions::new().bound(bound).create(folder.path().join(format!("{bound:?}.h5"))).unwrap();
        let root = file.root().unwrap();
        let make =
            |name: &str| root.new_dataset::<i32>().shape([0]).resizable().chunk([16]).create(name).unwrap();
        let (old, group) = (make("data"), root.create_group("group").unwrap());
        old.append(0, &[1, 2, 3]).unwrap();
        file.commit().unwrap();
        root.delete("data").unwrap();
        root.delete("group").unwrap();
        file.commit().unwrap();
        let (new, new_group) = (make("data"), root.create_group("group").unwrap());
        new.append(0, &[7]).unwrap();
        file.commit().unwrap();
        assert!(
            old.address() == new.address() || group.address() == new_group.address(),
            "space is used again"
        );
        let refused = [
            old.append(0, &[4]),
            old.resize([9]),
            old.write_slice("0:1", &h5::ndarray::array![5]),
            old.set_attribute("a", &1i32),
            old.delete_attribute("a"),
            old.set_comment("c"),
            old.shape().map(drop),
            old.read_raw::<i32>().map(drop),
            old.attributes().map(drop),
            group.create_group("inner").map(drop),
            group.new_dataset::<i32>().shape([1]).create("inner").map(drop),
            group.set_attribute("a", &1i32),
            group.names().map(drop),
            group.group("inner").map(drop),
        ];
        for (at, result) in refused.into_iter().enumerate() {
            let error = result.expect_err(&format!("call {at}"));
            assert_eq!(error.kind(), ErrorKind::NotFound, "call {at}: {error}");
        }
        assert!(!old.is_valid() && !group.is_valid() && new.is_valid() && new_group.is_valid());
        assert_eq!(new.read_raw::<i32>().unwrap(), [7]);
        // Made and rolled back: gone. Deleted and rolled back: there again.
        let made = make("made");
        root.delete("data").unwrap();
        assert!(made.is_valid() && !new.is_valid());
        file.rollback().unwrap();
        assert!(!made.is_valid() && new.is_valid());
        new.append(0, &[8]).unwrap();
        assert_eq!(new.read_raw::<i32>().unwrap(), [7, 8]);
        assert_eq!(made.append(0, &[1]).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
