//! Files as old libraries write them: symbol tables and version 1 B-trees of chunks.

use h5::ops::check::{Options, check};
use h5::{Bound, File, OpenOptions};

fn assert_clean(bytes: Vec<u8>) -> File {
    let file = File::from_bytes(bytes).unwrap();
    let report = check(&file, &Options::default(), &mut |_| ()).unwrap();
    assert!(report.is_clean(), "{report:?}");
    file
}

#[test]
fn links_come_and_go() {
    let file = OpenOptions::new().bound(Bound::Earliest).create_in_memory().unwrap();
    let root = file.root().unwrap();
    let many = root.create_group("many").unwrap();
    for i in 0..1000 {
        let i = i * 619 % 1000;
        match i % 2 {
            0 => many.link_soft(&format!("/target {i}"), &format!("soft {i}")).unwrap(),
            _ => many.link_hard("/", &format!("hard {i}")).unwrap(),
        }
    }
    file.commit().unwrap();
    assert!(many.link_soft("/x", "soft 0").is_err(), "there is one already");
    for i in (0..1000).filter(|i| i % 10 > 1) {
        many.delete(&format!("{} {i}", if i % 2 == 0 { "soft" } else { "hard" })).unwrap();
    }
    root.rename("many/soft 10", "many/another").unwrap();
    let read = assert_clean({
        file.commit().unwrap();
        file.to_vec().unwrap()
    });
    let names = read.group("many").unwrap().names().unwrap();
    assert!(names.len() == 200 && names.is_sorted() && names[0] == "another");
    for name in many.names().unwrap() {
        many.delete(&name).unwrap();
    }
    file.commit().unwrap();
    assert!(assert_clean(file.to_vec().unwrap()).group("many").unwrap().is_empty().unwrap());
    many.link_soft("/", "once more").unwrap();
    root.delete("many").unwrap();
    file.commit().unwrap();
    assert_clean(file.to_vec().unwrap());
}

#[test]
fn chunks_come_and_go() {
    let file = OpenOptions::new().bound(Bound::Earliest).create_in_memory().unwrap();
    let root = file.root().unwrap();
    let data: Vec<i32> = (0..6000).collect();
    let new = || root.new_dataset::<i32>().shape([120, 50]).resizable().chunk([2, 2]);
    let plain = new().create("plain").unwrap();
    let packed = new().deflate(4).create("packed").unwrap();
    for dataset in [&plain, &packed] {
        dataset.write_raw(&data).unwrap();
        dataset.resize([31, 50]).unwrap();
        dataset.resize([61, 50]).unwrap();
    }
    file.commit().unwrap();
    let read = assert_clean(file.to_vec().unwrap());
    for name in ["plain", "packed"] {
        let found = read.dataset(name).unwrap().read_raw::<i32>().unwrap();
        assert_eq!(found[..1550], data[..1550]);
        assert_eq!(found[1550..], [0; 1500]);
        root.delete(name).unwrap();
    }
    file.commit().unwrap();
    let read = assert_clean(file.to_vec().unwrap());
    assert!(read.root().unwrap().is_empty().unwrap());
}
