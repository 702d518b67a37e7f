"""Groups in every form, links of every class, object comments and hard-link cycles."""
import ctypes

import h5py
import numpy as np

import lib5
from lib5 import call, pair

TRACK, INDEX = 1, 2
# libhdf5 keeps pointers to these: they must live as long as the process.
KEPT = []


def groups():
    """Symbol tables (earliest) or link messages (latest), dense groups, creation order, filtered heaps."""
    for f, bound in pair("groups"):
        lib5.group(f, "empty")
        small = lib5.group(f, "small")
        for name in ("b", "a", "c"):
            lib5.group(small, name)
        # 300 links: several symbol-table nodes and a two-level B-tree, or a dense group.
        many = lib5.group(f, "many")
        for i in range(300):
            many[f"soft {i * 7919 % 300:03d}"] = h5py.SoftLink("/small")
        # Kept compact and made dense at once, whatever the number.
        compact = lib5.group(f, "compact", link_phase_change=(50, 40), link_creation_order=TRACK)
        dense = lib5.group(f, "dense", link_phase_change=(0, 0), link_creation_order=TRACK)
        for i in range(30):
            compact[f"k{i}"] = h5py.SoftLink("/empty")
        for i in range(5):
            dense[f"k{i}"] = h5py.SoftLink("/empty")
        indexed = lib5.group(f, "dense indexed", link_phase_change=(4, 2), link_creation_order=TRACK | INDEX)
        for i in range(200):
            indexed[f"name {(i * 37) % 200:04d}"] = h5py.SoftLink(f"/many/soft {i:03d}")
        for i in range(0, 200, 3):
            del indexed[f"name {i:04d}"]
        shrunk = lib5.group(f, "dense to compact", link_phase_change=(6, 4), link_creation_order=TRACK | INDEX)
        for i in range(20):
            shrunk[f"n{i}"] = h5py.SoftLink("/empty")
        for i in range(17):
            del shrunk[f"n{i}"]
        # The link heap's blocks go through deflate: direct blocks and an indirect root.
        filtered = lib5.group(f, "filtered heap", link_phase_change=(0, 0), link_creation_order=TRACK, deflate=6)
        for i in range(400):
            filtered[f"a long name for a link, number {i}"] = h5py.SoftLink(f"/a/rather/long/target/for/link/{i}")
        # Links longer than the heap's largest managed object become huge objects, here filtered too.
        for parent in ("dense huge", "dense huge filtered"):
            more = {"deflate": 6} if "filtered" in parent else {}
            g = lib5.group(f, parent, link_phase_change=(0, 0), link_creation_order=TRACK, **more)
            for i in range(4):
                g[f"long {i}"] = h5py.SoftLink("/" + "x/" * (3000 + i))
        deep = f
        for i in range(40):
            deep = lib5.group(deep, f"level {i}")
        deep["bottom"] = np.arange(3, dtype="<i4")
        names = lib5.group(f, "names")
        for name in ("é☃𝄞", " ", "with space", ".hidden", "x" * 700, "ASCII"):
            lib5.group(names, name)
        call("H5Gclose", call("H5Gcreate2", names.id.id, b"latin\xe9", 0, lib5.plist("GROUP_CREATE"), 0))
        # Estimates that make the first heap and header larger than by default.
        lib5.group(f, "estimates", est_link_info=(20, 30), local_heap_size_hint=500)
        tracked = lib5.group(f, "attribute order", attr_creation_order=TRACK | INDEX)
        for name in ("z", "m", "a"):
            tracked.attrs[name] = np.int8(1)
        f["comment on me"] = np.float32(1.5)
        for name in ("comment on me", "small", "/"):
            call("H5Oset_comment_by_name", f.id.id, name, f"A comment: é, on {name}", 0)


def register_link_class(number):
    """A user-defined link class that leads nowhere; only its number and value reach the file."""
    traverse = ctypes.CFUNCTYPE(
        ctypes.c_int64, ctypes.c_char_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64, ctypes.c_int64
    )(lambda *_: -1)

    class LinkClass(ctypes.Structure):
        _fields_ = [("version", ctypes.c_int), ("id", ctypes.c_int), ("comment", ctypes.c_char_p)] + [
            (n, ctypes.c_void_p) for n in ("create", "move", "copy", "traverse", "delete", "query")
        ]

    made = LinkClass(1, number, b"fixture", None, None, None, ctypes.cast(traverse, ctypes.c_void_p), None, None)
    KEPT.extend([traverse, made])
    call("H5Lregister", ctypes.byref(made))


def links():
    """Hard, soft, dangling, external and user-defined links; chains and cycles."""
    register_link_class(187)
    for bound in lib5.BOUNDS:
        with h5py.File(f"links_target_{bound}.h5", "w", libver=bound if bound == "latest" else ("earliest", "latest")) as t:
            t["data"] = np.arange(5, dtype="<i2")
            lib5.group(t, "inner")["deeper"] = np.arange(2, dtype=">f8")
    for f, bound in pair("links"):
        target = f"links_target_{bound}.h5"
        f["data"] = np.arange(4, dtype="<u2")
        g = lib5.group(f, "g")
        g["hard"] = f["data"]
        g["also"] = f["g"]
        g["up"] = f["/"]
        g["soft absolute"] = h5py.SoftLink("/data")
        g["soft relative"] = h5py.SoftLink("./hard")
        g["soft by soft"] = h5py.SoftLink("/chain/1/hard")
        g["dangling"] = h5py.SoftLink("/not/there")
        g["self"] = h5py.SoftLink("/g/self")
        g["dots"] = h5py.SoftLink("/g/./also/.//hard")
        chain = lib5.group(f, "chain")
        chain["1"] = h5py.SoftLink("/chain/2")
        chain["2"] = h5py.SoftLink("/g")
        for i in range(3, 25):
            chain[f"{i:02d}"] = h5py.SoftLink(f"/chain/{i + 1:02d}" if i < 24 else "/data")
        e = lib5.group(f, "external")
        e["data"] = h5py.ExternalLink(target, "/data")
        e["group"] = h5py.ExternalLink(target, "/inner")
        e["deeper"] = h5py.ExternalLink(target, "inner/deeper")
        e["no file"] = h5py.ExternalLink("not_there.h5", "/data")
        e["no object"] = h5py.ExternalLink(target, "/not there")
        u = lib5.group(f, "user")
        value = ctypes.create_string_buffer(b"\x00\x01any bytes\xff", 12)
        for i, parent in enumerate((u, f)):
            call("H5Lcreate_ud", parent.id.id, f"user link {i}", 187, value, 12, 0, 0)
        call("H5Lcreate_ud", u.id.id, "no value", 187, None, 0, 0, 0)
        dense = lib5.group(f, "all dense", link_phase_change=(0, 0), link_creation_order=TRACK | INDEX)
        dense["hard"] = f["data"]
        dense["soft"] = h5py.SoftLink("/data")
        dense["external"] = h5py.ExternalLink(target, "/data")
        call("H5Lcreate_ud", dense.id.id, "user", 187, value, 12, 0, 0)
        # A moved and an unlinked object.
        lib5.group(f, "moved from")["x"] = np.int8(3)
        f.move("moved from", "moved to")
        lib5.group(f, "unlinked")
        del f["unlinked"]


if __name__ == "__main__":
    lib5.main(groups, links)
