"""Attributes: in headers, dense, huge, with shared datatypes, in creation order, of every space class."""
import h5py
import numpy as np

import lib5
from lib5 import attribute, call, constant, pair


def attributes():
    """All homes of an attribute that a format bound allows."""
    for f, bound in pair("attributes"):
        g = lib5.group(f, "few")
        g.attrs["scalar"] = np.int32(-7)
        g.attrs["vector"] = np.arange(5, dtype=">f4")
        g.attrs["matrix"] = np.arange(6, dtype="<i8").reshape(2, 3)
        g.attrs["text"] = "é☃𝄞"
        g.attrs["texts"] = np.array(["one", "", "three"], dtype=h5py.string_dtype())
        g.attrs["fixed text"] = np.bytes_("fixed")
        g.attrs["reference"] = f.ref
        g.attrs["region"] = g.attrs["reference"]
        g.attrs["vlen"] = np.array([np.arange(3), np.arange(0)], dtype=object).astype(h5py.vlen_dtype("<i2"))
        g.attrs["bool"] = True
        g.attrs["complex"] = np.complex64(1 - 2j)
        g.attrs["compound"] = np.array((3, 2.5), dtype=[("a", "<i2"), ("b", "<f8")])
        g.attrs["nothing"] = h5py.Empty("<f4")
        g.attrs["zero"] = np.zeros((0, 3), "<f4")
        g.attrs["é name"] = np.uint8(1)
        attribute(g, b"latin\xe9 name", constant("H5T_STD_I8LE"), (), b"\x05")
        # Changed after the first writing: another value, another type, deleted.
        g.attrs["scalar"] = np.int32(42)
        g.attrs["bool"] = "no longer a truth value"
        del g.attrs["zero"]
        # A long attribute that still fits in a header (under 64 KiB).
        g.attrs["long"] = np.arange(7000, dtype="<u4")
        many = lib5.group(f, "many")
        for i in range(120):
            many.attrs[f"attribute {i * 7 % 120:03d}"] = np.int16(i)
        order = lib5.group(f, "ordered", attr_creation_order=3)
        for name in ("zz", "y", "x", "ww", "v", "u", "tt", "s", "r", "q", "pp"):
            order.attrs[name] = f"value of {name}"
        del order.attrs["x"]
        kept = lib5.group(f, "kept compact", attr_phase_change=(100, 90), attr_creation_order=1)
        for i in range(40):
            kept.attrs[f"a{i}"] = np.float64(i) / 3
        # A dataset's and a committed datatype's attributes.
        d = f.create_dataset("dataset", data=np.arange(3, dtype="<i4"))
        d.attrs["units"] = "mm"
        lib5.commit(f, "committed", h5py.h5t.py_create(np.dtype([("x", "<f4"), ("y", "<f4")])))
        f["committed"].attrs["about"] = "a committed datatype"
        # The datatype of these attributes is the committed one: a shared message.
        points = lib5.group(f, "shared type")
        tid = f["committed"].id
        for i in range(12):
            data = np.array([(i, -i)], dtype="<f4,<f4")
            attribute(points, f"point {i}", tid.id, (1,), data)
        if bound == "latest":
            dense = lib5.group(f, "dense", attr_phase_change=(0, 0))
            dense.attrs["only"] = np.int8(1)
            # Over 64 KiB: a huge object of the attribute heap; also several of them and small ones beside.
            huge = lib5.group(f, "huge")
            for i in range(2):
                huge.attrs[f"huge {i}"] = (np.arange(17000) // (i + 1)).astype("<u4")
            huge.attrs["small"] = "beside"
            # Many names: an indirect heap and a deeper name index.
            deep = lib5.group(f, "deep")
            for i in range(700):
                deep.attrs[f"attribute number {i:03d}"] = np.int32(i)
            for i in range(0, 700, 11):
                del deep.attrs[f"attribute number {i:03d}"]
            filtered = lib5.group(f, "filtered", attr_phase_change=(0, 0), deflate=4)
            for i in range(60):
                filtered.attrs[f"f{i}"] = np.full(50, i, "<i4")
            filtered.attrs["huge"] = np.zeros(30000, "<i4")


if __name__ == "__main__":
    lib5.main(attributes)
