//! The inputs of the fuzz target `open`.

#[path = "../../fuzz/inputs/open.rs"]
mod input;

#[test]
fn files_stand_what_once_broke_them() {
    crate::replay("open", input::run);
}

#[test]
fn no_prefix_of_a_signature_opens() {
    let signature = b"\x89HDF\r\n\x1a\n";
    for length in 0..=signature.len() {
        input::run(&signature[..length]);
    }
}
