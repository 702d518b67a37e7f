"""A file by PyTables, as its users write them: Group, Array, CArray, EArray, VLArray, Table, links, PyTables attributes."""
import os
import sys
from pathlib import Path

import numpy as np
import tables


class Row(tables.IsDescription):
    """One row of the table: a column of each kind."""

    name = tables.StringCol(10, pos=0)
    number = tables.Int32Col(pos=1)
    value = tables.Float64Col(pos=2, dflt=1.5)
    flag = tables.BoolCol(pos=3)
    spectrum = tables.Float32Col(shape=(3,), pos=4)
    phase = tables.ComplexCol(16, pos=5)
    seconds = tables.Time64Col(pos=6)
    state = tables.EnumCol(tables.Enum({"off": 0, "on": 1}), "off", "uint8", pos=7)

    class inner(tables.IsDescription):
        x = tables.UInt8Col(pos=0)
        y = tables.Int16Col(pos=1)


def write(path):
    with tables.open_file(path, "w", title="PyTables fixture") as f:
        quiet = dict(track_times=False)
        table = f.create_table("/", "table", Row, "a table", tables.Filters(4, "zlib", shuffle=True), chunkshape=(16,), **quiet)
        for i in range(45):
            r = table.row
            r["name"], r["number"], r["value"], r["flag"] = f"row {i}", i - 20, i / 4, i % 3 == 0
            r["spectrum"], r["phase"], r["seconds"], r["state"] = np.arange(3) + i, i - 2j, i + 0.25, i % 2
            r["inner/x"], r["inner/y"] = i, -i
            r.append()
        table.flush()
        table.attrs.comment = "attributes of every kind"
        table.attrs.count = 5
        table.attrs.ratio = 0.25
        table.attrs.pickled = {"a": [1, 2], "b": None}
        table.attrs.vector = np.arange(4, dtype="<f4")
        table.attrs.text = np.bytes_(b"bytes")
        table.attrs.number = np.int16(-3)
        table.attrs.truth = np.bool_(True)
        g = f.create_group("/", "arrays", "all array kinds")
        f.create_array(g, "array", np.arange(6).reshape(2, 3), "Array", **quiet)
        f.create_array(g, "scalar", 2.5, **quiet)
        f.create_array(g, "python_list", [1, 2, 3], **quiet)
        f.create_array(g, "python_text", b"text", **quiet)
        f.create_array(g, "fortran", np.asfortranarray(np.arange(6.0).reshape(2, 3)), **quiet)
        f.create_array(g, "big_endian", np.arange(5, dtype=">i4"), **quiet)
        f.create_carray(g, "carray", obj=np.arange(600).reshape(20, 30).astype("i2"), chunkshape=(8, 30), **quiet)
        e = f.create_earray(g, "earray", tables.Float64Atom(), (0, 4), chunkshape=(8, 4), **quiet)
        for i in range(5):
            e.append(np.arange(8.0).reshape(2, 4) + i)
        e = f.create_earray(g, "earray_columns", tables.Int32Atom(), (3, 0), chunkshape=(3, 8), **quiet)
        e.append(np.arange(30).reshape(3, 10))
        f.create_earray(g, "never_appended", tables.ComplexAtom(8), (0,), chunkshape=(8,), **quiet)
        f.create_array(g, "complex", np.array([1 + 2j, 3 - 4j]), **quiet)
        f.create_array(g, "bools", np.array([True, False]), **quiet)
        f.create_array(g, "half", np.array([1.5, 2.5], "f2"), **quiet)
        f.create_array(g, "strings", np.array([b"one", b"three"]), **quiet)
        en = tables.Enum({"red": 0, "green": 1})
        e = f.create_earray(g, "enum", tables.EnumAtom(en, "red", "int8"), (0,), chunkshape=(16,), **quiet)
        e.append([0, 1, 1, 0])
        v = f.create_group("/", "ragged", "VLArrays")
        a = f.create_vlarray(v, "numbers", tables.Int32Atom(), chunkshape=8, **quiet)
        for i in (3, 0, 5, 1):
            a.append(list(range(i)))
        a = f.create_vlarray(v, "pairs", tables.Float32Atom(shape=(2,)), chunkshape=8, **quiet)
        a.append([[1, 2], [3, 4]])
        a = f.create_vlarray(v, "texts", tables.VLUnicodeAtom(), chunkshape=8, **quiet)
        a.append("é☃")
        a.append("")
        a = f.create_vlarray(v, "bytes", tables.VLStringAtom(), chunkshape=8, **quiet)
        a.append(b"abc")
        a = f.create_vlarray(v, "objects", tables.ObjectAtom(), chunkshape=8, **quiet)
        a.append([1, "a", None])
        z = f.create_group("/", "compressed", "one for each codec", filters=tables.Filters(5, "blosc:lz4"))
        data = np.arange(2000, dtype="i4") // 3
        codecs = ["zlib", "bzip2", "lzo", "blosc", "blosc2"]
        codecs += [f"{b}:{c}" for b in ("blosc", "blosc2") for c in ("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd")]
        for codec in codecs:
            library = codec.split(":")
            if tables.which_lib_version(library[0]) is None or library[-1] == "snappy" and "snappy" not in tables.blosc_compressor_list():
                print(codec, "is not built into this PyTables")
                continue
            try:
                filters = tables.Filters(5, codec, shuffle=True)
            except ValueError as e:
                print(codec, e)
                continue
            f.create_carray(z, codec.replace(":", "_"), obj=data, filters=filters, chunkshape=(1000,), **quiet)
        f.create_carray(z, "inherits", obj=data[:50], chunkshape=(50,), **quiet)
        f.create_carray(z, "bit_shuffle", obj=data, filters=tables.Filters(5, "blosc:zstd", bitshuffle=True), chunkshape=(1000,), **quiet)
        f.create_carray(z, "checked", obj=data, filters=tables.Filters(5, "zlib", fletcher32=True), chunkshape=(1000,), **quiet)
        f.create_soft_link("/", "soft", "/arrays/array")
        f.create_external_link("/", "outside", "links_target_earliest.h5:/data")
        f.create_hard_link("/", "hard", "/arrays/carray")


if __name__ == "__main__":
    os.chdir(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent)
    write("pytables.h5")
