use h5::ndarray::{Array2, array, s};
use h5::{File, OpenOptions};

#[test]
fn contiguous_and_compact() {
    let path = std::env::temp_dir().join("h5-write-datasets.h5");
    let file = OpenOptions::new().create(&path).unwrap();
    let root = file.root().unwrap();
    let a = Array2::from_shape_fn((40, 50), |(i, j)| (i * 50 + j) as f64);
    let d = root.write_dataset("a/matrix", &a).unwrap();
    d.write_slice(s![3, ..;10], &array![1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
    root.new_dataset::<i16>().shape([8]).compact().fill_value(-3i16).create("small").unwrap();
    let names = root.new_dataset::<String>().shape([3]).create("names").unwrap();
    names.write_raw(&["eins".to_string(), "zwei".to_string(), "drei".to_string()]).unwrap();
    let one = root.new_dataset::<u8>().shape([10]).chunk([10]).deflate(5).create("single").unwrap();
    one.write_raw(&[7u8; 10]).unwrap();
    d.set_attribute("unit", &3.5f32).unwrap();
    file.commit().unwrap();
    names.write_slice(s![1..2], &array!["zwölf".to_string()]).unwrap();
    file.close().unwrap();
    let file = File::open(&path).unwrap();
    let read = file.dataset("a/matrix").unwrap().read_2d::<f64>().unwrap();
    assert_eq!((read[[3, 10]], read[[3, 11]], read[[39, 49]]), (2.0, 161.0, 1999.0));
    assert_eq!(file.dataset("small").unwrap().read_raw::<i16>().unwrap(), [-3; 8]);
    assert_eq!(file.dataset("names").unwrap().read_raw::<String>().unwrap(), ["eins", "zwölf", "drei"]);
    assert_eq!(file.dataset("single").unwrap().read_raw::<u8>().unwrap(), [7; 10]);
}

/// One dataset for each kind of index, with and without filters, partly written.
#[test]
fn every_chunk_index() {
    let path = std::env::temp_dir().join("h5-write-indexes.h5");
    let file = OpenOptions::new().create(&path).unwrap();
    let root = file.root().unwrap();
    for filtered in [false, true] {
        for (name, max) in [
            ("single", vec![Some(30), Some(20)]),
            ("fixed", vec![Some(300), Some(20)]),
            ("extensible", vec![None, Some(20)]),
            ("second", vec![Some(100), None]),
            ("tree", vec![None, None]),
        ] {
            let chunk = if name == "single" { [30, 20] } else { [7, 6] };
            let path = format!("{name} {filtered}");
            let mut new =
                root.new_dataset::<i32>().shape([30, 20]).max_shape(&max).chunk(chunk).fill_value(-1);
            if filtered {
                new = new.shuffle().deflate(4).fletcher32();
            }
            let d = new.create(&path).unwrap();
            let values = Array2::from_shape_fn((20, 15), |(i, j)| (i * 100 + j) as i32);
            d.write_slice(s![3..23, 2..17], &values).unwrap();
            file.commit().unwrap();
            if max[0].is_none() {
                d.append(0, &(0..600).collect::<Vec<i32>>()).unwrap();
            }
        }
    }
    let log = root.new_dataset::<f64>().shape([0]).resizable().chunk([10]).create("log").unwrap();
    for i in 0..25_000 {
        log.append(0, &[f64::from(i)]).unwrap();
        if i % 1000 == 0 {
            file.commit().unwrap();
        }
    }
    let text = root.new_dataset::<String>().shape([0]).resizable().chunk([10]).create("text").unwrap();
    for i in 0..1000 {
        text.append(0, &[format!("line {i}")]).unwrap();
    }
    file.close().unwrap();
    let file = File::open(&path).unwrap();
    let log = file.dataset("log").unwrap().read_1d::<f64>().unwrap();
    assert!(log.len() == 25_000 && log.iter().enumerate().all(|(i, v)| *v == i as f64));
    assert_eq!(file.dataset("text").unwrap().read_raw::<String>().unwrap()[999], "line 999");
    for name in ["single", "fixed", "extensible", "second", "tree"] {
        let both =
            [false, true].map(|f| file.dataset(&format!("{name} {f}")).unwrap().read_2d::<i32>().unwrap());
        assert_eq!(both[0], both[1]);
        assert_eq!(
            (both[0][[0, 0]], both[0][[3, 2]], both[0][[22, 16]], both[0][[23, 16]]),
            (-1, 0, 1914, -1)
        );
    }
}

/// Elements that nobody wrote lead to what the fill value leads to: overwriting one must leave that alone.
#[test]
fn a_fill_value_of_variable_length_stays() {
    let file = File::create_in_memory().unwrap();
    let root = file.root().unwrap();
    let new = root.new_dataset::<String>().shape([7]).resizable().chunk([3]);
    let d = new.fill_value("fill".to_string()).create("names").unwrap();
    for i in [1usize, 0, 4, 1] {
        d.write_slice(s![i..i + 1], &array![format!("name {i}")]).unwrap();
    }
    d.append(0, &["last".to_string()]).unwrap();
    file.commit().unwrap();
    let read = File::from_bytes(file.to_vec().unwrap()).unwrap();
    let names = read.dataset("names").unwrap().read_raw::<String>().unwrap();
    assert_eq!(names, ["name 0", "name 1", "fill", "fill", "name 4", "fill", "fill", "last"]);
    let options = h5::ops::check::Options { data: true };
    assert!(h5::ops::check::check(&read, &options, &mut |_| {}).unwrap().is_clean());
}
