"""What the fixture scripts share: the libhdf5 that h5py has loaded, called through ctypes, and small helpers.

h5py's own API is used where it reaches; the rest (VAX floats, user-defined links, HDF5 1.12 references, file
creation properties, ...) goes through `call`, which takes C function names and plain Python values.
"""

import ctypes
import os
import re
import sys
from pathlib import Path

# Before libhdf5 starts: no locks (the scripts open files twice), and the plugins' folder.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")
import hdf5plugin  # noqa: E402,F401
import h5py  # noqa: E402
import numpy as np  # noqa: E402

BOUNDS = ("earliest", "latest")
HERE = Path(__file__).resolve().parent
SEED = 20260101
LOUD = False  # print libhdf5's error stack where a call fails


def _library():
    """The shared library that h5py brought into this process, or where H5_TEST_LIBRARY=tables, that of PyTables."""
    loaded = [line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()]
    loaded = [name for name in loaded if re.search(r"/libhdf5[-.][^/]*$", name)]
    owner = "/tables.libs/" if os.environ.get("H5_TEST_LIBRARY") == "tables" else "/h5py.libs/"
    # Where both take the system's, there is only one.
    for name in [n for n in loaded if owner in n] or loaded:
        return ctypes.CDLL(name)
    raise SystemExit("h5py has loaded no libhdf5")


LIB = _library()
LIB.H5open()


class LibraryError(Exception):
    """A libhdf5 call said no."""


# What a call gives back decides how many bytes of the result count.
_ID = re.compile(
    r"H5(Pcreate|[FDGTAO]open\w*|[FDGA]create\w*|Screate\w*|Scopy|Tcreate|Tcopy|Tarray_create2|Tvlen_create|Tenum_create"
    r"|Tcomplex_create|[DA]get_(type|space)|\w+get_create_plist|Tget_super|Tget_member_type|Rdereference2|Rget_region"
    r"|Ropen_\w+|Tget_native_type|Aopen\w*)$"
)
_LONG = re.compile(
    r"H5(Tget_(size|member_offset|precision|ebias)|Sget_select_npoints|Aget_name|Oget_comment|Rget_\w*name"
    r"|Pget_virtual_\w+name|Sget_select_hyper_nblocks)$"
)


def call(name, *args, fails=True):
    """Call a C function; Python ints go as 64-bit values. With `fails`, a negative result is an exception."""
    function = getattr(LIB, name)
    if _ID.match(name):
        function.restype = ctypes.c_int64
    elif _LONG.match(name):
        function.restype = ctypes.c_ssize_t
    else:
        function.restype = ctypes.c_int
    passed = []
    for a in args:
        if isinstance(a, bool) or isinstance(a, (int, np.integer)):
            a = int(a)
            passed.append(ctypes.c_uint64(a) if a > 2**63 - 1 else ctypes.c_int64(a))
        elif isinstance(a, str):
            passed.append(a.encode())
        elif isinstance(a, np.ndarray):
            passed.append(ctypes.c_void_p(a.ctypes.data))
        elif hasattr(a, "id") and isinstance(a.id, int):
            passed.append(ctypes.c_int64(a.id))
        else:
            passed.append(a)
    result = function(*passed)
    if fails and result < 0:
        if LOUD:
            LIB.H5Eprint2(ctypes.c_int64(0), None)
        raise LibraryError(name)
    return result


def text_of(name, *args):
    """The string that a C function returns as `char *`, which libhdf5 allocated."""
    function = getattr(LIB, name)
    function.restype = ctypes.c_void_p
    p = function(*[ctypes.c_int64(int(a)) for a in args])
    if not p:
        return b""
    s = ctypes.string_at(p)
    LIB.H5free_memory(ctypes.c_void_p(p))
    return s


def quiet():
    """No error stacks on standard error."""
    LIB.H5Eset_auto2(ctypes.c_int64(0), None, None)


def constant(name):
    """A predefined id: `constant("H5T_VAX_F32")`, `constant("H5P_CLS_FILE_CREATE_ID")`."""
    return ctypes.c_int64.in_dll(LIB, name + "_g").value


def plist(kind):
    """A new property list of a class: FILE_CREATE, FILE_ACCESS, DATASET_CREATE, GROUP_CREATE, ..."""
    p = call("H5Pcreate", constant(f"H5P_CLS_{kind}_ID"))
    if kind in ("FILE_CREATE", "DATASET_CREATE", "GROUP_CREATE", "DATATYPE_CREATE"):
        call("H5Pset_obj_track_times", p, 0)
    return p


def sizes(values):
    """A C array of hsize_t."""
    return (ctypes.c_uint64 * max(1, len(values)))(*[int(v) for v in values])


UNLIMITED = 2**64 - 1


def space(dims=None, limit=None):
    """A dataspace: scalar for `()`, null for None, else simple; `limit` has None for unlimited."""
    if dims is None:
        return call("H5Screate", 2)
    if dims == ():
        return call("H5Screate", 0)
    most = sizes([UNLIMITED if m is None else m for m in limit]) if limit is not None else None
    return call("H5Screate_simple", len(dims), sizes(dims), most)


def dataset(loc, name, tid, dims, data=None, dcpl=None, limit=None, memtype=None):
    """A dataset of the type `tid`, written with the bytes of `data` as they are (memory type = file type)."""
    own = plist("DATASET_CREATE") if dcpl is None else dcpl
    sid = space(dims, limit)
    did = call("H5Dcreate2", loc.id.id, name, tid, sid, 0, own, 0)
    if data is not None:
        raw = data if isinstance(data, np.ndarray) else np.frombuffer(bytes(data), np.uint8).copy()
        call("H5Dwrite", did, tid if memtype is None else memtype, 0, 0, 0, np.ascontiguousarray(raw))
    call("H5Sclose", sid)
    call("H5Dclose", did)


def attribute(loc, name, tid, dims, data, acpl=0):
    """An attribute of the type `tid`, bytes as they are."""
    sid = space(dims)
    aid = call("H5Acreate2", loc.id.id, name, tid, sid, acpl, 0)
    if data is not None:
        raw = data if isinstance(data, np.ndarray) else np.frombuffer(bytes(data), np.uint8).copy()
        call("H5Awrite", aid, tid, np.ascontiguousarray(raw))
    call("H5Sclose", sid)
    call("H5Aclose", aid)


def commit(loc, name, tid):
    """Commit a datatype under a name, without times."""
    call("H5Tcommit2", loc.id.id, name, int(getattr(tid, "id", tid)), 0, plist("DATATYPE_CREATE"), 0)


def group(loc, name, **properties):
    """A group with properties set: `link_phase_change=(0, 0)`, `link_creation_order=3`, `deflate=6`, ..."""
    p = plist("GROUP_CREATE")
    for key, value in properties.items():
        call("H5Pset_" + key, p, *(value if isinstance(value, tuple) else (value,)))
    call("H5Gclose", call("H5Gcreate2", loc.id.id, name, 0, p, 0))
    return loc[name]


def create(path, bound="latest", fcpl=None, fapl=None):
    """A new file with property lists from `plist`; the bound is earliest, v18, v110 or latest."""
    a = plist("FILE_ACCESS") if fapl is None else fapl
    order = {"earliest": 0, "v18": 1, "v110": 2, "v112": 3, "v114": 4, "v200": 5, "latest": 5}
    call("H5Pset_libver_bounds", a, order[bound], 5)
    fid = call("H5Fcreate", str(path), 2, plist("FILE_CREATE") if fcpl is None else fcpl, a)
    return h5py.File(h5py.h5f.FileID(fid))


def pair(name, small_nodes=False, **more):
    """Both files of a feature, one after the other: yields (open file, bound).

    With `small_nodes` the chunk B-trees of the older file have nodes of 4 entries instead of 64, so that a file of
    many small datasets stays small; its superblock is then version 1.
    """
    for bound in BOUNDS:
        if small_nodes and bound == "earliest":
            fcpl = plist("FILE_CREATE")
            call("H5Pset_istore_k", fcpl, 2)
            with create(f"{name}_{bound}.h5", bound, fcpl) as f:
                yield f, bound
            continue
        versions = ("earliest", "latest") if bound == "earliest" else "latest"
        with h5py.File(f"{name}_{bound}.h5", "w", libver=versions, **more) as f:
            yield f, bound


def checksum(raw):
    """Bob Jenkins' lookup3 ("hashlittle", start value 0), the checksum of all newer metadata."""
    mask = 0xFFFFFFFF
    rotate = lambda x, k: (x << k | x >> 32 - k) & mask  # noqa: E731
    a = b = c = (0xDEADBEEF + len(raw)) & mask
    while len(raw) > 12:
        x, y, z = (int.from_bytes(raw[i : i + 4], "little") for i in (0, 4, 8))
        a, b, c, raw = (a + x) & mask, (b + y) & mask, (c + z) & mask, raw[12:]
        for k in (4, 6, 8, 16, 19, 4):
            # One round changes a and c; then the three change places.
            a = ((a - c) & mask) ^ rotate(c, k)
            c = (c + b) & mask
            a, b, c = b, c, a
    if not raw:
        return c
    raw = raw.ljust(12, b"\0")
    x, y, z = (int.from_bytes(raw[i : i + 4], "little") for i in (0, 4, 8))
    a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
    for k in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - rotate(b, k)) & mask
        a, b, c = b, c, a
    return b  # the last round's c


FIXED_TIME = 1_715_938_200


def settle_times(path):
    """Sets every time in a file's object headers to the same instant, with its checksum, so that runs give the same bytes.

    libhdf5 always notes the times of the superblock extension.
    """
    raw = bytearray(Path(path).read_bytes())
    stamp = FIXED_TIME.to_bytes(4, "little")
    at = raw.find(b"OHDR\x02")
    while at >= 0:
        flags = raw[at + 5]
        width = 1 << (flags & 3)
        start = at + 22 + (4 if flags & 0x10 else 0)
        end = start + width + int.from_bytes(raw[start : start + width], "little")
        # What is left of a deleted header may be partly overwritten by other things: then the sum is wrong.
        whole = checksum(bytes(raw[at:end])).to_bytes(4, "little") == raw[end : end + 4]
        if flags & 0x20 and whole:
            raw[at + 6 : at + 22] = stamp * 4
            raw[end : end + 4] = checksum(bytes(raw[at:end])).to_bytes(4, "little")
        at = raw.find(b"OHDR\x02", at + 5)
    # The modification time of older headers: message 0x12, 8 bytes, version 1.
    for found in re.finditer(rb"\x12\0\x08\0.\0\0\0\x01\0\0\0", bytes(raw), re.DOTALL):
        raw[found.end() : found.end() + 4] = stamp
    Path(path).write_bytes(raw)


def main(*makers, settled=()):
    """Run the makers with the output folder (first argument, else this folder) as the current one.

    `settled`: patterns of the files whose times are then made equal.
    """
    global LOUD
    LOUD = True
    os.chdir(sys.argv[1] if len(sys.argv) > 1 else HERE)
    for make in makers:
        make()
    for pattern in settled:
        for path in Path(".").glob(pattern):
            settle_times(path)
