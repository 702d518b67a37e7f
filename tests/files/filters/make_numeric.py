"""Writes the test vectors of szip, nbit and scale-offset with libhdf5 through h5py.

Each line of the output: name, filter id, client data, stored chunk (hex), what the chunk decodes
to (hex, in the file's own type). Run: python make_numeric.py [szip] [nbit] [scaleoffset] [large]

szip.txt and scaleoffset.txt keep a part of the chunks of at most 200 bytes.
The tests read another folder's files where H5_NUMERIC_VECTORS names it, for all of them.
"""
import ctypes
import io
import sys
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

LARGE = "large" in sys.argv
rng = np.random.default_rng(7)


def store(name, filter_id, filetype, chunk, dcpl, data):
    """Stores `data` as one chunk of one dataset and prints it; None as memory type converts."""
    file = h5py.File("x", "w", driver="core", backing_store=False)
    dcpl.set_chunk(chunk)
    packed = h5d.create(file.id, b"packed", filetype, h5s.create_simple(chunk), dcpl)
    if data.dtype.kind == "V":
        packed.write(h5s.ALL, h5s.ALL, data, filetype)
    else:
        packed.write(h5s.ALL, h5s.ALL, data)
    file.flush()
    mask, stored = packed.read_direct_chunk((0,) * len(chunk))
    if mask:
        return
    values = packed.get_create_plist().get_filter(0)[2]
    image = file.id.get_file_image()
    packed = None
    file.close()
    # from the bytes of the file, so that the filter runs backward
    again = h5d.open(h5py.File(io.BytesIO(image), "r").id, b"packed")
    plain = np.empty(chunk, dtype=np.dtype((np.void, filetype.get_size())))
    again.read(h5s.ALL, h5s.ALL, plain, filetype)
    print(name, filter_id, ",".join(map(str, values)), stored.hex(), plain.tobytes().hex())


def emit(name, filter_id, filetype, chunk, data, options=()):
    dcpl = h5p.create(h5p.DATASET_CREATE)
    if filter_id == 4:
        dcpl.set_szip(*options)
    else:
        dcpl.set_filter(filter_id, 0, options)
    store(name, filter_id, filetype, chunk, dcpl, data)


def integer(size, signed, order, precision=None, offset=0):
    name = f"STD_{'I' if signed else 'U'}{8 * size}{order}"
    t = getattr(h5t, name).copy()
    if precision is not None:
        t.set_precision(precision)
        t.set_offset(offset)
    return t


def ramp(count, top, kind):
    i = np.arange(count)
    if kind == "zero":
        return np.zeros(count, dtype=np.int64)
    if kind == "walk":
        steps = rng.integers(-3, 4, count).cumsum() + top // 2
        return np.clip(steps, 0, top)
    if kind == "noise":
        return rng.integers(0, top, count, endpoint=True, dtype=np.int64)
    if kind == "sparse":
        out = np.zeros(count, dtype=np.int64)
        out[:: max(1, count // 3)] = top // 3
        return out
    return np.minimum(i % 5, top)


def szip():
    EC, NN = 4, 32
    for mask, label in ((EC, "ec"), (NN, "nn")):
        for size in (1, 2, 4, 8):
            for order in ("LE", "BE"):
                for kind in ("walk", "noise", "sparse", "low", "zero"):
                    shapes = [((37,), 8), ((5, 11), 4), ((3, 40), 16)] if not LARGE else [
                        ((1000,), 8), ((70, 33), 32), ((5000,), 2), ((3, 4097), 32), ((7, 5), 8), ((130, 64), 16)]
                    for chunk, block in shapes:
                        count = int(np.prod(chunk))
                        top = 2 ** min(8 * size - 1, 40) - 1
                        data = ramp(count, top, kind).reshape(chunk)
                        emit(f"szip_{label}_{size}{order}_{kind}_{'x'.join(map(str, chunk))}_{block}", 4,
                             integer(size, False, order), chunk, data, (mask, block))
        for precision in (3, 8, 9, 12, 16, 17, 20, 24):
            size = 1 if precision <= 8 else 2 if precision <= 16 else 4
            for kind in ("walk", "noise", "low"):
                data = ramp(43, 2**precision - 1, kind)
                emit(f"szip_{label}_bits{precision}_{kind}", 4, integer(size, False, "LE", precision), (43,), data,
                     (mask, 8))
        for t, label2 in ((h5t.IEEE_F32LE, "f32le"), (h5t.IEEE_F64BE, "f64be")):
            emit(f"szip_{label}_{label2}", 4, t, (29,), np.sin(np.arange(29) / 9), (mask, 8))


def nbit():
    for size, precision, offset in ((1, 3, 0), (1, 5, 2), (1, 8, 0), (2, 9, 0), (2, 12, 4), (2, 7, 3), (2, 2, 7), (4, 17, 5),
                                    (4, 31, 0), (4, 8, 8), (8, 40, 11), (8, 63, 1), (8, 1, 33), (8, 64, 0)):
        for signed in (False, True):
            for order in ("LE", "BE"):
                t = integer(size, signed, order, precision, offset)
                high = 2 ** (precision - 1) - 1 if signed and precision > 1 else min(2**precision - 1, 2**62)
                low = -high if signed else 0
                data = rng.integers(low, high, 7, endpoint=True, dtype=np.int64)
                emit(f"nbit_{'i' if signed else 'u'}{size}{order}_{precision}_{offset}", 5, t, (7,), data)
    f = h5t.IEEE_F32LE.copy()
    f.set_fields(26, 20, 6, 7, 13)
    f.set_offset(7)
    f.set_precision(20)
    f.set_ebias(31)
    f32be = h5t.IEEE_F32BE.copy()
    f32be.set_fields(26, 20, 6, 7, 13)
    f32be.set_offset(7)
    f32be.set_precision(20)
    f32be.set_ebias(31)
    emit("nbit_f20le", 5, f, (6,), np.array([1.5, -2.25, 0, 100.125, 3e-3, 7]))
    emit("nbit_f20be", 5, f32be, (6,), np.array([1.5, -2.25, 0, 100.125, 3e-3, 7]))
    emit("nbit_f64", 5, h5t.IEEE_F64LE, (3,), np.array([1.5, -2.25, 0]))
    wide = h5t.NATIVE_LDOUBLE.copy()
    emit("nbit_long_double", 5, wide, (3,), np.array([1.5, -2.25, 0]))
    emit("nbit_string", 5, h5t.py_create(np.dtype("S5")), (3,), np.array([b"abc", b"hello", b""], dtype="S5"))

    def compound(members, size):
        c = h5t.create(h5t.COMPOUND, size)
        for name, offset, t in members:
            c.insert(name, offset, t)
        return c

    def raw(name, filetype, chunk):
        """Random bytes, written without a conversion."""
        dcpl = h5p.create(h5p.DATASET_CREATE)
        dcpl.set_filter(5, 0, ())
        size = filetype.get_size()
        data = rng.integers(0, 256, int(np.prod(chunk)) * size, dtype=np.uint8)
        store(name, 5, filetype, chunk, dcpl, data.view(np.dtype((np.void, size))).reshape(chunk))

    i12 = integer(2, True, "LE", 12, 3)
    u5 = integer(1, False, "BE", 5, 1)
    i30 = integer(4, True, "BE", 30, 1)
    text = h5t.py_create(np.dtype("S3"))
    inner = compound([(b"a", 0, i12), (b"t", 3, text), (b"b", 7, u5)], 9)
    raw("nbit_raw_i12", i12, (5,))
    raw("nbit_raw_compound", inner, (4,))
    raw("nbit_raw_array", h5t.array_create(i30, (2, 3)), (3,))
    raw("nbit_raw_nested", compound([(b"x", 1, inner), (b"y", 12, u5)], 15), (3,))
    raw("nbit_raw_array_of_compound", compound([(b"y", 2, h5t.array_create(inner, (2,)))], 22), (2,))
    raw("nbit_raw_array_of_array",
        compound([(b"z", 1, h5t.array_create(h5t.array_create(u5, (3,)), (2,)))], 9), (2,))
    raw("nbit_raw_array_text", compound([(b"s", 0, h5t.array_create(text, (2, 2))), (b"u", 12, u5)], 13), (3,))


def scaleoffset():
    INT, DSCALE = 2, 0
    cases = {
        "span": lambda lo, hi: rng.integers(max(lo, -9), min(hi, 30), 11, dtype=np.int64),
        "same": lambda lo, hi: np.full(11, min(hi, 77)),
        "full": lambda lo, hi: np.array([lo, hi, 0, 1, 2, 3, lo, hi, 5, 6, 7], dtype=object),
        "high": lambda lo, hi: np.array([hi - 1, hi - 3, hi - 90] + [hi - 2] * 8, dtype=object),
        "low": lambda lo, hi: np.array([lo, lo + 5, lo + 6] + [lo + 1] * 8, dtype=object),
    }
    for size in (1, 2, 4, 8):
        for signed in (False, True):
            lo, hi = (-(2 ** (8 * size - 1)), 2 ** (8 * size - 1) - 1) if signed else (0, 2 ** (8 * size) - 1)
            dtype = np.dtype(f"{'i' if signed else 'u'}{size}")
            for order in ("LE", "BE"):
                for case, make in cases.items():
                    data = np.array(make(lo, hi)).astype(dtype)
                    for fill_label, fill in (("default", None), ("fill", data[2]), ("undefined", "")):
                        emit_so(f"so_{dtype}{order}_{case}_{fill_label}", integer(size, signed, order), data,
                                (INT, 0), fill)
    emit_so("so_int_fixed", integer(4, True, "LE"), np.arange(9, dtype="i4") - 4, (INT, 7), None)
    emit_so("so_int_whole", integer(2, True, "BE"), np.arange(9, dtype="i2") - 4, (INT, 16), None)
    floats = {
        "sine": np.sin(np.arange(13)) * 10,
        "same": np.full(13, 2.5),
        "wide": np.array([-1e30, 1e30] + [0.5] * 11),
        "negative": -np.arange(13) / 7 - 100,
        "filled": np.array([1.25, -99.5, 3.5, -99.5, 8.125] * 2 + [0.1, 0.2, 0.3]),
    }
    for t, dtype in (("F32LE", "f4"), ("F32BE", "f4"), ("F64LE", "f8"), ("F64BE", "f8")):
        for case, data in floats.items():
            for scale in (0, 2, 5, -1):
                for fill in (None, -99.5, "undefined"):
                    emit_so(f"so_{t}_{case}_{scale}_{fill}", getattr(h5t, f"IEEE_{t}"), data.astype(dtype),
                            (DSCALE, scale), fill)


def emit_so(name, filetype, data, options, fill):
    dcpl = h5p.create(h5p.DATASET_CREATE)
    dcpl.set_filter(6, 0, tuple(v & 0xFFFFFFFF for v in options))
    if isinstance(fill, str):
        # h5py cannot make the fill value undefined
        library = next((Path(h5py.__file__).parent.parent / "h5py.libs").glob("libhdf5-*"))
        set_fill_value = ctypes.CDLL(library).H5Pset_fill_value
        set_fill_value.argtypes = [ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
        assert set_fill_value(dcpl.id, filetype.id, None) >= 0
    elif fill is not None:
        dcpl.set_fill_value(np.array(fill, dtype=data.dtype))
    store(name, 6, filetype, data.shape, dcpl, data)


for part in (szip, nbit, scaleoffset):
    if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
        part()
