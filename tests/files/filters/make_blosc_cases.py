"""Makes blosc.cases: chunks of Blosc 1 and Blosc 2 as the reference libraries write them.

    pip install numpy h5py hdf5plugin blosc blosc2
    python make_blosc_cases.py            # the small set, kept beside this file
    python make_blosc_cases.py OUT --all  # a big set, for the ignored test of src/filter/blosc/tests.rs

A case is: name, filter (u32), count of client data (u32), client data (u32 each), stored bytes,
plain bytes. Name and bytes have their length (u32) in front. All numbers are little-endian.
"""
import struct
import sys

import blosc
import blosc2
import numpy as np

ALL = "--all" in sys.argv
target = open(sys.argv[1] if len(sys.argv) > 1 else "blosc.cases", "wb")
noise = np.random.default_rng(1)


def text(b):
    return struct.pack("<I", len(b)) + b


def emit(name, number, client_data, stored, plain):
    n = len(client_data)
    target.write(text(name.encode()) + struct.pack("<II", number, n) + struct.pack(f"<{n}I", *client_data))
    target.write(text(bytes(stored)) + text(bytes(plain)))


def plain(kind, count, size):
    b = np.zeros((count, size), "u1")
    if kind == "ramp":
        b[:, 0] = np.arange(count) % 251
        b[:, size - 1] = (np.arange(count) // 7) % 13 + 1
    elif kind == "noise":
        b[:] = noise.integers(0, 256, b.shape)
    elif kind == "mixed":
        b[: count // 2] = 5
        b[count * 3 // 4 :] = noise.integers(0, 256, b[count * 3 // 4 :].shape)
    return b.tobytes()


# Blosc 1: the library's own chunks are what the filter stores
small = [(1, 300), (4, 133), (8, 67), (3, 200)]
big = [(s, c) for s in (1, 2, 3, 4, 8, 12, 16, 17, 40, 255) for c in (1, 7, 129, 1000, 30_011)]
for size, count in big if ALL else small:
    for kind in ("ramp", "noise", "mixed", "zero") if ALL else ("ramp", "mixed"):
        data = plain(kind, count, size)
        for codec in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
            for shuffle in (0, 1, 2):
                if not ALL and (shuffle + size + len(codec)) % 3:
                    continue
                blosc.set_blocksize(0 if count % 2 else 256)
                stored = blosc.compress(data, size, 5, shuffle, codec)
                emit(f"blosc {codec} shuffle {shuffle} {kind} {count} x {size}", 32001, [2, 2, size, len(data)], stored, data)
blosc.set_blocksize(0)
data = plain("noise", 100, 4)
emit("blosc stored", 32001, [], blosc.compress(data, 4, 0, 1, "lz4"), data)

F, C = blosc2.Filter, blosc2.Codec
pipelines = {
    "none": [F.NOFILTER],
    "shuffle": [F.SHUFFLE],
    "bitshuffle": [F.BITSHUFFLE],
    "delta": [F.DELTA],
    "delta shuffle": [F.DELTA, F.SHUFFLE],
    "delta bitshuffle": [F.DELTA, F.BITSHUFFLE],
    "shuffle bytedelta": [F.SHUFFLE, F.BYTEDELTA],
    "shuffle bitshuffle": [F.SHUFFLE, F.BITSHUFFLE],
}


def parameters(codec, filters, size, **more):
    meta = [{F.BYTEDELTA: size, F.TRUNC_PREC: 10}.get(f, 0) for f in filters]
    return dict(codec=codec, clevel=5, typesize=size, filters=filters, filters_meta=meta, **more)


def frame(name, data, size, codec, filters, **more):
    s = blosc2.SChunk(chunksize=more.pop("chunksize", len(data)), data=data, contiguous=True,
                      cparams=parameters(codec, filters, size, **more))
    back = b"".join(s.decompress_chunk(i) for i in range(s.nchunks))
    if back != data and "truncated" not in name:
        print("does not come back:", name, codec.name, size)
    else:
        emit(f"blosc2 {name} {codec.name} {size}", 32026, [1, 0, size, len(data)], s.to_cframe(), back)


for name, filters in pipelines.items():
    for codec in (C.BLOSCLZ, C.LZ4, C.LZ4HC, C.ZLIB, C.ZSTD) if ALL else (C.LZ4, C.ZSTD):
        for size, count in [(1, 300), (2, 1001), (4, 133), (8, 670), (3, 203), (12, 99), (24, 77), (4, 90_000)] if ALL else [(4, 133)]:
            for kind in ("ramp", "noise", "mixed", "zero") if ALL else ("ramp", "mixed"):
                data = plain(kind, count, size)
                frame(f"{name} {kind} {count}", data, size, codec, filters)
                frame(f"{name} {kind} {count} blocks", data, size, codec, filters, blocksize=size * 64)
frame("truncated", np.linspace(0, 1, 100, dtype="f4").tobytes(), 4, C.LZ4, [F.TRUNC_PREC, F.SHUFFLE])
frame("several chunks", plain("ramp", 300, 4), 4, C.LZ4, [F.SHUFFLE], chunksize=400)

# arrays: tiles that do not divide the array, several chunks, special values
shapes = [((10,), (4,), (3,)), ((7, 9), (7, 9), (3, 4)), ((7, 9), (4, 5), (3, 2)), ((3, 4, 5), (3, 4, 5), (2, 2, 2))]
if ALL:
    shapes += [((33, 57), (10, 20), (7, 9)), ((5, 6, 7, 8), (3, 3, 3, 3), (2, 2, 2, 2)), ((300, 200), (300, 200), (64, 33)), ((5, 4), (8, 8), (4, 4))]
for shape, chunks, blocks in shapes:
    for dtype in ("u1", "<i2", "<f4", "<f8", "S12", "<c16") if ALL else ("<i2",):
        for name, filters in pipelines.items() if ALL else [("shuffle", [F.SHUFFLE]), ("delta shuffle", [F.DELTA, F.SHUFFLE])]:
            data = np.frombuffer(plain("ramp", int(np.prod(shape)), np.dtype(dtype).itemsize), dtype).reshape(shape)
            a = blosc2.asarray(data, chunks=chunks, blocks=blocks, contiguous=True,
                               cparams=parameters(C.LZ4, filters, data.itemsize))
            cd = [1, 0, data.itemsize, data.nbytes, 5, 1, 1]
            if len(shape) > 1:
                cd += [len(shape), *shape]
            if a[...].tobytes() != data.tobytes():
                print("does not come back:", name, shape, dtype)
                continue
            emit(f"b2nd {name} {dtype} {shape} {chunks} {blocks}", 32026, cd, a.to_cframe(), data.tobytes())
for name, make in {
    "zeros": lambda: blosc2.zeros((7, 9), dtype="<f4", chunks=(4, 5), blocks=(3, 2), contiguous=True),
    "nans": lambda: blosc2.nans((7, 9), dtype="<f8", chunks=(4, 5), blocks=(3, 2), contiguous=True),
    "value": lambda: blosc2.full((7, 9), 1234, dtype="<i2", chunks=(4, 5), blocks=(3, 2), contiguous=True),
    "value of text": lambda: blosc2.full((7, 9), b"abcde", dtype="S5", chunks=(4, 5), blocks=(3, 2), contiguous=True),
}.items():
    a = make()
    emit(f"b2nd {name}", 32026, [], a.to_cframe(), a[...].tobytes())
