use h5::{Bound, File, OpenOptions};

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
