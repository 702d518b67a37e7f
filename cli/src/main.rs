//! The `h5` command.
fn main() {
    let mut args = std::env::args().skip(2);
    let path = args.next().unwrap_or_default();
    let v = h5::ops::digest::digest_path(std::path::Path::new(&path), &Default::default());
    println!("{v}");
}
