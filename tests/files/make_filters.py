"""Filter pipelines: those of libhdf5, LZF, and the registered ones that hdf5plugin brings."""
import h5py
import hdf5plugin
import numpy as np

import lib5
from lib5 import call, constant, dataset, pair


def smooth(n=1200, dtype="<i4"):
    """Compressible numbers."""
    return (np.arange(n) // 5 % 97 - 20).astype(dtype)


def noisy(n=1200, dtype="<i4"):
    """Incompressible numbers, the same each time."""
    raw = np.random.default_rng(lib5.SEED).bytes(n * np.dtype(dtype).itemsize)
    return np.frombuffer(raw, dtype).copy()


def floating(n=1200, dtype="<f8"):
    """A smooth curve."""
    return np.sin(np.arange(n) / 50).astype(dtype)


def standard():
    """Deflate, shuffle, Fletcher-32, LZF, and pipelines of them."""
    for f, _ in pair("filters", small_nodes=True):
        for level in (0, 1, 6, 9):
            f.create_dataset(f"deflate {level}", data=smooth(), chunks=(500,), compression="gzip", compression_opts=level)
        f.create_dataset("deflate noise", data=noisy(), chunks=(500,), compression="gzip")
        for size in (1, 2, 4, 8):
            f.create_dataset(f"shuffle {size}", data=smooth(300, f"<i{size}"), chunks=(77,), shuffle=True)
        f.create_dataset("shuffle 3", data=np.array([b"%03d" % (i % 1000) for i in range(100)]), chunks=(33,), shuffle=True)
        f.create_dataset("shuffle be", data=smooth(300, ">i4"), chunks=(77,), shuffle=True)
        for n in (1, 2, 3, 7, 100, 361, 720):
            f.create_dataset(f"fletcher32 {n} bytes", data=np.arange(n).astype("u1"), chunks=(n,), fletcher32=True)
        f.create_dataset("fletcher32 ones", data=np.full(1000, 255, "u1"), chunks=(1000,), fletcher32=True)
        f.create_dataset("all three", data=smooth().reshape(30, 40), chunks=(7, 9), shuffle=True, compression="gzip", fletcher32=True)
        f.create_dataset("compound", data=np.array([(i, i / 4) for i in range(200)], "<i2,>f8"), chunks=(64,), shuffle=True, compression="gzip")
        f.create_dataset("lzf", data=smooth(), chunks=(500,), compression="lzf")
        f.create_dataset("lzf shuffle", data=floating(), chunks=(500,), compression="lzf", shuffle=True)
        f.create_dataset("lzf noise", data=noisy(), chunks=(500,), compression="lzf")
        f.create_dataset("lzf long runs", data=np.zeros(60000, "u1"), chunks=(60000,), compression="lzf")
        p = lib5.plist("DATASET_CREATE")
        call("H5Pset_chunk", p, 1, lib5.sizes([100]))
        for name, args in (("deflate", (9,)), ("shuffle", ()), ("deflate", (1,)), ("fletcher32", ())):
            call("H5Pset_" + name, p, *args)
        dataset(f, "deflate twice", constant("H5T_STD_I32LE"), (1200,), smooth(), dcpl=p)


def szip():
    """Szip: entropy and nearest-neighbour coding, blocks of every size, all widths."""
    for f, _ in pair("szip", small_nodes=True):
        for method in ("ec", "nn"):
            for block in (2, 8, 16, 32):
                f.create_dataset(f"{method} {block}", data=smooth(), chunks=(512,), compression="szip", compression_opts=(method, block))
            for kind in ("u1", "<i2", ">i2", "<i4", ">u4", "<f4", "<i8", ">f8"):
                v = floating(700, kind) if "f" in kind else smooth(700, kind)
                f.create_dataset(f"{method} {kind[1:]} {'be' if kind[0] == '>' else 'le'}", data=v, chunks=(256,), compression="szip", compression_opts=(method, 16))
            f.create_dataset(f"{method} rank 2", data=smooth(2000).reshape(40, 50), chunks=(16, 33), compression="szip", compression_opts=(method, 8))
            f.create_dataset(f"{method} noise", data=noisy(600), chunks=(256,), compression="szip", compression_opts=(method, 16))
            f.create_dataset(f"{method} zeros", data=np.zeros(5000, "<i2"), chunks=(4096,), compression="szip", compression_opts=(method, 32))
            f.create_dataset(f"{method} with others", data=smooth(), chunks=(300,), shuffle=True, compression="szip", compression_opts=(method, 8), fletcher32=True)
        f.create_dataset("nn short lines", data=smooth(60).reshape(20, 3), chunks=(20, 3), compression="szip", compression_opts=("nn", 2))
        t = call("H5Tcopy", constant("H5T_STD_U16LE"))
        call("H5Tset_precision", t, 10)
        p = lib5.plist("DATASET_CREATE")
        call("H5Pset_chunk", p, 1, lib5.sizes([256]))
        call("H5Pset_szip", p, 32, 16)
        dataset(f, "nn 10 bits", t, (512,), np.arange(512, dtype="<u2"), dcpl=p)


def packed():
    """N-bit and scale-offset: packing by the datatype's precision and by the values' range."""
    for f, bound in pair("nbit_scaleoffset", small_nodes=True):
        def nbit(name, t, shape, data, chunk=None):
            p = lib5.plist("DATASET_CREATE")
            call("H5Pset_chunk", p, len(shape), lib5.sizes(chunk or shape))
            call("H5Pset_nbit", p)
            dataset(f, name, t, shape, data, dcpl=p)

        for base, dtype in (("STD_I8LE", "u1"), ("STD_U16LE", "<u2"), ("STD_I32LE", "<u4"), ("STD_I32BE", ">u4"), ("STD_U64BE", ">u8")):
            bits = 8 * np.dtype(dtype).itemsize
            cases = [(bits // 2 + 1, 0), (bits // 2, 2), (bits - 3, 1)]
            # libhdf5 takes fewer than half the bits for damage where the header has no checksum.
            cases += [(5, 2)] if bound == "latest" else []
            for precision, offset in cases:
                t = call("H5Tcopy", constant("H5T_" + base))
                call("H5Tset_precision", t, precision)
                call("H5Tset_offset", t, offset)
                v = ((np.arange(60, dtype="<u8") * (2**precision // 59) % 2**precision) << offset).astype(dtype)
                nbit(f"nbit {base} {precision} at {offset}", t, (60,), v, (17,))
        nbit("nbit full precision", constant("H5T_STD_I32LE"), (10,), np.arange(10, dtype="<i4"))
        from make_types import float_type

        t = float_type(4, 26, (20, 6), (7, 13), 31, precision=20, offset=7)
        nbit("nbit float 20 bits at 7", t, (5,), np.array([31 << 20, 32 << 20, (31 << 20) | (1 << 26), 5 << 7, 0], "<u4"))
        small = call("H5Tcopy", constant("H5T_STD_U16LE"))
        call("H5Tset_precision", small, 11)
        array = call("H5Tarray_create2", small, 2, lib5.sizes([2, 3]))
        nbit("nbit array", array, (4,), (np.arange(24) * 83 % 2048).astype("<u2"))
        odd = call("H5Tcopy", constant("H5T_STD_I32BE"))
        call("H5Tset_precision", odd, 13)
        call("H5Tset_offset", odd, 3)
        text = call("H5Tcopy", constant("H5T_C_S1"))
        call("H5Tset_size", text, 3)
        inner = call("H5Tcreate", 6, 4)
        call("H5Tinsert", inner, "a", 0, small)
        call("H5Tinsert", inner, "b", 2, constant("H5T_STD_U8LE"))
        outer = call("H5Tcreate", 6, 32)
        for name, at, t in (("small", 0, small), ("text", 3, text), ("odd", 8, odd), ("inner", 12, inner), ("array", 16, array)):
            call("H5Tinsert", outer, name, at, t)
        v = np.zeros(9, np.dtype({"names": ["s", "t", "o", "a", "b", "r"], "formats": ["<u2", "S3", ">u4", "<u2", "u1", ("<u2", (6,))], "offsets": [0, 3, 8, 12, 14, 16], "itemsize": 32}))
        n = np.arange(9)
        v["s"], v["o"], v["a"], v["b"], v["t"] = n * 200, (n * 900) << 3, n * 100, n, b"abc"
        v["r"] = np.arange(54).reshape(9, 6) * 30
        nbit("nbit compound", outer, (9,), v, (4,))
        for kind in ("<i1", "<u1", "<i2", ">i2", "<u4", ">i4", "<i8", ">u8"):
            word = kind[1:] + (" be" if kind[0] == ">" else "")
            v = (np.arange(100) * 7 % 90).astype(kind)
            if "i" in kind:
                v = (v.astype("<i8") - 45).astype(kind)
            f.create_dataset(f"scaleoffset {word}", data=v, chunks=(33,), scaleoffset=0)
            f.create_dataset(f"scaleoffset {word} 7 bits", data=v, chunks=(33,), scaleoffset=7)
            d = f.create_dataset(f"scaleoffset {word} with fill", (100,), kind, chunks=(33,), scaleoffset=0, fillvalue=99)
            d[5:50] = v[5:50]
        f.create_dataset("scaleoffset constant", data=np.full(50, 1234, "<i4"), chunks=(20,), scaleoffset=0)
        f.create_dataset("scaleoffset full range", data=noisy(50, "<i8"), chunks=(20,), scaleoffset=0)
        f.create_dataset("scaleoffset then deflate", data=smooth(), chunks=(200,), scaleoffset=0, compression="gzip")
        for kind in ("<f4", ">f4", "<f8", ">f8"):
            word = kind[1:] + (" be" if kind[0] == ">" else "")
            for digits in (0, 2, 5):
                f.create_dataset(f"scaleoffset {word} {digits} digits", data=(floating(80, kind) * 10), chunks=(33,), scaleoffset=digits)
            d = f.create_dataset(f"scaleoffset {word} with fill", (80,), kind, chunks=(33,), scaleoffset=3, fillvalue=-999)
            d[10:60] = floating(50, kind)


def plugins():
    """One dataset or more for each registered filter that hdf5plugin writes."""
    P = hdf5plugin
    for f, bound in pair("filters_plugin", small_nodes=True):
        def put(name, data, chunks, **how):
            f.create_dataset(name, data=data, chunks=chunks, **how)

        # What a filter writes does not depend on the bound: the older file has one dataset for each, as the message differs.
        both = (("smooth", smooth()), ("float", floating()), ("noise", noisy(510)))
        both = both[:1] if bound == "earliest" else both
        for word, v in both:
            n = (500,)
            put(f"lz4 {word}", v, n, **P.LZ4())
            put(f"zstd {word}", v, n, **P.Zstd())
            put(f"bzip2 {word}", v, n, **P.BZip2())
            put(f"bitshuffle {word}", v, n, **P.Bitshuffle(cname="none"))
            put(f"bitshuffle lz4 {word}", v, n, **P.Bitshuffle(cname="lz4"))
            put(f"bitshuffle zstd {word}", v, n, **P.Bitshuffle(cname="zstd", clevel=3))
            for codec in ("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"):
                try:
                    put(f"blosc {codec} {word}", v, n, **P.Blosc(cname=codec, clevel=5, shuffle=P.Blosc.SHUFFLE))
                except ValueError as e:
                    print("blosc", codec, "is not built:", e)
            for codec in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
                put(f"blosc2 {codec} {word}", v, n, **P.Blosc2(cname=codec, clevel=5, filters=P.Blosc2.SHUFFLE))
        if bound == "earliest":
            put("zfp", floating(), (250,), **P.Zfp(reversible=True))
            continue
        put("lz4 blocks", smooth(3000), (3000,), **P.LZ4(nbytes=1000))
        put("zstd 19", smooth(), (500,), **P.Zstd(clevel=19))
        put("bzip2 1", smooth(), (500,), **P.BZip2(blocksize=1))
        put("bitshuffle u1", smooth(1000, "u1"), (333,), **P.Bitshuffle(cname="lz4"))
        put("bitshuffle u2 be", smooth(1000, ">u2"), (333,), **P.Bitshuffle(cname="lz4"))
        put("bitshuffle f8 blocks", floating(4000), (4000,), **P.Bitshuffle(nelems=1024, cname="lz4"))
        put("bitshuffle compound", np.array([(i, i / 4) for i in range(200)], "<i2,<f8"), (64,), **P.Bitshuffle(cname="lz4"))
        for level in (0, 9):
            put(f"blosc level {level}", smooth(), (500,), **P.Blosc(cname="lz4", clevel=level))
        put("blosc no shuffle", smooth(), (500,), **P.Blosc(cname="zstd", shuffle=P.Blosc.NOSHUFFLE))
        put("blosc bit shuffle", smooth(), (500,), **P.Blosc(cname="lz4", shuffle=P.Blosc.BITSHUFFLE))
        put("blosc several blocks", smooth(100000), (100000,), **P.Blosc(cname="blosclz", clevel=1))
        put("blosc2 level 0", smooth(), (500,), **P.Blosc2(cname="lz4", clevel=0))
        put("blosc2 no filter", smooth(), (500,), **P.Blosc2(filters=P.Blosc2.NOFILTER))
        put("blosc2 bit shuffle", smooth(), (500,), **P.Blosc2(filters=P.Blosc2.BITSHUFFLE))
        put("blosc2 delta", smooth(), (500,), **P.Blosc2(filters=P.Blosc2.DELTA))
        put("blosc2 truncated", floating(), (500,), **P.Blosc2(filters=P.Blosc2.TRUNC_PREC))
        put("blosc2 rank 2", smooth(2000).reshape(40, 50), (16, 30), **P.Blosc2(cname="zstd"))
        put("blosc2 zeros", np.zeros(1000, "<f8"), (500,), **P.Blosc2(cname="lz4"))
        for kind in ("<f4", "<f8", "<i4", "<i8"):
            word, v = kind[1:], floating(1000, kind) if "f" in kind else smooth(1000, kind)
            for name, how in (("rate", dict(rate=10)), ("reversible", dict(reversible=True))):
                put(f"zfp {name} {word}", v, (250,), **P.Zfp(**how))
            if "f" in kind:
                put(f"zfp accuracy {word}", v, (250,), **P.Zfp(accuracy=0.001))
                put(f"zfp precision {word}", v, (250,), **P.Zfp(precision=12))
        put("zfp rank 2", floating(900).reshape(30, 30), (13, 11), **P.Zfp(accuracy=1e-4))
        put("zfp rank 3", floating(1000).reshape(10, 10, 10), (6, 5, 4), **P.Zfp(reversible=True))
        put("zfp rank 4", floating(625).reshape(5, 5, 5, 5), (4, 5, 3, 5), **P.Zfp(reversible=True))
        put("zfp expert", floating(), (250,), **P.Zfp(minbits=1, maxbits=16657, maxprec=64, minexp=-20))
        put("sz3 absolute", floating(), (500,), **P.SZ3(absolute=0.01))
        put("sz absolute", floating(), (500,), **P.SZ(absolute=0.01))
        put("fcidecomp", smooth(400, "u1").reshape(20, 20), (20, 20), **P.FciDecomp())
        put("sperr", floating(1024, "<f4").reshape(32, 32), (32, 32), **P.Sperr(rate=8))


if __name__ == "__main__":
    lib5.main(standard, szip, packed, plugins)
