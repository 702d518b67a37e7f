"""Dataset storage: compact, contiguous, every chunk index, external files, spaces and fill values."""
import h5py
import numpy as np

import lib5
from lib5 import call, constant, dataset, pair

EARLY, LATE, INCREMENTAL = 1, 2, 3
EDGE_UNFILTERED = 2


def create_plist(chunk=None, alloc=None, deflate=None, chunk_opts=None):
    p = lib5.plist("DATASET_CREATE")
    if chunk:
        call("H5Pset_chunk", p, len(chunk), lib5.sizes(chunk))
    if alloc:
        call("H5Pset_alloc_time", p, alloc)
    if deflate:
        call("H5Pset_deflate", p, deflate)
    if chunk_opts:
        call("H5Pset_chunk_opts", p, chunk_opts)
    return p


def layouts():
    """Compact and contiguous storage, allocation times, fill values of every state."""
    for f, _ in pair("layouts"):
        data = np.arange(12, dtype="<i4").reshape(3, 4)
        p = create_plist()
        call("H5Pset_layout", p, 0)
        dataset(f, "compact", constant("H5T_STD_I32LE"), (3, 4), data, dcpl=p)
        dataset(f, "compact scalar", constant("H5T_IEEE_F64BE"), (), np.array(2.5, ">f8"), dcpl=p)
        dataset(f, "compact unwritten", constant("H5T_STD_I16LE"), (5,), None, dcpl=p)
        dataset(f, "compact large", constant("H5T_STD_U8LE"), (60000,), np.arange(60000).astype("u1"), dcpl=p)
        f["contiguous"] = data
        f.create_dataset("contiguous unwritten", (100, 100), "<f8")
        dataset(f, "contiguous early", constant("H5T_STD_I16LE"), (50,), None, dcpl=create_plist(alloc=EARLY))
        f.create_dataset("rank 7", data=np.arange(192, dtype="<u2").reshape(2, 2, 2, 2, 2, 2, 3))
        f.create_dataset("rank 32", data=np.array([1, 2], "u1").reshape((1,) * 31 + (2,)))


def fills():
    """Fill values: default, defined, undefined; fill times; types of every class."""
    for f, _ in pair("fills"):
        for state, value in (("default", None), ("defined", -7)):
            f.create_dataset(f"contiguous {state}", (4,), "<i2", fillvalue=value)
            d = f.create_dataset(f"chunked {state}", (10, 10), ">i4", chunks=(4, 4), fillvalue=value)
            d[4:8, 4:8] = 5
        for time, word in ((0, "alloc"), (1, "never"), (2, "if set")):
            p = create_plist(chunk=(4,), alloc=INCREMENTAL)
            call("H5Pset_fill_time", p, time)
            call("H5Pset_fill_value", p, constant("H5T_STD_I16LE"), np.array([3], "<i2"))
            dataset(f, f"time {word}", constant("H5T_STD_I16LE"), (10,), None, dcpl=p)
        p = create_plist(chunk=(4,))
        call("H5Pset_fill_value", p, constant("H5T_STD_I16LE"), None)
        dataset(f, "undefined", constant("H5T_STD_I16LE"), (4,), np.arange(4, dtype="<i2"), dcpl=p)
        f.create_dataset("float", (3,), ">f8", fillvalue=np.pi)
        f.create_dataset("fixed string", (3,), "S6", fillvalue=b"fill")
        f.create_dataset("compound", (3,), [("a", "<i2"), ("b", ">f4")], fillvalue=np.array((1, 2.5), [("a", "<i2"), ("b", ">f4")]))
        f.create_dataset("enum", (3,), h5py.enum_dtype({"a": 1, "b": 2}, "u1"), fillvalue=2)
        # Large: the fill value alone is over 256 bytes.
        t = h5py.h5t.py_create(np.dtype(("<i4", (100,))))
        p = create_plist(chunk=(2,))
        call("H5Pset_fill_value", p, t.id, np.arange(100, dtype="<i4"))
        dataset(f, "array", t.id, (3,), None, dcpl=p)


def spaces():
    """Scalar, null, zero-extent, unlimited and resized dataspaces."""
    for f, _ in pair("spaces"):
        f["scalar"] = np.float32(1.5)
        f["null"] = h5py.Empty("<i8")
        f.create_dataset("zero", (0,), "<i4")
        f.create_dataset("zero in the middle", (3, 0, 2), "<i4")
        f.create_dataset("zero unlimited", (0, 4), "<i4", chunks=(2, 2), maxshape=(None, None))
        f.create_dataset("limited", data=np.arange(6, dtype="<i2"), chunks=(4,), maxshape=(20,))
        f.create_dataset("unlimited", data=np.arange(6, dtype="<i2"), chunks=(4,), maxshape=(None,))
        f.create_dataset("unlimited last", data=np.arange(6, dtype="<i2").reshape(2, 3), chunks=(2, 2), maxshape=(2, None))
        f.create_dataset("unlimited middle", data=np.arange(24, dtype="<i2").reshape(2, 3, 4), chunks=(1, 2, 3), maxshape=(2, None, 9))
        d = f.create_dataset("grown", data=np.arange(6, dtype="<i2"), chunks=(4,), maxshape=(None,), fillvalue=9)
        d.resize((15,))
        d = f.create_dataset("shrunk", data=np.arange(60, dtype="<i2").reshape(6, 10), chunks=(4, 4), maxshape=(None, None))
        d.resize((3, 5))
        d = f.create_dataset("shrunk and grown", data=np.arange(60, dtype="<i2").reshape(6, 10), chunks=(4, 4), maxshape=(6, 10), fillvalue=-1)
        d.resize((3, 5))
        d.resize((6, 10))


def chunks():
    """Chunk indexes; with `latest` each of the five new ones, with `earliest` the version-1 B-tree."""
    for f, _ in pair("chunks"):
        data = np.arange(35, dtype="<i4").reshape(5, 7)
        for filtered in (False, True):
            word = " filtered" if filtered else ""
            zip_ = dict(compression="gzip", compression_opts=4) if filtered else {}
            f.create_dataset("single" + word, data=data, chunks=(5, 7), **zip_)
            f.create_dataset("fixed array" + word, data=data, chunks=(2, 3), **zip_)
            f.create_dataset("extensible array" + word, data=data, chunks=(2, 3), maxshape=(None, 7), **zip_)
            f.create_dataset("extensible array last" + word, data=data, chunks=(2, 3), maxshape=(5, None), **zip_)
            f.create_dataset("btree2" + word, data=data, chunks=(2, 3), maxshape=(None, None), **zip_)
            # Chunks never written read as the fill value; the index knows some of their neighbours.
            for name, most in (("fixed array", (40, 40)), ("extensible array", (None, 40)), ("btree2", (None, None))):
                d = f.create_dataset(f"{name} with gaps{word}", (40, 40), ">u2", chunks=(3, 4), maxshape=most, fillvalue=77, **zip_)
                d[0:2, 0:2] = 1
                d[20:26, 11:30] = np.arange(6 * 19).reshape(6, 19)
                d[39, 39] = 2
            d = f.create_dataset("unwritten" + word, (9, 9), "<f4", chunks=(2, 2), **zip_)
        dataset(f, "implicit", constant("H5T_STD_I32LE"), (5, 7), data, dcpl=create_plist((2, 3), alloc=EARLY))
        dataset(f, "single early", constant("H5T_STD_I32LE"), (5, 7), None, dcpl=create_plist((5, 7), alloc=EARLY))
        dataset(f, "fixed array unallocated", constant("H5T_STD_I32LE"), (5, 7), None, dcpl=create_plist((2, 3)))
        for name, most in (("fixed array", (5, 7)), ("extensible array", (None, 7)), ("btree2", (None, None)), ("single", (5, 7))):
            chunk = (8, 8) if name == "single" else (2, 3)
            most = None if name == "single" else most
            p = create_plist(chunk, deflate=5, chunk_opts=EDGE_UNFILTERED)
            if name == "single":
                most = (8, 8)
            dataset(f, f"{name} edges unfiltered", constant("H5T_STD_I32LE"), (5, 7), data, dcpl=p, limit=most)
        # Chunks written with the second filter, or both, left out: the filter mask.
        for mask in (1, 2, 3):
            d = f.create_dataset(f"filter mask {mask}", (8,), "<i4", chunks=(4,), shuffle=True, compression="gzip")
            d[0:4] = [1, 2, 3, 4]
            raw = np.array([5, 6, 7, 8], "<i4")
            if not mask & 1:
                raw = np.frombuffer(raw.tobytes(), np.uint8).reshape(4, 4).T.copy()
            raw = raw.tobytes()
            if not mask & 2:
                import zlib

                raw = zlib.compress(raw, 6)
            d.id.write_direct_chunk((4,), raw, mask)
        # The fastest dimension swapped: one unlimited dimension that is not the first, several of each.
        d = f.create_dataset("extensible array rank 3", (4, 50, 3), "u1", chunks=(2, 4, 3), maxshape=(4, None, 3))
        d[...] = (np.arange(600) % 251).reshape(4, 50, 3)
        f.create_dataset("chunk larger than data", data=np.arange(3, dtype="<i2"), chunks=(10,), maxshape=(None,))
        # One element each: many small chunks in order and not.
        d = f.create_dataset("tiny", (400,), "u1", chunks=(1,), maxshape=(None,))
        for i in range(399, -1, -3):
            d[i] = i % 256


def deep_chunks():
    """Indexes that need their inner structures: pages, super blocks, deep B-trees. Few chunks are written."""
    for f, bound in pair("chunks_deep"):
        def sparse(name, shape, most, chunk, places, **more):
            d = f.create_dataset(name, shape, "u1", chunks=chunk, maxshape=most, fillvalue=9, **more)
            for i, at in enumerate(places):
                d[at] = i + 10

        # Over 1024 chunks: pages of a fixed array, one of them never begun; the last is short.
        paged = [0, 1, 1023, 1024, 3100, 4999]
        sparse("fixed array paged", (5000,), None, (1,), paged)
        sparse("fixed array paged filtered", (5000,), None, (1,), paged, compression="gzip")
        sparse("fixed array page exactly", (1024,), None, (1,), [0, 1023])
        sparse("fixed array paged rank 2", (60, 90), None, (1, 1), [(0, 0), (11, 33), (11, 34), (59, 89)])
        # Elements of the index block, of direct data blocks, of super blocks, of paged data blocks.
        places = [0, 3, 4, 19, 20, 35, 36, 67, 68, 99, 100, 227, 228, 500, 1000, 4000, 16000, 40000, 130999, 131000, 140000, 150001]
        sparse("extensible array", (150002,), (None,), (1,), places)
        sparse("extensible array filtered", (150002,), (None,), (1,), places, compression="gzip")
        sparse("extensible array rank 2", (3, 9000), (3, None), (1, 1), [(0, 0), (1, 7), (2, 300), (0, 4097), (2, 8999), (1, 5000)])
        # Two unlimited dimensions: a B-tree of 2048-byte nodes, here of depth 2.
        if bound == "latest":
            d = f.create_dataset("btree2 depth 2", (60, 60), "u1", chunks=(1, 1), maxshape=(None, None))
            d[...] = (np.arange(3600) % 251).reshape(60, 60)
            d = f.create_dataset("btree2 filtered", (30, 30), "u1", chunks=(1, 1), maxshape=(None, None), compression="gzip")
            d[...] = (np.arange(900) % 251).reshape(30, 30)
        else:
            d = f.create_dataset("btree1 depth 2", (70, 70), "u1", chunks=(1, 1))
            d[...] = (np.arange(4900) % 251).reshape(70, 70)


def external():
    """Raw data in other files: several parts, offsets, an unlimited last one, a part that is missing."""
    raw = np.arange(100, dtype="<i4")
    with open("external_a.raw", "wb") as a, open("external_b.raw", "wb") as b:
        a.write(b"\xee" * 16 + raw[:40].tobytes())
        b.write(raw[40:].tobytes())
    for f, _ in pair("external"):
        parts = [("external_a.raw", 16, 160), ("external_b.raw", 0, 240)]

        def put(name, shape, dtype, parts, most=None):
            p = lib5.plist("DATASET_CREATE")
            for part in parts:
                call("H5Pset_external", p, *part)
            dataset(f, name, h5py.h5t.py_create(np.dtype(dtype)), shape, None, dcpl=p, limit=most)

        put("two files", (10, 10), "<i4", parts)
        put("one file", (40,), "<i4", parts[:1])
        put("inside", (5,), ">i4", [("external_b.raw", 8, 20)])
        put("unlimited", (60,), "<i4", [("external_b.raw", 0, lib5.UNLIMITED)], (None,))
        put("short file", (100,), "<i4", [("external_b.raw", 0, lib5.UNLIMITED)])
        put("larger than needed", (3,), "<i4", [("external_a.raw", 16, 160)])
        put("split in an element", (20,), "<i4", [("external_a.raw", 16, 38), ("external_a.raw", 54, 42)])
        put("missing", (4,), "<i4", [("not_there.raw", 0, 16)])


if __name__ == "__main__":
    lib5.main(layouts, fills, spaces, chunks, deep_chunks, external)
