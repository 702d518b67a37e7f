"""Virtual datasets: fixed, strided, unlimited, printf names, nested, in the same file, with missing sources."""
import h5py
import numpy as np

import lib5
from lib5 import call, constant, pair, sizes, space

NONE = 0  # H5P_DEFAULT


def hyperslab(dims, start, stride=None, count=None, block=None, limit=None):
    """A dataspace with one regular hyperslab; None in count or block is unlimited."""
    s = space(dims, limit)
    many = lambda v: None if v is None else sizes([lib5.UNLIMITED if x is None else x for x in v])  # noqa: E731
    call("H5Sselect_hyperslab", s, 0, many(start), many(stride), many(count), many(block))
    return s


def virtual(f, name, dims, maps, dtype="H5T_STD_I32LE", limit=None, fill=None):
    """A virtual dataset; `maps` is a list of (virtual space, file, dataset, source space)."""
    p = lib5.plist("DATASET_CREATE")
    if fill is not None:
        call("H5Pset_fill_value", p, constant(dtype), np.array([fill], "<i4"))
    for v, file, source, s in maps:
        call("H5Pset_virtual", p, v, file, source, s)
    lib5.dataset(f, name, constant(dtype), dims, None, dcpl=p, limit=limit)


def sources(bound):
    """The files that the virtual datasets take their data from."""
    low = bound if bound == "latest" else ("earliest", "latest")
    with h5py.File(f"virtual_a_{bound}.h5", "w", libver=low) as f:
        f["data"] = np.arange(24, dtype="<i4").reshape(4, 6)
        f["line"] = np.arange(100, 110, dtype="<i4")
        f["other type"] = np.arange(6, dtype=">i2")
        lib5.group(f, "group")["inner"] = np.arange(5, dtype="<i4") + 1000
        f.create_dataset("grows", data=np.arange(14, dtype="<i4").reshape(7, 2), chunks=(3, 2), maxshape=(None, 2))
    for i in (0, 1, 3):  # number 2 is missing: a gap
        with h5py.File(f"virtual_block{i}_{bound}.h5", "w", libver=low) as f:
            f["data"] = np.full((2, 4), 10 * (i + 1), "<i4") + np.arange(4, dtype="<i4")
            f[f"part {i}"] = np.full(4, i, "<i4")


def virtuals():
    for bound in lib5.BOUNDS:
        sources(bound)
    for f, bound in pair("virtual"):
        a = f"virtual_a_{bound}.h5"
        everything = space((4, 6))
        virtual(f, "whole", (4, 6), [(space((4, 6)), a, "/data", everything)])
        virtual(f, "filled", (6, 8), [(hyperslab((6, 8), (1, 1), None, (1, 1), (4, 6)), a, "data", everything)], fill=-5)
        virtual(f, "strided", (8, 6), [
            (hyperslab((8, 6), (0, 0), (2, 1), (4, 1), (1, 6)), a, "data", everything),
            (hyperslab((8, 6), (1, 0), (4, 3), (2, 2), (1, 1)), a, "data", hyperslab((4, 6), (1, 2), (2, 3), (2, 2), (1, 1))),
        ], fill=-1)  # fmt: skip
        virtual(f, "two sources", (3, 10), [
            (hyperslab((3, 10), (0, 0), None, (1, 1), (1, 10)), a, "line", space((10,))),
            (hyperslab((3, 10), (1, 0), None, (1, 1), (1, 5)), a, "group/inner", space((5,))),
            (hyperslab((3, 10), (2, 2), None, (1, 1), (1, 6)), a, "other type", space((6,))),
        ])  # fmt: skip
        # In the same file: "." and the file's own name.
        f["local"] = np.arange(8, dtype="<i4") * 3
        virtual(f, "same file", (16,), [
            (hyperslab((16,), (0,), None, (1,), (8,)), ".", "/local", space((8,))),
            (hyperslab((16,), (8,), None, (1,), (8,)), f"virtual_{bound}.h5", "/local", space((8,))),
        ])  # fmt: skip
        virtual(f, "nested", (20,), [(hyperslab((20,), (2,), None, (1,), (16,)), ".", "/same file", space((16,)))], fill=7)
        virtual(f, "missing file", (4, 6), [
            (hyperslab((4, 6), (0, 0), None, (1, 1), (2, 6)), "not_there.h5", "data", space((2, 6))),
            (hyperslab((4, 6), (2, 0), None, (1, 1), (2, 6)), a, "data", hyperslab((4, 6), (0, 0), None, (1, 1), (2, 6))),
        ], fill=99)  # fmt: skip
        virtual(f, "missing dataset", (4,), [(space((4,)), a, "not there", space((4,)))], fill=98)
        virtual(f, "no mapping of some", (4, 4), [(hyperslab((4, 4), (0, 0), None, (1, 1), (1, 1)), a, "line", hyperslab((10,), (9,), None, (1,), (1,)))])
        # Unlimited selections: the extent follows the source's.
        virtual(f, "unlimited", (7, 2), [
            (hyperslab((7, 2), (0, 0), None, (1, 1), (None, 2), (None, 2)), a, "grows", hyperslab((7, 2), (0, 0), None, (1, 1), (None, 2), (None, 2))),
        ], limit=(None, 2))  # fmt: skip
        virtual(f, "unlimited strided", (1, 4), [
            (hyperslab((1, 4), (0, 0), (2, 1), (None, 1), (1, 2), (None, 4)), a, "grows", hyperslab((7, 2), (0, 0), (1, 1), (None, 1), (1, 2), (None, 2))),
            (hyperslab((1, 4), (1, 2), (2, 1), (None, 1), (1, 2), (None, 4)), a, "grows", hyperslab((7, 2), (0, 0), (1, 1), (None, 1), (1, 2), (None, 2))),
        ], limit=(None, 4), fill=55)  # fmt: skip
        # Source names by printf: block %b of the selection comes from file or dataset number %b.
        virtual(f, "printf files", (2, 4), [
            (hyperslab((2, 4), (0, 0), (2, 1), (None, 1), (2, 4), (None, 4)), f"virtual_block%b_{bound}.h5", "data", space((2, 4))),
        ], limit=(None, 4), fill=-2)  # fmt: skip
        for i in range(3):
            f[f"part %{i}"] = np.full(4, i + 50, "<i4")
        virtual(f, "printf datasets", (1, 4), [
            (hyperslab((1, 4), (0, 0), (1, 1), (None, 1), (1, 4), (None, 4)), ".", "part %%%b", space((4,))),
        ], limit=(None, 4))  # fmt: skip
        # Irregular and point-free selections; the whole space on one side, a selection on the other.
        irregular = hyperslab((10,), (0,), None, (1,), (2,))
        call("H5Sselect_hyperslab", irregular, 1, sizes([5]), None, sizes([1]), sizes([3]))
        virtual(f, "irregular", (5,), [(space((5,)), a, "line", irregular)])
        # Many mappings from one file: the names are shared in the newest form of the heap block.
        virtual(f, "many mappings", (40,), [
            (hyperslab((40,), (i * 4,), None, (1,), (4,)), a, "line", hyperslab((10,), (i % 7,), None, (1,), (4,))) for i in range(10)
        ])  # fmt: skip
        virtual(f, "empty", (3,), [(space((3,)), a, "line", hyperslab((10,), (2,), (3,), (3,), (1,)))])


if __name__ == "__main__":
    lib5.main(virtuals)
