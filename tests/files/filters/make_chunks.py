"""Writes small chunks with libhdf5's filters and prints them as Rust test vectors.

Needs h5py, hdf5plugin and numpy. Each vector is (client data, element size, elements, chunk); byte
`k` of the content is `k // element size % 251`. The printed tests stand at the end of
`src/filter/*/tests.rs`.
"""

import h5py
import hdf5plugin
import numpy


def chunk(size, count, **filters):
    content = (numpy.arange(count * size) // size % 251).astype("u1")
    array = numpy.frombuffer(content.tobytes(), dtype=f"V{size}")
    with h5py.File("chunks", "w", driver="core", backing_store=False) as file:
        dataset = file.create_dataset("d", data=array, chunks=array.shape, **filters)
        _, _, client_data, _ = dataset.id.get_create_plist().get_filter(0)
        mask, raw = dataset.id.read_direct_chunk((0,))
    assert mask == 0 and len(raw) < 300, (filters, mask, len(raw))
    return list(client_data), size, count, raw


def bitshuffle(compressor, block):
    return dict(hdf5plugin.Bitshuffle(nelems=block, cname=compressor))


VECTORS = {
    "deflate": [chunk(4, 20, compression="gzip", compression_opts=level) for level in (0, 1, 9)]
    + [chunk(1, 1000, compression="gzip")],
    "shuffle": [chunk(size, 17, shuffle=True) for size in (1, 2, 3, 8)] + [chunk(12, 19, shuffle=True)],
    "fletcher32": [chunk(size, count, fletcher32=True) for size, count in ((1, 7), (2, 9), (4, 60))],
    "lzf": [chunk(8, 30, compression="lzf"), chunk(1, 900, compression="lzf")],
    "lz4": [chunk(4, 30, **hdf5plugin.LZ4(nbytes=size)) for size in (0, 50)],
    "zstd": [chunk(4, 60, **hdf5plugin.Zstd(clevel=level)) for level in (1, 22)] + [chunk(1, 900, **hdf5plugin.Zstd())],
    "bzip2": [chunk(8, 50, **hdf5plugin.BZip2(blocksize=size)) for size in (1, 9)],
    "bitshuffle": [
        chunk(size, count, **bitshuffle(compressor, block))
        for compressor in ("none", "lz4", "zstd")
        for size, count, block in ((2, 41, 0), (3, 70, 16), (12, 21, 8), (1, 7, 0))
    ],
}

for name, vectors in VECTORS.items():
    print(f"\n// {name}\n#[test]\nfn chunks_of_libhdf5() {{\n    let vectors: &[(&[u32], usize, usize, &[u8])] = &[")
    for client_data, size, count, raw in vectors:
        text = "".join(f"\\x{byte:02x}" for byte in raw)
        print(f'        (&{client_data}, {size}, {count}, b"{text}"),')
    print(
        f"""    ];
    for &(client_data, size, count, chunk) in vectors {{
        let content: Vec<u8> = (0..size * count).map(|at| (at / size % 251) as u8).collect();
        let ctx = Context {{ client_data, limit: content.len(), expected: content.len() }};
        let mut out = Vec::new();
        {name.capitalize()}.decode(chunk, &mut out, &ctx).unwrap();
        assert_eq!(out, content, "{{client_data:?}}, {{count}} elements of {{size}}");
    }}
}}"""
    )
