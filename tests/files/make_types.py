"""Every datatype class, as datasets of a few elements."""
import ctypes

import h5py
import numpy as np

import lib5
from lib5 import attribute, call, constant, dataset, pair


def integers():
    """Sizes 1 to 16 bytes, both orders, signed or not, odd precision and bit offset."""
    for f, _ in pair("integers"):
        for size in (1, 2, 4, 8):
            for sign in "iu":
                info = np.iinfo(f"{sign}{size}")
                v = np.array([info.min, info.min + 1, 0, 1, 77, info.max - 1, info.max], f"{sign}{size}")
                for order in "<>":
                    word = "le" if order == "<" else "be"
                    f[f"{sign}{size * 8}{word}"] = v.astype(f"{order}{sign}{size}")
        base = {"le": "H5T_STD_I32LE", "be": "H5T_STD_I32BE"}
        for precision, offset in ((17, 0), (20, 5), (24, 8), (31, 1)):
            for word, name in base.items():
                for sign in (0, 1):
                    t = call("H5Tcopy", constant(name))
                    call("H5Tset_precision", t, precision)
                    call("H5Tset_offset", t, offset)
                    call("H5Tset_sign", t, sign)
                    v = np.array([0, 1, 2 ** (precision - 1) - 1, 2 ** (precision - 1), 2**precision - 1], "<u4") << offset
                    dataset(f, f"{precision} bits at {offset} {word} sign {sign}", t, (5,), v if word == "le" else v.byteswap())
        # 3, 5 and 16 bytes: sizes that no native type has.
        for size in (3, 5, 16):
            for word, name in (("le", "H5T_STD_I64LE"), ("be", "H5T_STD_I64BE")):
                t = call("H5Tcopy", constant(name))
                call("H5Tset_precision", t, min(size * 8, 64))
                call("H5Tset_size", t, size)
                call("H5Tset_precision", t, size * 8)
                dataset(f, f"{size} bytes {word}", t, (4,), bytes(range(1, size * 4 + 1)))
        for pad in (0, 1):
            t = call("H5Tcopy", constant("H5T_STD_U16LE"))
            call("H5Tset_precision", t, 12)
            call("H5Tset_offset", t, 2)
            call("H5Tset_pad", t, pad, pad)
            dataset(f, f"padding of {'ones' if pad else 'zeros'}", t, (3,), np.array([4, 8, 12], "<u2") | (0xC003 if pad else 0))


def float_type(size, sign, exponent, mantissa, bias, norm=2, order=0, precision=None, offset=0):
    """A floating-point type from its bit fields; exponent and mantissa are (position, size)."""
    t = call("H5Tcopy", constant("H5T_IEEE_F64LE"))
    precision = precision or size * 8
    if size > 8:
        call("H5Tset_size", t, size)
        call("H5Tset_precision", t, precision)
    # In this order libhdf5 accepts each step: fields inside 64 bits, then the offset, then fewer bits and bytes.
    call("H5Tset_fields", t, sign, exponent[0], exponent[1], mantissa[0], mantissa[1])
    call("H5Tset_offset", t, offset)
    call("H5Tset_precision", t, precision)
    call("H5Tset_size", t, size)
    call("H5Tset_ebias", t, bias)
    call("H5Tset_norm", t, norm)
    call("H5Tset_order", t, order)
    return t


def floats():
    """IEEE 16/32/64 in both orders, x87 extended, quadruple, bfloat16, FP8, VAX and types by bit fields."""
    special = [0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 1e-5, 6.0e-8, 65504.0]
    for f, _ in pair("floats"):
        for size in (2, 4, 8):
            for order, word in (("<", "le"), (">", "be")):
                f[f"f{size * 8}{word}"] = np.array(special, f"{order}f{size}")
        v = np.array([0, 1, -2.5, 1e300, np.longdouble(1) / 3], np.longdouble)
        raw = np.frombuffer(v.tobytes(), np.uint8).copy().reshape(-1, v.itemsize)
        raw[:, 10:] = 0  # the padding bytes of an 80-bit number hold whatever was there
        t = call("H5Tcopy", constant("H5T_NATIVE_LDOUBLE"))
        dataset(f, "x87 extended", t, (5,), raw)
        one_third = bytes.fromhex("55555555555555555555555555 55fd3f".replace(" ", ""))
        quad = float_type(16, 127, (112, 15), (0, 112), 16383)
        dataset(f, "quadruple", quad, (2,), one_third + bytes(14) + b"\xff\x3f")
        dataset(f, "bfloat16 le", constant("H5T_FLOAT_BFLOAT16LE"), (6,), np.array([0, 0x3F80, 0xBFC0, 0x7F80, 0x7FC0, 1], "<u2"))
        dataset(f, "bfloat16 be", constant("H5T_FLOAT_BFLOAT16BE"), (4,), np.array([0, 0x3F80, 0xBFC0, 0x7F80], ">u2"))
        dataset(f, "fp8 e4m3", constant("H5T_FLOAT_F8E4M3"), (256,), bytes(range(256)))
        dataset(f, "fp8 e5m2", constant("H5T_FLOAT_F8E5M2"), (256,), bytes(range(256)))
        # VAX F and D floating: 1.0, -1.5, 0, pi and the smallest; words in PDP-11 order.
        dataset(f, "vax f", constant("H5T_VAX_F32"), (4,), bytes.fromhex("8040 0000 c0c0 0000 0000 0000 4941 db0f".replace(" ", "")))
        dataset(f, "vax d", constant("H5T_VAX_F64"), (3,), bytes.fromhex("1040 0000 0000 0000 28c0 0000 0000 0000 2141 fb54 1854 112d".replace(" ", "")))
        t = float_type(4, 23, (17, 6), (0, 17), 31, precision=24, offset=0)
        dataset(f, "24 bits in 32", t, (3,), np.array([31 << 17, (31 << 17) | (1 << 23), 1], "<u4"))
        t = float_type(4, 27, (22, 5), (4, 18), 15, precision=24, offset=4)
        dataset(f, "24 bits at 4 be", float_type(4, 27, (22, 5), (4, 18), 15, precision=24, offset=4, order=1), (2,), np.array([15 << 22, 16 << 22], ">u4"))
        dataset(f, "24 bits at 4 le", t, (2,), np.array([15 << 22, 16 << 22], "<u4"))
        t = float_type(8, 63, (52, 11), (0, 52), 1023, norm=0)
        dataset(f, "no implied bit", t, (2,), np.array([1.0, 3.0], "<f8"))


def strings():
    """Fixed and variable strings, both character sets, three paddings."""
    texts = [b"abc", b"", b"12345678", b"a b  "]
    for f, _ in pair("strings"):
        for charset, cname in ((0, "ascii"), (1, "utf8")):
            for pad, pname in enumerate(("nullterm", "nullpad", "spacepad")):
                t = call("H5Tcopy", constant("H5T_C_S1"))
                call("H5Tset_size", t, 8)
                call("H5Tset_cset", t, charset)
                call("H5Tset_strpad", t, pad)
                fill = b" " if pad == 2 else b"\0"
                values = [s.ljust(8, fill) for s in texts]
                if charset:
                    values.append("é☃".encode().ljust(8, fill))
                if pad == 0:
                    values[2] = b"1234567\0"
                    values.append(b"ab\0junk\0")
                dataset(f, f"fixed {cname} {pname}", t, (len(values),), b"".join(values))
                v = call("H5Tcopy", constant("H5T_C_S1"))
                call("H5Tset_size", v, lib5.UNLIMITED)
                call("H5Tset_cset", v, charset)
                call("H5Tset_strpad", v, pad)
                longer = [b"first", b"", b"x" * 5000, "é☃𝄞".encode() if charset else b"last", None]
                pointers = (ctypes.c_char_p * len(longer))(*longer)
                dataset(f, f"variable {cname} {pname}", v, (len(longer),), np.frombuffer(pointers, np.uint8).copy())
        f["one byte"] = np.array([b"a", b"b", b""], "S1")
        f["scalar variable"] = "a scalar"
        f["scalar fixed"] = np.bytes_("scalar")
        f["never written"] = 0
        del f["never written"]
        f.create_dataset("unwritten variable", (3,), h5py.string_dtype())
        f.create_dataset("variable chunked", data=[f"row {i}" * (i % 5) for i in range(50)], dtype=h5py.string_dtype(), chunks=(8,), compression="gzip")
        f.create_dataset("variable with fill", (4,), h5py.string_dtype(), fillvalue="filled", chunks=(2,))
        # Every chunk is begun: libhdf5 cannot read this fill value from a chunk never written, in a file opened to read.
        f["variable with fill"][3] = "set"
        f["variable with fill"][0] = "also set"
        f.create_dataset("many variable", data=[f"text {i} " + "y" * (i % 97) for i in range(700)], dtype=h5py.string_dtype())


def bits():
    """Bit fields, opaque data, the time class."""
    for f, _ in pair("bitfield_opaque_time"):
        for size in (8, 16, 32, 64):
            for word in ("LE", "BE"):
                dataset(f, f"bitfield {size} {word}", constant(f"H5T_STD_B{size}{word}"), (4,), bytes(range(size // 2)))
        t = call("H5Tcopy", constant("H5T_STD_B16LE"))
        call("H5Tset_precision", t, 9)
        call("H5Tset_offset", t, 3)
        dataset(f, "bitfield 9 bits at 3", t, (2,), np.array([0x0FF8, 0x0AA8], "<u2"))
        for size, tag in ((1, b""), (5, b"a tag"), (16, b"12345678"), (3, "é".encode())):
            o = call("H5Tcreate", 5, size)
            call("H5Tset_tag", o, tag)
            dataset(f, f"opaque {size}", o, (3,), bytes(range(3 * size)))
        f["datetime as opaque"] = np.array(["2024-01-02T03:04:05", "NaT"], "M8[s]").astype(h5py.opaque_dtype("M8[s]"))
        for name in ("D32LE", "D32BE", "D64LE", "D64BE"):
            size = int(name[1:3]) // 8
            dataset(f, f"time {name}", constant(f"H5T_UNIX_{name}"), (2,), bytes(range(1, 2 * size + 1)))


def enums():
    """Enumerations on several integers, the boolean of h5py, values without a name."""
    for f, _ in pair("enums"):
        for base in ("<i1", ">i2", "<u4", ">i8", "<u8"):
            low = -1 if "i" in base else 0
            values = {"low": low, "zero": low + 1, "big": 100, "é": 101}
            f[f"enum {base[1:]} {'be' if base[0] == '>' else 'le'}"] = np.array([low, 100, 101, 55], base).astype(h5py.enum_dtype(values, base))
        t = call("H5Tenum_create", constant("H5T_STD_U64LE"))
        for name, value in (("all ones", 2**64 - 1), ("none", 0), ("half", 2**63)):
            call("H5Tenum_insert", t, name, np.array([value], "<u8"))
        dataset(f, "above the signed range", t, (2,), np.array([2**64 - 1, 2**63], "<u8"))
        f["bool"] = np.array([True, False, True])
        f.create_dataset("bool with fill", (5,), bool, fillvalue=True)
        f.create_dataset("many names", data=np.arange(300, dtype="<u2"), dtype=h5py.enum_dtype({f"name {i}": i for i in range(300)}, "<u2"))


def compounds():
    """Compounds: packed, padded, nested, with every member class, with members out of order."""
    for f, _ in pair("compounds"):
        rng = np.random.default_rng(lib5.SEED)
        packed = np.dtype([("a", "<i1"), ("b", ">f8"), ("c", "S3"), ("d", "<u2")])
        f["packed"] = np.array([(-1, 2.5, b"abc", 7), (2, -0.5, b"x", 65535)], packed)
        padded = np.dtype([("a", "<i1"), ("b", "<f8"), ("c", "<i2")], align=True)
        v = np.zeros(3, padded)
        v["a"], v["b"], v["c"] = [1, 2, 3], [0.5, 1.5, 2.5], [-1, -2, -3]
        f["padded"] = v
        f["offsets"] = np.zeros(2, np.dtype({"names": ["late", "early"], "formats": [">i4", "<i2"], "offsets": [10, 1], "itemsize": 20}))
        inner = np.dtype([("x", "<f4"), ("y", ">f4")])
        nested = np.dtype([("id", "<i4"), ("pos", inner), ("more", [("deep", inner), ("n", "u1")]), ("arr", ">i2", (2, 3)), ("pts", inner, (2,))])
        v = np.zeros(4, nested)
        for name, kind in (("id", "<i4"), ("arr", ">i2")):
            v[name] = rng.integers(-100, 100, v[name].shape).astype(kind)
        v["pos"]["x"], v["more"]["deep"]["y"], v["pts"]["y"] = 1.25, -2.5, 3.75
        f["nested"] = v
        f["bool and complex"] = np.array([(True, 1 + 2j)], [("flag", bool), ("z", "<c16")])
        t = np.dtype([("name", h5py.string_dtype()), ("list", h5py.vlen_dtype("<i4")), ("ref", h5py.ref_dtype), ("n", "<i8")])
        v = np.zeros(2, t)
        v[0] = ("first", np.arange(3, dtype="<i4"), f["packed"].ref, 1)
        v[1] = ("é", np.arange(0, dtype="<i4"), f["nested"].ref, 2)
        f["varying"] = v
        f.create_dataset("chunked", data=np.array([(i, i / 2, b"n%d" % i, i) for i in range(40)], packed), chunks=(16,), maxshape=(None,), compression="gzip", shuffle=True)
        f.create_dataset("with fill", (3,), packed, fillvalue=np.array((9, 9.5, b"fil", 9), packed))
        f["wide"] = np.zeros(2, [(f"member with a long name {i:03d}", "<i2") for i in range(200)])
        f["large"] = np.zeros(1, [("a", "u1", (70000,)), ("b", "<i4")])
        f["one member"] = np.array([(5,)], [("only", "<i4")])
        f["scalar"] = np.array((1, 2.5, b"s", 3), packed)


def arrays():
    """Array types: ranks, nesting, base types."""
    for f, _ in pair("arrays"):
        def put(name, dtype, shape, data):
            t = h5py.h5t.py_create(np.dtype(dtype), logical=True)
            dataset(f, name, t.id, shape, data)

        put("vector of i4", ("<i4", (3,)), (2,), np.arange(6, dtype="<i4"))
        put("matrix of f8 be", (">f8", (2, 2)), (3,), np.arange(12, dtype=">f8"))
        put("rank 5", ("u1", (1, 2, 1, 3, 2)), (2,), np.arange(24, dtype="u1"))
        inner = call("H5Tarray_create2", constant("H5T_STD_I16BE"), 1, lib5.sizes([2]))
        outer = call("H5Tarray_create2", inner, 1, lib5.sizes([3]))
        dataset(f, "array of array", outer, (2,), np.arange(12, dtype=">i2"))
        put("of strings", ("S4", (2,)), (2,), b"ab\0\0cd\0\0efghi\0\0\0")
        put("of compounds", ([("a", "<i2"), ("b", "u1")], (2,)), (1,), b"\1\0\2\3\0\4")
        texts = call("H5Tcopy", constant("H5T_C_S1"))
        call("H5Tset_size", texts, lib5.UNLIMITED)
        t = call("H5Tarray_create2", texts, 1, lib5.sizes([2]))
        pointers = (ctypes.c_char_p * 4)(b"one", b"two", b"", b"four")
        dataset(f, "of variable strings", t, (2,), np.frombuffer(pointers, np.uint8).copy())
        put("scalar", ("<i2", (4,)), (), np.arange(4, dtype="<i2"))


class Vlen(ctypes.Structure):
    """libhdf5's `hvl_t`."""

    _fields_ = [("n", ctypes.c_size_t), ("p", ctypes.c_void_p)]


def vlen_bytes(lists, keep):
    """The in-memory bytes of a list of byte strings of (count, bytes)."""
    out = (Vlen * len(lists))()
    for i, (n, raw) in enumerate(lists):
        b = ctypes.create_string_buffer(bytes(raw), max(1, len(raw)))
        keep.append(b)
        out[i].n, out[i].p = n, ctypes.addressof(b) if n else None
    return bytes(out)


def vlens():
    """Variable-length sequences of numbers, strings, compounds, arrays, sequences and references."""
    for f, _ in pair("vlens"):
        keep = []

        def put(name, base, lists, raw=True, **more):
            t = call("H5Tvlen_create", base)
            dataset(f, name, t, (len(lists),), vlen_bytes(lists, keep), **more)

        put("of i4", constant("H5T_STD_I32LE"), [(3, np.arange(3, dtype="<i4").tobytes()), (0, b""), (1, b"\xff\xff\xff\xff")])
        put("of f8 be", constant("H5T_IEEE_F64BE"), [(2, np.array([1.5, -2], ">f8").tobytes())])
        put("long", constant("H5T_STD_U8LE"), [(70000, bytes(i % 251 for i in range(70000))), (5000, bytes(5000)), (1, b"\1")])
        pair_type = h5py.h5t.py_create(np.dtype([("a", "<i2"), ("b", ">f4")]))
        put("of compound", pair_type.id, [(2, np.array([(1, 2.5), (3, 4.5)], "<i2,>f4").tobytes()), (0, b"")])
        array = call("H5Tarray_create2", constant("H5T_STD_I16LE"), 1, lib5.sizes([2]))
        put("of array", array, [(2, np.arange(4, dtype="<i2").tobytes())])
        texts = call("H5Tcopy", constant("H5T_C_S1"))
        call("H5Tset_size", texts, lib5.UNLIMITED)
        strings = (ctypes.c_char_p * 3)(b"a", b"", b"third")
        put("of strings", texts, [(3, bytes(strings)), (0, b"")])
        fixed = call("H5Tcopy", constant("H5T_C_S1"))
        call("H5Tset_size", fixed, 4)
        put("of fixed strings", fixed, [(2, b"ab\0\0cde\0")])
        inner = call("H5Tvlen_create", constant("H5T_STD_I16BE"))
        rows = vlen_bytes([(2, b"\0\1\0\2"), (0, b""), (1, b"\0\3")], keep)
        put("of vlen", inner, [(3, rows), (1, rows[:16]), (0, b"")])
        put("of references", constant("H5T_STD_REF_OBJ"), [(2, np.array([lib5_address(f, "of i4"), lib5_address(f, "long")], "<u8").tobytes())])
        t = h5py.vlen_dtype("<i4")
        d = f.create_dataset("chunked", (30,), t, chunks=(7,), maxshape=(None,), compression="gzip", shuffle=True)
        for i in range(0, 30, 2):
            d[i] = np.arange(i % 9, dtype="<i4")
        f.create_dataset("unwritten", (4,), t)
        # Rewritten with longer and shorter rows: freed objects in the global heap collections.
        d = f.create_dataset("rewritten", (20,), t)
        for turn in (3, 40, 1, 12):
            for i in range(20):
                d[i] = np.arange((i * turn) % 50, dtype="<i4")


def lib5_address(f, name):
    """The address of an object, which is what an old object reference stores."""
    return h5py.h5o.get_info(f[name].id).addr


def old_references():
    """Object and region references of HDF5 1.0 to 1.10."""
    for f, _ in pair("references_old"):
        f["data"] = np.arange(60, dtype="<i4").reshape(6, 10)
        g = lib5.group(f, "group")
        g["inner"] = np.arange(3, dtype="<i2")
        lib5.commit(f, "type", h5py.h5t.py_create(np.dtype("<f4")))
        f["objects"] = np.array([f["data"].ref, f["group/inner"].ref, g.ref, f["type"].ref, f.ref, h5py.Reference()], h5py.ref_dtype)
        d = f["data"]
        points = h5py.h5s.create_simple((6, 10))
        points.select_elements([(5, 9), (0, 0), (3, 4)])
        none = h5py.h5s.create_simple((6, 10))
        none.select_none()
        irregular = h5py.h5s.create_simple((6, 10))
        irregular.select_hyperslab((0, 0), (1, 1), block=(2, 3))
        irregular.select_hyperslab((1, 2), (1, 1), block=(3, 4), op=h5py.h5s.SELECT_OR)
        regions = [d.regionref[1:4, 2:5], d.regionref[::2, ::3], d.regionref[...], d.regionref[5, 5]]
        regions += [h5py.h5r.create(f.id, b"data", h5py.h5r.DATASET_REGION, s) for s in (points, none, irregular)]
        regions.append(h5py.RegionReference())
        f["regions"] = np.array(regions, h5py.regionref_dtype)
        f.create_dataset("unwritten objects", (2,), h5py.ref_dtype)
        f.create_dataset("unwritten regions", (2,), h5py.regionref_dtype)
        g.attrs["to data"] = f["data"].ref
        g.attrs["to region"] = d.regionref[0:2, 0:2]
        v = np.zeros(1, [("o", h5py.ref_dtype), ("n", "<i4")])
        v[0] = (g.ref, 5)
        f["in a compound"] = v
        lib5.group(f, "gone")
        f["dangling"] = np.array([f["gone"].ref], h5py.ref_dtype)
        del f["gone"]


def new_references():
    """References of HDF5 1.12: to objects, regions and attributes, here and in another file."""
    # libhdf5 opens the other file for writing when it follows a reference, and would leave the open mark of a newer
    # superblock set: so this one is old in both pairs.
    with h5py.File("references_other.h5", "w", libver=("earliest", "latest")) as o:
        o["far"] = np.arange(4, dtype="<i2")
        o["far"].attrs["note"] = 1
    for f, _ in pair("references_new"):
        f["data"] = np.arange(60, dtype="<i4").reshape(6, 10)
        f["data"].attrs["units"] = "mm"
        g = lib5.group(f, "group")
        g.attrs["é"] = np.int8(3)
        refs = (ctypes.c_uint8 * (64 * 10))()
        at = ctypes.addressof(refs)
        place = (ctypes.c_void_p(at + 64 * i) for i in range(10))
        for name in ("data", "group", "/"):
            call("H5Rcreate_object", f.id.id, name, 0, next(place))
        block = h5py.h5s.create_simple((6, 10))
        block.select_hyperslab((1, 2), (3, 2), stride=(2, 4), block=(1, 2))
        points = h5py.h5s.create_simple((6, 10))
        points.select_elements([(5, 9), (0, 0)])
        irregular = h5py.h5s.create_simple((6, 10))
        irregular.select_hyperslab((0, 0), (1, 1), block=(2, 3))
        irregular.select_hyperslab((1, 2), (1, 1), block=(3, 4), op=h5py.h5s.SELECT_OR)
        for s in (block, points, irregular):
            call("H5Rcreate_region", f.id.id, "data", s.id, 0, next(place))
        call("H5Rcreate_attr", f.id.id, "data", "units", 0, next(place))
        call("H5Rcreate_attr", f.id.id, "group", "é", 0, next(place))
        other = h5py.File("references_other.h5", "r")
        call("H5Rcreate_object", other.id.id, "far", 0, next(place))
        std = constant("H5T_STD_REF")
        dataset(f, "refs", std, (10,), np.frombuffer(refs, np.uint8).copy())  # the last one stays null
        dataset(f, "refs unwritten", std, (2,))
        attribute(f, "as attribute", std, (), bytes(refs)[64 * 6 : 64 * 7])
        v = call("H5Tvlen_create", std)
        keep = []
        dataset(f, "in vlen", v, (2,), vlen_bytes([(2, bytes(refs)[:128]), (0, b"")], keep))
        p = lib5.plist("DATASET_CREATE")
        call("H5Pset_chunk", p, 1, lib5.sizes([4]))
        dataset(f, "chunked", std, (10,), np.frombuffer(refs, np.uint8).copy(), dcpl=p)
        for i in range(9):
            call("H5Rdestroy", ctypes.c_void_p(at + 64 * i))
        other.close()


def complexes():
    """The complex class of HDF5 2.0, and complex numbers as compounds."""
    for f, _ in pair("complex"):
        for size, kind in ((16, "f2"), (32, "f4"), (64, "f8")):
            for order, word in (("<", "LE"), (">", "BE")):
                v = np.array([1, 2, -3, 0.5, np.inf, -0.0], order + kind)
                dataset(f, f"class {size} {word}", constant(f"H5T_COMPLEX_IEEE_F{size}{word}"), (3,), v)
        t = call("H5Tcomplex_create", constant("H5T_FLOAT_BFLOAT16LE"))
        dataset(f, "class of bfloat16", t, (1,), np.array([0x3F80, 0xBFC0], "<u2"))
        a = call("H5Tarray_create2", constant("H5T_COMPLEX_IEEE_F32LE"), 1, lib5.sizes([2]))
        dataset(f, "array of class", a, (2,), np.arange(8, dtype="<f4"))
        attribute(f, "class", constant("H5T_COMPLEX_IEEE_F64LE"), (), np.array([1.5, -2.5], "<f8"))
        f["compound 64"] = np.array([1 + 2j, -3 + 0.5j], "<c8")
        f["compound 128 be"] = np.array([1 + 2j, -3 + 0.5j], ">c16")
        p = lib5.plist("DATASET_CREATE")
        call("H5Pset_chunk", p, 1, lib5.sizes([2]))
        call("H5Pset_fill_value", p, constant("H5T_COMPLEX_IEEE_F32LE"), np.array([7, -7], "<f4"))
        dataset(f, "class with fill", constant("H5T_COMPLEX_IEEE_F32LE"), (5,), None, dcpl=p, limit=(None,))


def committed():
    """Committed datatypes: used by datasets, attributes and each other; deep nesting of types."""
    for f, _ in pair("committed"):
        types = lib5.group(f, "types")
        lib5.commit(types, "int", h5py.h5t.py_create(np.dtype(">i4")))
        lib5.commit(types, "point", h5py.h5t.py_create(np.dtype([("x", "<f8"), ("y", "<f8")])))
        lib5.commit(types, "colour", h5py.h5t.py_create(h5py.enum_dtype({"red": 0, "green": 1}, "u1"), logical=True))
        lib5.commit(types, "text", h5py.h5t.py_create(h5py.string_dtype(), logical=True))
        types["int"].attrs["about"] = "big-endian"
        dataset(f, "ints", types["int"].id, (3,), np.arange(3, dtype=">i4"))
        dataset(f, "ints again", types["int"].id, (2,), np.arange(2, dtype=">i4"))
        dataset(f, "points", types["point"].id, (2,), np.arange(4, dtype="<f8"))
        dataset(f, "colours", types["colour"].id, (2,), b"\0\1")
        attribute(f, "an int", types["int"].id, (), np.array(5, ">i4"))
        f["a second name"] = types["point"]
        # A compound whose members were committed types: they are copied into it.
        t = call("H5Tcreate", 6, 20)
        call("H5Tinsert", t, "p", 0, types["point"].id)
        call("H5Tinsert", t, "n", 16, types["int"].id)
        dataset(f, "members", t, (2,), bytes(range(40)))
        t = constant("H5T_STD_I8LE")
        for i in range(12):
            outer = call("H5Tcreate", 6, call("H5Tget_size", t) + 1)
            call("H5Tinsert", outer, f"level {i}", 1, t)
            call("H5Tinsert", outer, "n", 0, constant("H5T_STD_U8LE"))
            t = outer
        dataset(f, "deep", t, (2,), bytes(range(26)))


if __name__ == "__main__":
    lib5.main(integers, floats, strings, bits, enums, compounds, arrays, vlens, old_references, new_references, complexes, committed)
