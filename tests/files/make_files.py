"""What is decided for a whole file: superblocks, user block, sizes, K values, shared messages, file space, drivers, SWMR."""
import ctypes
import shutil
import sys
from pathlib import Path

import h5py
import numpy as np

import lib5
from lib5 import call, create, plist


def fill(f, groups=12, size=200, endless=True):
    """The same modest content for each: groups, chunked and contiguous data, attributes, text."""
    line, square = ((None,), (None, None)) if endless else ((size,), (6, 9))
    f.attrs["title"] = "the same content"
    f["contiguous"] = np.arange(size, dtype="<i4")
    f.create_dataset("chunked", data=np.arange(size, dtype="<i2"), chunks=(size // 7,), maxshape=line, compression="gzip")
    f.create_dataset("square", data=np.arange(36, dtype="<i2").reshape(6, 6), chunks=(4, 4), maxshape=square)
    f["texts"] = np.array(["one", "two", ""], dtype=h5py.string_dtype())
    for i in range(groups):
        g = lib5.group(f, f"group {i:02d}")
        g.attrs["number"] = np.int16(i)
    f["soft"] = h5py.SoftLink("/contiguous")
    f["group 00/reference"] = np.array([f["chunked"].ref], h5py.ref_dtype)


def superblocks():
    """Each version of the superblock; and symbol-table and chunk B-tree K values other than the default."""
    for name, bound, k in (
        ("superblock0_earliest", "earliest", None),
        ("superblock1_earliest", "earliest", 7),
        ("superblock2_v18", "v18", None),
        ("superblock3_v110", "v110", None),
        ("superblock3_v112", "v112", None),
        ("superblock3_latest", "latest", None),
    ):
        p = plist("FILE_CREATE")
        if k:
            call("H5Pset_istore_k", p, k)
        with create(name + ".h5", bound, p) as f:
            fill(f)
    for bound in ("earliest", "v18", "latest"):
        p = plist("FILE_CREATE")
        call("H5Pset_istore_k", p, 3)
        call("H5Pset_sym_k", p, 2, 1)  # a root of 4 entries over leaves of 2: a B-tree of several levels at once
        with create(f"btree_k_{bound}.h5", bound, p) as f:
            fill(f, groups=40)


def user_blocks():
    """A user block with text in it, and one that is larger than the smallest."""
    for bound, size in (("earliest", 512), ("latest", 4096)):
        p = plist("FILE_CREATE")
        call("H5Pset_userblock", p, size)
        name = f"userblock_{bound}.h5"
        with create(name, bound, p) as f:
            fill(f)
        with open(name, "r+b") as raw:
            raw.write(b"#!/bin/sh\necho any bytes before the superblock\n")


def offset_sizes():
    """Addresses and lengths of 2 and 4 bytes, equal and mixed."""
    for offset, length in ((2, 2), (4, 4), (4, 8), (8, 4)):
        for bound in lib5.BOUNDS:
            p = plist("FILE_CREATE")
            call("H5Pset_sizes", p, offset, length)
            if bound == "earliest":
                call("H5Pset_istore_k", p, 4)
            with create(f"sizes_{offset}_{length}_{bound}.h5", bound, p) as f:
                # No unlimited dimension: libhdf5 does not know "all ones" for one where lengths are shorter than 8 bytes.
                fill(f, groups=2, size=70, endless=length == 8)
                if bound == "latest" and length > 2:  # libhdf5 cannot read back its heaps with 2-byte lengths
                    g = lib5.group(f, "dense", link_phase_change=(0, 0))
                    g["huge"] = h5py.SoftLink("/" + "y" * 4200)
                    g["small"] = h5py.SoftLink("/contiguous")


def shared_messages():
    """Shared object header messages: as a list, as a B-tree, in several indexes."""
    every = 2 | 8 | 32 | 2048 | 4096
    for word, indexes, phase in (
        ("list", [(every, 20)], (100, 40)),
        ("btree", [(every, 20)], (0, 0)),
        ("indexes", [(2 | 8, 16), (32 | 2048, 30), (4096, 40)], (10, 5)),
    ):
        for bound in lib5.BOUNDS:
            p = plist("FILE_CREATE")
            call("H5Pset_shared_mesg_nindexes", p, len(indexes))
            for i, (flags, least) in enumerate(indexes):
                call("H5Pset_shared_mesg_index", p, i, flags, least)
            call("H5Pset_shared_mesg_phase_change", p, *phase)
            with create(f"shared_{word}_{bound}.h5", bound, p) as f:
                fill(f)
                kind = np.dtype([("a shared member", "<i4"), ("another one", ">f8"), ("text", "S10")])
                for i in range(30):
                    d = f.create_dataset(f"d{i:02d}", (3 + i % 4, 5), kind, chunks=(2, 2), compression="gzip", fillvalue=np.array((i % 3, 1, b""), kind))
                    d.attrs["units, shared by many"] = "micrometre per second" + "!" * (i % 2)
                    d.attrs[f"own {i}"] = np.arange(i % 9, dtype="<f8")
                for i in range(0, 30, 7):
                    del f[f"d{i:02d}"]
                g = lib5.group(f, "dense", attr_phase_change=(0, 0))
                for i in range(10):
                    g.attrs[f"dense {i}"] = f"a value that is long enough to share {i % 3}"


def file_space():
    """File-space strategies, with free space kept in the file; pages of several sizes."""
    for word, strategy, persist, page in (
        ("aggregate_persist", 0, 1, None),
        ("page", 1, 0, 512),
        ("page_persist", 1, 1, 4096),
        ("blocks", 2, 0, None),
        ("none", 3, 0, None),
    ):
        for bound in lib5.BOUNDS:
            p = plist("FILE_CREATE")
            call("H5Pset_file_space_strategy", p, strategy, persist, 1)
            if page:
                call("H5Pset_file_space_page_size", p, page)
            name = f"space_{word}_{bound}.h5"
            with create(name, bound, p) as f:
                fill(f)
                for i in range(8):
                    f[f"to go {i}"] = np.full(300 * (i + 1), i, "<i2")
            # Free space is written when a file that had some is closed.
            with h5py.File(name, "r+", libver=(bound, "latest")) as f:
                for i in range(1, 8, 2):
                    del f[f"to go {i}"]
            with h5py.File(name, "r+", libver=(bound, "latest")) as f:
                f["after"] = np.arange(20, dtype="<i2")
                del f["group 03"]


class ImageConfig(ctypes.Structure):
    """libhdf5's `H5AC_cache_image_config_t`."""

    _fields_ = [("version", ctypes.c_int), ("generate", ctypes.c_bool), ("resize", ctypes.c_bool), ("age", ctypes.c_int)]


def cache_image():
    """A metadata cache image: the last state of the metadata lies in it alone."""
    for bound in ("v110", "latest"):
        a = plist("FILE_ACCESS")
        call("H5Pset_mdc_image_config", a, ctypes.byref(ImageConfig(1, True, False, -1)))
        with create(f"cache_image_{bound}.h5", bound, fapl=a) as f:
            # No dense links or attributes and no extensible array: libhdf5 2.0.0 cannot read its own image of these.
            f.attrs["title"] = "only in the image"
            for i in range(5):
                g = lib5.group(f, f"group {i}")
                g["contiguous"] = np.arange(20 * i, dtype="<i4")
                g.attrs["number"] = np.int16(i)
            f.create_dataset("fixed array", data=np.arange(60, dtype="<i2"), chunks=(7,), compression="gzip")
            f.create_dataset("btree2", data=np.arange(36, dtype="<i2").reshape(6, 6), chunks=(4, 4), maxshape=(None, None))
            f["texts"] = np.array(["one", "two", ""], dtype=h5py.string_dtype())


def drivers():
    """A file in members of 4 KiB (family) and one with metadata and raw data apart (split)."""
    for bound in lib5.BOUNDS:
        for old in Path(".").glob(f"family_{bound}_*.h5"):
            old.unlink()
        a = plist("FILE_ACCESS")
        call("H5Pset_fapl_family", a, 4096, 0)
        with create(f"family_{bound}_%02d.h5", bound, fapl=a) as f:
            fill(f)
            f["long"] = np.arange(3000, dtype="<i4")
        a = plist("FILE_ACCESS")
        call("H5Pset_fapl_split", a, "-m.h5", 0, "-r.h5", 0)
        with create(f"split_{bound}", bound, fapl=a) as f:
            fill(f)


def swmr():
    """Written in SWMR mode and closed; and a copy from the middle, with the marks of an open writer."""
    with h5py.File("swmr_latest.h5", "w", libver="latest") as f:
        f.attrs["title"] = "written by a single writer, for many readers"
        ends = f.create_dataset("rows", (0, 5), "<f8", chunks=(3, 5), maxshape=(None, 5))
        square = f.create_dataset("square", (2, 2), "<i4", chunks=(2, 2), maxshape=(None, None), compression="gzip")
        fixed = f.create_dataset("fixed", (40, 3), "<i2", chunks=(4, 3))
        f.swmr_mode = True
        for i in range(50):
            ends.resize((i + 1, 5))
            ends[i] = np.arange(5) + i / 4
            square.resize((2 + i // 5, 2 + i // 3))
            square[-1, -1] = i
            fixed[i % 40] = i
            f.flush()
            if i == 20:
                shutil.copy("swmr_latest.h5", "swmr_unclosed_latest.h5")


def times():
    """Modification times, and the four times of a newer header. These differ from run to run, by their nature."""
    for bound in lib5.BOUNDS:
        low = bound if bound == "latest" else ("earliest", "latest")
        with h5py.File(f"times_{bound}.h5", "w", libver=low, track_times=True) as f:
            f.create_group("group", track_times=True).attrs["a"] = np.int8(1)
            f.create_dataset("dataset", data=np.arange(3), track_times=True)
            f["type"] = np.dtype("<f4")


def main():
    makers = [superblocks, user_blocks, offset_sizes, shared_messages, file_space, cache_image, drivers, swmr]
    # The only files that cannot be the same twice: made where they are missing.
    if not Path(sys.argv[1] if len(sys.argv) > 1 else lib5.HERE, "times_latest.h5").exists():
        makers.append(times)
    lib5.main(*makers)


if __name__ == "__main__":
    main()
