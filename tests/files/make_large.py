"""Large files, made at test time and not kept: `python make_large.py OUTDIR [NAME...]`.

For each file, `OUTDIR/NAME.json` says what a reader has to find: `{"objects": [{"path", ...facts}]}` with the facts
`dims`, `index` (chunk index), `written` (chunks with data), `links` and `attributes` (numbers of them), `values`
(list of [coordinates, value]), `link_targets`, `attribute_values`. Values at places not named may be anything.
"""
import json
import os
import sys
import time
from pathlib import Path

import h5py
import numpy as np

import lib5
from lib5 import call, constant, plist

BIG = 2**41


def chunk_filled(d, at, value):
    """Writes one element, so that one chunk comes to be."""
    d[at] = value
    return [list(at), value]


def sparse():
    """More than 2^40 elements, of which a few chunks are written, under every index that can be sparse."""
    side, part = 2**21, 2**12
    places = [(0, 0), (part, 1), (side - 1, side - 1), (side // 2, 5), (7 * part + 3, side - 2)]
    line = [(0,), (2**24,), (BIG - 1,), (BIG // 2 + 12345,), (3 * 2**24 - 1,)]
    for bound in lib5.BOUNDS:
        objects = []
        with h5py.File(f"large_sparse_{bound}.h5", "w", libver=bound if bound == "latest" else ("earliest", "latest")) as f:
            for name, index, shape, chunk, most, at in (
                ("line", "fixed_array", (BIG,), (2**24,), None, line),
                ("endless", "extensible_array", (BIG,), (2**24,), (None,), line),
                ("square", "fixed_array", (side, side), (part, part), None, places),
                ("endless square", "btree2", (side, side), (part, part), (None, None), places),
                ("endless columns", "extensible_array", (side, side), (part, part), (side, None), places),
            ):
                if bound == "latest" and index == "fixed_array" and len(shape) == 2:
                    continue  # its index alone would be 4 MiB and more: the line shows the same
                d = f.create_dataset(name, shape, "u1", chunks=chunk, maxshape=most, compression="gzip", compression_opts=1, fillvalue=7)
                values = [chunk_filled(d, a, 20 + i) for i, a in enumerate(at)]
                nothing = [[int(s) - 5 for s in shape], 7]
                if nothing[0] != [s - 1 for s in shape]:
                    values.append(nothing)
                used = {tuple(x // c for x, c in zip(a, chunk)) for a in at}
                objects.append({"path": "/" + name, "dims": list(shape), "chunk": list(chunk), "written": len(used), "values": values,
                                "index": index if bound == "latest" else "btree1"})  # fmt: skip
        yield f"large_sparse_{bound}.h5", objects


def many_attributes():
    """70,000 attributes on one object: more than 16 bits of creation order count."""
    n = 70_000
    with h5py.File("large_attributes_latest.h5", "w", libver="latest") as f:
        for name, order in (("plain", 0), ("ordered", 3)):
            g = lib5.group(f, name, attr_creation_order=order, attr_phase_change=(8, 6))
            sid, tid = lib5.space(()), constant("H5T_STD_I32LE")
            count = n if name == "plain" else 3000
            for i in range(count):
                aid = call("H5Acreate2", g.id.id, b"attribute %05d" % (i * 7919 % count), tid, sid, 0, 0)
                call("H5Awrite", aid, tid, np.array([i], "<i4"))
                call("H5Aclose", aid)
        picks = [0, 1, 2, 29, 1000, 2999]
        facts = [{"path": "/" + name, "attributes": count,
                  "attribute_values": [["attribute %05d" % (i * 7919 % count), i] for i in picks + [count - 1]]}
                 for name, count in (("plain", n), ("ordered", 3000))]  # fmt: skip
    yield "large_attributes_latest.h5", facts


def many_links():
    """100,000 links in one group: a B-tree of symbol tables, and a dense group."""
    n = 100_000
    for bound in lib5.BOUNDS:
        name = f"large_links_{bound}.h5"
        with h5py.File(name, "w", libver=bound if bound == "latest" else ("earliest", "latest")) as f:
            f["data"] = np.int8(5)
            g = lib5.group(f, "many")
            for i in range(n):
                call("H5Lcreate_soft", b"/target/%06d" % i, g.id.id, b"link %06d" % (i * 7919 % n), 0, 0)
            for i in (0, n // 2, n - 1):
                f["many"][f"hard {i:06d}"] = f["data"]
        targets = [["link %06d" % (i * 7919 % n), "/target/%06d" % i] for i in (0, 1, 12345, 50000, n - 1)]
        yield name, [{"path": "/many", "links": n + 3, "link_targets": targets}]


def deep_btree():
    """Version-2 B-trees of depth 3: one chunk for each byte, two unlimited dimensions."""
    side = 330
    name = "large_btree2_latest.h5"
    with h5py.File(name, "w", libver="latest") as f:
        d = f.create_dataset("depth 3", (side, side), "u1", chunks=(1, 1), maxshape=(None, None))
        d[...] = (np.arange(side * side) % 251).reshape(side, side)
    depth = max(raw_depths(name))
    if depth < 3:
        raise SystemExit(f"the B-tree has depth {depth}, not 3")
    values = [[[i, j], (i * side + j) % 251] for i, j in ((0, 0), (1, 2), (100, 300), (side - 1, side - 1))]
    yield name, [{"path": "/depth 3", "dims": [side, side], "index": "btree2", "depth": depth, "written": side * side, "values": values}]


def raw_depths(path):
    """The depth field of each version-2 B-tree header of chunk records in a file."""
    raw = Path(path).read_bytes()
    at = raw.find(b"BTHD\0\x0a")
    while at >= 0:
        yield int.from_bytes(raw[at + 12 : at + 14], "little")
        at = raw.find(b"BTHD\0\x0a", at + 4)


def many_objects():
    """20,000 datasets over 1 GB; most of the data are holes that were allocated and never written."""
    groups, each, size = 200, 100, 54_000
    for bound in lib5.BOUNDS:
        name = f"large_objects_{bound}.h5"
        p = plist("DATASET_CREATE")
        call("H5Pset_alloc_time", p, 1)
        call("H5Pset_fill_time", p, 1)
        with h5py.File(name, "w", libver=bound if bound == "latest" else ("earliest", "latest")) as f:
            sid, tid = lib5.space((size,)), constant("H5T_STD_U8LE")
            one, first = lib5.space((4,)), lib5.space((size,))
            call("H5Sselect_hyperslab", first, 0, lib5.sizes([0]), None, lib5.sizes([4]), None)
            for i in range(groups):
                g = lib5.group(f, f"group {i:03d}")
                for j in range(each):
                    did = call("H5Dcreate2", g.id.id, b"data %03d" % j, tid, sid, 0, p, 0)
                    call("H5Dwrite", did, tid, one, first, 0, np.array([i, j, 1, 2], "u1"))
                    call("H5Dclose", did)
        if os.path.getsize(name) < 10**9:
            raise SystemExit(name + " is too small")
        objects = [{"path": "/", "links": groups, "objects_below": groups * (each + 1)}]
        for i, j in ((0, 0), (57, 99), (199, 3), (199, 99)):
            values = [[[k], v] for k, v in enumerate((i, j, 1, 2))]
            objects.append({"path": f"/group {i:03d}/data {j:03d}", "dims": [size], "values": values})
        yield name, objects


MAKERS = {"sparse": sparse, "attributes": many_attributes, "links": many_links, "btree2": deep_btree, "objects": many_objects}


def main():
    if len(sys.argv) < 2:
        raise SystemExit("usage: make_large.py OUTDIR [" + "|".join(MAKERS) + "]...")
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    os.chdir(sys.argv[1])
    for word in sys.argv[2:] or MAKERS:
        start = time.monotonic()
        for name, objects in MAKERS[word]():
            Path(name + ".json").write_text(json.dumps({"objects": objects}, indent=1) + "\n")
            print(f"{name}: {os.path.getsize(name)} bytes, {time.monotonic() - start:.1f} s")
            start = time.monotonic()


if __name__ == "__main__":
    main()
