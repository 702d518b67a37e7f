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
