//! README's support table: each row names the test that shows it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Area, feature, whether it is read, and the test that shows it (binary or module, then function).
const ROWS: &[(&str, &str, &str, &str)] = &[
    (
        "File",
        "superblocks 0 to 3, extension, user block, offsets and lengths of 2, 4 and 8 bytes",
        "yes",
        "fixtures::other_files_are_as_libhdf5_reads_them",
    ),
    (
        "File",
        "families, split files, cache images, paged and persisted free space, files of SWMR writers",
        "yes",
        "fixtures::other_files_are_as_libhdf5_reads_them",
    ),
    (
        "File",
        "a file left open by a writer that died",
        "yes",
        "fixtures::a_file_left_open_by_its_writer_has_what_was_flushed",
    ),
    (
        "Groups",
        "symbol tables, compact and dense links, creation order; soft, external, user-defined links",
        "yes",
        "fixtures::groups_links_and_attributes_are_as_libhdf5_reads_them",
    ),
    ("Groups", "100,000 links in one group", "yes", "large::a_hundred_thousand_links"),
    (
        "Attributes",
        "compact, dense, shared, over 64 KiB",
        "yes",
        "fixtures::groups_links_and_attributes_are_as_libhdf5_reads_them",
    ),
    ("Attributes", "70,000 attributes of one object", "yes", "large::seventy_thousand_attributes"),
    (
        "Datatypes",
        "integers, floats (f16, bfloat16, FP8, VAX, x87, quad), strings, bit fields, opaque, time, enum, compound, array, variable length, references old and new, complex, committed",
        "yes",
        "fixtures::types_are_as_libhdf5_reads_them",
    ),
    ("Datatypes", "reading into Rust types, checked or clamped", "yes", "typed::integers"),
    (
        "Layouts",
        "compact, contiguous, external files, virtual (unlimited, `%b`, nested)",
        "yes",
        "fixtures::layouts_are_as_libhdf5_reads_them",
    ),
    (
        "Layouts",
        "chunks by B-tree 1, single, implicit, fixed array, extensible array, B-tree 2; unfiltered edges",
        "yes",
        "fixtures::layouts_are_as_libhdf5_reads_them",
    ),
    ("Layouts", "datasets of 2^41 elements", "yes", "large::datasets_of_two_to_the_41_elements"),
    (
        "Filters",
        "deflate, shuffle, fletcher32, szip, n-bit, scale-offset, LZF, LZ4, Zstd, bzip2, bitshuffle, Blosc 1 and 2, ZFP",
        "yes",
        "fixtures::filters_are_as_libhdf5_reads_them",
    ),
    (
        "Filters",
        "SZ, SZ3, SPERR, FCIDECOMP, VBZ, LZO",
        "refused by name",
        "fixtures::filters_are_as_libhdf5_reads_them",
    ),
    (
        "Sources",
        "file, memory, memory map, `Read + Seek`, your own, pages fetched on demand",
        "yes",
        "sources::every_source_gives_the_same_file",
    ),
    (
        "Safety",
        "damaged, truncated and hostile files give typed errors, in bounded memory",
        "yes",
        "damage::every_byte_may_have_any_value",
    ),
    (
        "Threads",
        "any number of threads read one dataset",
        "yes",
        "threads::threads_read_the_same_of_every_index",
    ),
    (
        "Writing",
        "new files for libhdf5 1.6, 1.8, 1.10 and 2.0: groups, links, attributes, dense and compact",
        "written",
        "groups::groups_links_and_attributes",
    ),
    (
        "Writing",
        "old files edited in place: symbol tables, object headers 1, chunk B-trees 1",
        "written",
        "old_groups::links_come_and_go",
    ),
    (
        "Writing",
        "datasets compact, contiguous, chunked with every index; resized, appended to; variable length",
        "written",
        "datasets::every_chunk_index",
    ),
    (
        "Writing",
        "objects copied, files repacked with other filters, chunks and bounds",
        "written",
        "repack::other_bounds_filters_and_chunks_hold_the_same_values",
    ),
    (
        "Writing",
        "commits that survive a killed process, a loss of power and errors of the disk",
        "written",
        "crash::a_loss_of_power_loses_nothing",
    ),
    (
        "Writing",
        "each bound, type, layout, index, filter and link as libhdf5 1.10, 1.14 and 2.0 read and change it",
        "written",
        "judges::create::libhdf5_reads_what_was_written",
    ),
    (
        "Writing",
        "virtual datasets: parts, blocks, patterns, without end",
        "written",
        "virtual_maps::virtual_datasets_are_as_libhdf5_reads_them",
    ),
    (
        "Writing",
        "one writer, many readers: snapshots in a process, SWMR with libhdf5 in both roles",
        "written",
        "swmr::libhdf5_looks_on",
    ),
    (
        "Writing",
        "free space used again, in one session and in later ones; data larger than memory",
        "written",
        "reopened::a_hundred_sessions_of_a_hundred_rounds",
    ),
    (
        "Writing",
        "files that libhdf5 opens whenever the writer dies, where that is asked for",
        "written",
        "libhdf5::libhdf5_opens_every_state_of_an_always_readable_file",
    ),
    ("Writing", "new files with pages or shared message tables, ZFP and Blosc 2", "not yet", ""),
];

const BEGIN: &str = "<!-- support: made by tests/house/support.rs -->\n";
const END: &str = "<!-- end of support -->";

fn table() -> String {
    let mut out = String::from("| area | what | state | shown by |\n|---|---|---|---|\n");
    for (area, what, read, test) in ROWS {
        let test = if test.is_empty() { String::new() } else { format!("`{test}`") };
        out.push_str(&format!("| {area} | {what} | {read} | {test} |\n"));
    }
    out
}

/// The names of all test functions and modules below a folder.
fn tests_below(folder: &Path, out: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed").flatten() {
        let path = entry.path();
        if path.is_dir() {
            tests_below(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).expect("a source can be read");
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            out.insert(stem);
            for line in text.lines() {
                if let Some(rest) = line.trim_start().strip_prefix("fn ") {
                    out.insert(rest.split('(').next().unwrap_or_default().to_string());
                }
            }
        }
    }
}

#[test]
fn readme_says_what_the_tests_show() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    tests_below(&root.join("tests"), &mut known);
    tests_below(&root.join("src"), &mut known);
    for (_, what, read, test) in ROWS {
        let name = test.rsplit("::").next().unwrap_or_default();
        assert!(known.contains(name) || *read == "not yet", "{what}: the test {test} is gone");
    }
    let path = root.join("README.md");
    let readme = fs::read_to_string(&path).expect("README.md can be read");
    let (before, rest) = readme.split_once(BEGIN).expect("README.md has the beginning of the table");
    let (found, after) = rest.split_once(END).expect("README.md has the end of the table");
    if std::env::var_os("H5_UPDATE_README").is_some() {
        fs::write(&path, [before, BEGIN, &table(), END, after].concat()).expect("README.md can be written");
    } else {
        assert_eq!(found, table(), "README.md's table differs: run this test with H5_UPDATE_README=1");
    }
}
