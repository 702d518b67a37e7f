"""Judges HDF5 files by foreign libraries: `python judge.py h5py` or `python judge.py tables`.

Each line of standard input is a command as JSON, `{"do": "look", "file": ...}`; it runs in a process of its own, and the
answer is a line of JSON on standard output. `look` describes a file as `h5 digest` does (by tests/files/describe.py
and the libhdf5 of h5py or of PyTables) and lists its values; the other commands change files or make them, then look.
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "files"))
WITH = sys.argv[1]
if WITH == "tables":
    import tables

    os.environ["H5_TEST_LIBRARY"] = "tables"

import describe  # noqa: E402
import h5py  # noqa: E402
import hdf5plugin  # noqa: E402
import lib5  # noqa: E402
import numpy as np  # noqa: E402
from lib5 import call  # noqa: E402

SECONDS = 60


def text(raw):
    if isinstance(raw, str):
        return raw
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "0x" + raw.hex()


def real(v):
    v = float(v)
    return v if np.isfinite(v) else str(v)


def nest(v, depth, t, f):
    return plain(v, t, f) if depth == 0 else [nest(x, depth - 1, t, f) for x in v]


def reference(v, f):
    try:
        return {"ref": f[v].name} if v else None
    except (ValueError, KeyError, RuntimeError):
        return {"ref": None}


def plain(v, t, f):
    """An element for JSON; `t` is its type in numpy."""
    if h5py.check_ref_dtype(t):
        return reference(v, f)
    if h5py.check_string_dtype(t):
        return text(v)
    base = h5py.check_vlen_dtype(t)
    if base is not None:
        if base.byteorder == ">":
            raise TypeError("h5py swaps no bytes in lists")
        return [plain(x, base, f) for x in v]
    if t.subdtype:
        return nest(v, len(t.shape), t.base, f)
    if t.names:
        return {n: plain(v[n], t[n], f) for n in t.names}
    if t.kind == "c":
        return {"re": real(v.real), "im": real(v.imag)}
    if t.kind == "f":
        return real(v)
    if t.kind == "b":
        return bool(v)
    if t.kind in "iu":
        return int(v)
    if t.kind == "V":
        return "0x" + np.asarray(v).tobytes().hex()
    raise TypeError(f"elements of {t}")


def listed(value, shape, t, f):
    """All elements of a dataset or an attribute."""
    if shape is None:
        return None
    sub = t.shape if t.subdtype else ()
    if shape == ():
        value = value[()] if isinstance(value, np.ndarray) and value.shape == () else value
        return plain(value, t, f)
    flat = np.asarray(value).reshape((int(np.prod(shape)),) + sub)
    special = [h5py.check_ref_dtype(t), h5py.check_string_dtype(t), h5py.check_vlen_dtype(t)]
    if t.kind in "iu" and special == [None] * 3:
        flat = flat.tolist()
    else:
        flat = [plain(x, t, f) for x in flat]
    return {"shape": list(shape), "flat": flat}


def tried(work):
    """What h5py cannot do is told, not fatal."""
    try:
        return work()
    except (TypeError, NotImplementedError, ValueError, OSError, RuntimeError, KeyError) as e:
        return {"unread": f"{type(e).__name__}: {e}"}


def dump(path, paths):
    """Values of datasets and attributes by h5py."""
    out = {}
    with h5py.File(path, "r") as f:
        for p in paths:
            item = f[p]
            attributes = {}
            for name in item.attrs:
                aid = item.attrs.get_id(name)
                attributes[name] = tried(lambda: listed(item.attrs[name], aid.shape, aid.dtype, f))
            out[p] = {"attributes": attributes}
            if isinstance(item, h5py.Dataset):
                # h5py dies of lists of region references, its own too.
                if "list of regions" in p:
                    out[p]["value"] = {"unread": "lists of region references"}
                    continue
                out[p]["value"] = tried(lambda: listed(item[()], item.shape, item.dtype, f))
    return out


def apart(work):
    """Runs in a process of its own: what one use of libhdf5 leaves behind cannot change the next."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        try:
            answer = json.dumps(work())
        except Exception:
            answer = json.dumps({"failed": traceback.format_exc()})
        with os.fdopen(sink, "w") as out:
            out.write(answer)
        os._exit(0)
    os.close(sink)
    with os.fdopen(source) as answer:
        lines = answer.read()
    _, status = os.waitpid(child, 0)
    answer = json.loads(lines) if status == 0 else {"failed": f"a signal ended it: {status}"}
    assert not isinstance(answer, dict) or "failed" not in answer, answer["failed"]
    return answer


def known(path):
    """The objects of a file and their values."""
    about = describe.Description(path)
    about.walk()
    objects = [{"path": p.decode(), "kind": kind} for p, kind, _ in about.found]
    call("H5Fclose", about.file)
    return {"objects": objects, "dump": apart(lambda: dump(path, [o["path"] for o in objects]))}


def look(path, own=False, **_):
    described = apart(lambda: describe.describe(path))
    if "error" in described:
        return {"described": described}
    paths = [o["path"] for o in described["objects"]]
    out = {"described": described, "dump": apart(lambda: dump(path, paths))}
    return dict(out, tables=apart(lambda: by_tables(path))) if WITH == "tables" and own else out


def by_tables(path):
    """Values of the leaves that PyTables knows, by its own API."""
    import warnings

    warnings.simplefilter("ignore")
    out = {}
    with tables.open_file(path) as f:
        for leaf in f.walk_nodes("/", "Leaf"):
            # It has booleans for bit fields of 8 bits, keeps the spaces behind a text, and knows no null dataspace.
            other = leaf._v_name == "null" or any(word in leaf._v_name for word in ("bits", "spaces"))
            known = isinstance(leaf, (tables.Array, tables.Table)) and not other
            if known and leaf.nrows:
                try:
                    read = np.asarray(leaf.read())
                except (tables.HDF5ExtError, ValueError):
                    # Null references, compounds of several dimensions, and others that are no tables of its kind.
                    continue
                t, shape = read.dtype, leaf.shape
                more = read.shape[len(shape) :]
                flat = [nest(x, len(more), t, None) for x in read.reshape((-1,) + more)]
                value = {"shape": [int(n) for n in shape], "flat": flat} if shape else flat[0]
                out[leaf._v_pathname] = {"value": value, "attributes": {}}
    return out


# Changes.


def growing(d):
    """The axis along which a dataset can grow by three."""
    if d.chunks is None or d.shape is None:
        return None
    for axis, (n, most) in enumerate(zip(d.shape, d.maxshape)):
        if most is None or most >= n + 3:
            return axis
    return None


def append(d):
    """Makes a dataset longer by three, with what it holds already; whether it could."""
    axis = growing(d)
    if axis is None:
        return False
    old = d[()]
    n = d.shape[axis]
    if 0 in d.shape:
        new = np.ones(d.shape[:axis] + (3,) + d.shape[axis + 1 :], d.dtype) if d.dtype.kind in "iuf" else None
    else:
        new = np.take(old, [0, n // 2, n - 1], axis)
    if new is None:
        return False
    d.resize(n + 3, axis)
    d[(slice(None),) * axis + (slice(n, n + 3),)] = new
    pipeline = d.id.get_create_plist()
    if not any(pipeline.get_filter(i)[0] == 6 for i in range(pipeline.get_nfilters())):
        whole = np.concatenate([old, new], axis)
        expected = listed(whole, whole.shape, d.dtype, d.file)
        assert listed(d[()], d.shape, d.dtype, d.file) == expected, f"{d.name}: not what was appended"
    return True


def change_attributes(item, by):
    names = sorted(item.attrs)
    if names:
        item.attrs[names[0]] = np.arange(7, dtype=">i4")
    if len(names) > 2:
        del item.attrs[names[1]]
    item.attrs["added by " + by] = "größer"


def modify_h5py(path, libver, objects):
    touched, deleted, skipped = [], [], {}
    with h5py.File(path, "r+", libver=libver) as f:
        for o in objects:
            item = f[o["path"]]
            if isinstance(item, h5py.Dataset):
                done = tried(lambda: append(item))
                if done is True:
                    touched.append(o["path"])
                elif done:
                    skipped[o["path"]] = done["unread"]
            change_attributes(item, "h5py")
        new = f.create_group("by h5py")
        new.create_dataset("numbers", data=np.arange(100.0).reshape(10, 10), chunks=(3, 4), maxshape=(None, 10), compression=4)
        new.create_dataset("strings", data=["eins", "zwei", "drei"])
        many = f.create_group("by h5py/many")
        for i in range(70):
            many[f"link {i}"] = h5py.SoftLink(f"/target {i}")
        many["hard"] = new["numbers"]
        datasets = [o["path"] for o in objects if o["kind"] == "dataset"]
        for victim in datasets[2::9]:
            del f[victim]
            deleted.append(victim)
        groups = [o["path"] for o in objects if o["kind"] == "group" and o["path"].count("/") == 1 and o["path"] != "/"]
        moved = {}
        if groups:
            f.move(groups[0], "by h5py/moved")
            moved[groups[0]] = "/by h5py/moved"
    return touched, deleted, skipped, moved


def modify_tables(path, _, objects):
    touched, deleted, skipped, moved = [], [], {}, {}
    import warnings

    warnings.simplefilter("ignore")
    with tables.open_file(path, "r+") as f:
        for node in list(f.walk_nodes("/")):
            name = node._v_pathname
            if isinstance(node, tables.link.Link):
                continue
            if isinstance(node, tables.UnImplemented):
                skipped[name] = "not known to PyTables"
                continue
            try:
                if isinstance(node, tables.EArray):
                    n = node.nrows
                    if n:
                        row = node.read(0, 1) if node.extdim == 0 else np.take(node.read(), [0], node.extdim)
                        node.append(row)
                        touched.append(name)
                elif isinstance(node, tables.VLArray) and node.nrows:
                    node.append(node[0])
                    touched.append(name)
                elif isinstance(node, tables.Table) and node.nrows:
                    node.append(node.read(0, 1))
                    touched.append(name)
            except Exception as e:
                skipped[name] = f"{type(e).__name__}: {e}"
            names = sorted(node._v_attrs._v_attrnamesuser)
            if names:
                node._v_attrs[names[0]] = np.arange(7, dtype=">i4")
            if len(names) > 2:
                del node._v_attrs[names[1]]
            node._v_attrs["added by tables"] = "größer"
        new = f.create_group("/", "by_tables")
        f.create_array(new, "numbers", np.arange(100.0).reshape(10, 10))
        e = f.create_earray(new, "rows", tables.Int32Atom(), (0, 5), filters=tables.Filters(5, "zlib", shuffle=True))
        e.append(np.arange(50, dtype="i4").reshape(10, 5))
        many = f.create_group(new, "many")
        for i in range(70):
            f.create_soft_link(many, f"link{i}", f"/target{i}")
        datasets = [o["path"] for o in objects if o["kind"] == "dataset"]
        for victim in datasets[2::9]:
            f.remove_node(victim)
            deleted.append(victim)
        groups = [o["path"] for o in objects if o["kind"] == "group" and o["path"].count("/") == 1 and o["path"] != "/"]
        if groups:
            f.move_node(groups[0], new, "moved")
            moved[groups[0]] = "/by_tables/moved"
    return touched, deleted, skipped, moved


def modify(path, libver=None, **_):
    before = apart(lambda: known(path))
    objects = before["objects"]
    work = modify_tables if WITH == "tables" else modify_h5py
    touched, deleted, skipped, moved = apart(lambda: work(path, libver, objects))
    after = look(path)
    assert "error" not in after["described"], after["described"]
    lost = []
    now = after["dump"]
    for p, old in before["dump"].items():
        if any(p == d or p.startswith(d + "/") for d in deleted):
            continue
        name = p
        for a, b in moved.items():
            if p == a or p.startswith(a + "/"):
                name = b + p[len(a) :]
        if name not in now:
            lost.append(f"{p} is gone")
            continue
        old, new = old.get("value"), now[name].get("value")
        arrays = isinstance(old, dict) and isinstance(new, dict) and "flat" in old and "flat" in new
        if (p in touched or p in skipped) and arrays and old["shape"][1:] == new["shape"][1:]:
            # What was there comes before what was added; where nothing could be added, fill values may follow.
            new = {"shape": old["shape"], "flat": new["flat"][: len(old["flat"])]}
        elif p in touched:
            continue
        if new != old and "ref" not in json.dumps(old):
            lost.append(f"{p}: {str(new)[:200]} was {str(old)[:200]}")
    after.update(touched=touched, deleted=deleted, skipped=skipped, lost=lost)
    return after


# Files of theirs.


def make_h5py(path, libver):
    rows = np.arange(77, dtype="i4").reshape(11, 7)
    with h5py.File(path, "w", libver=(libver, "latest" if libver == "earliest" else libver)) as f:
        for name, shape, most, chunk in [
            ("single", (11, 7), (11, 7), (11, 7)),
            ("fixed", (11, 7), (40, 7), (4, 3)),
            ("extensible", (11, 7), (None, 7), (4, 3)),
            ("across", (11, 7), (11, None), (4, 3)),
            ("tree", (11, 7), (None, None), (4, 3)),
        ]:
            for filtered, how in [("", {}), (" deflate", {"compression": 4, "shuffle": True}), (" sum", {"fletcher32": True})]:
                f.create_dataset("index/" + name + filtered, data=rows, maxshape=most, chunks=chunk, **how)
        f.create_dataset("index/long", data=np.arange(3000), maxshape=(None,), chunks=(1,))
        f.create_dataset("index/many", data=np.arange(1200).reshape(40, 30), maxshape=(None, None), chunks=(1, 1))
        for name, how in [
            ("lzf", {"compression": "lzf"}),
            ("szip", {"compression": "szip"}),
            ("scale", {"scaleoffset": 0}),
            ("lz4", hdf5plugin.LZ4()),
            ("zstd", hdf5plugin.Zstd()),
            ("blosc", hdf5plugin.Blosc()),
            ("bitshuffle", hdf5plugin.Bitshuffle()),
            ("bzip2", hdf5plugin.BZip2()),
        ]:
            f.create_dataset("plugins/" + name, data=rows, maxshape=(None, 7), chunks=(4, 7), **how)
        pair = np.dtype([("x", "f8"), ("name", h5py.string_dtype()), ("flag", "?"), ("a", "i2", (3,))])
        table = np.zeros(5, pair)
        table["x"], table["name"] = np.arange(5), [f"größer {i}" for i in range(5)]
        f.create_dataset("types/table", data=table, maxshape=(None,), chunks=(2,))
        f.create_dataset("types/words", data=["eins", "zwei", "drei"], maxshape=(None,), dtype=h5py.string_dtype())
        f.create_dataset("types/fixed", data=np.array([b"ab", b"c"], "S5"), maxshape=(None,))
        for kind in ("i1", ">i2", "u4", ">u8", "f2", ">f4", "f8", "c8", "c16", "?"):
            f.create_dataset("types/" + kind.replace(">", "be "), data=np.ones((4, 2)).astype(kind), maxshape=(None, 2))
        lists = f.create_dataset("types/lists", (3,), maxshape=(None,), dtype=h5py.vlen_dtype("i4"))
        for i in range(3):
            lists[i] = np.arange(i + 1)
        colours = h5py.enum_dtype({"RED": 0, "GREEN": 1}, "u1")
        f.create_dataset("types/enum", data=np.array([0, 1, 1], "u1"), maxshape=(None,), dtype=colours)
        f.create_dataset("types/objects", data=[f["types"].ref, f["index/tree"].ref], maxshape=(None,), dtype=h5py.ref_dtype)
        f.create_dataset("types/region", data=f["index/tree"].regionref[2:5, 1:3], dtype=h5py.regionref_dtype)
        f["types/named"] = np.dtype("f4")
        f.create_dataset("types/of named", data=np.ones(4), dtype=f["types/named"], maxshape=(None,))
        f.create_dataset("plain/contiguous", data=rows)
        f.create_dataset("plain/scalar", data=3.5)
        f.create_dataset("plain/empty", data=h5py.Empty("f4"))
        f.create_dataset("plain/zero", (0, 4), "i4", maxshape=(None, 4))
        f.create_dataset("plain/fill", (6, 4), "i4", maxshape=(None, 4), fillvalue=7)
        few = f.create_group("few", track_order=True)
        for i in range(5):
            few.create_group(f"z{9 - i}")
        many = f.create_group("many")
        for i in range(300):
            many.create_group(f"g{i * 7 % 300:03}")
        f["soft"], f["gone"], f["far"] = h5py.SoftLink("/index/tree"), h5py.SoftLink("/no"), h5py.ExternalLink("target.h5", "/a")
        f["again"] = f["plain/contiguous"]
        for where in (f, f["few"], f["types/table"], f["types/named"]):
            for i in range(40 if where.name == "/few" else 5):
                where.attrs[f"a{i}"] = ["größer", f"{i}"] if i % 2 else np.arange(i + 1)
        f["many"].attrs["text"] = "ein Text"


def make_tables(path, _):
    with tables.open_file(path, "w", title="made by PyTables") as f:
        for i, how in enumerate([None, tables.Filters(5, "zlib", shuffle=True, fletcher32=True), tables.Filters(5, "zlib")]):
            g = f.create_group("/", f"group{i}", f"number {i}", filters=how)
            e = f.create_earray(g, "rows", tables.Float64Atom(), (0, 5), chunkshape=(4, 5))
            e.append(np.arange(55.0).reshape(11, 5))
            c = f.create_carray(g, "box", tables.Int16Atom(), (7, 9), chunkshape=(3, 4))
            c[:] = np.arange(63).reshape(7, 9)
            v = f.create_vlarray(g, "lists", tables.Int32Atom(), filters=tables.Filters(0))
            for n in range(6):
                v.append(list(range(n)))
            t = f.create_table(g, "table", np.dtype([("x", "f8"), ("n", "i4"), ("name", "S7"), ("part", [("a", "u1")])]))
            t.append([(1.5 * n, n, f"row {n}".encode(), (n,)) for n in range(20)])
            t.flush()
            f.create_array(g, "numbers", np.arange(12, dtype=">f4").reshape(3, 4))
            f.create_array(g, "words", ["eins", "zwei"])
            g._v_attrs.answer, g._v_attrs.note = 42, "größer"
            t.attrs.unit, t.attrs.scale, t.attrs.more = "m", 2.5, np.arange(3)
            f.create_soft_link(g, "soft", "/group0/rows")
            f.create_external_link(g, "far", "target.h5:/a")
            f.create_hard_link(g, "hard", t)


def make(path, libver=None, **_):
    apart(lambda: (make_tables if WITH == "tables" else make_h5py)(path, libver))
    return look(path)


# What filters are told.


def instruct(dcpl, method, *args):
    if method == "plugin":
        options = getattr(hdf5plugin, args[0])(**args[1])
        values = options.filter_options
        call("H5Pset_filter", dcpl, options.filter_id, 1, len(values), (lib5.ctypes.c_uint * 64)(*values))
    elif method == "filter":
        call("H5Pset_filter", dcpl, args[0], 1, len(args[1]), (lib5.ctypes.c_uint * 64)(*args[1]))
    else:
        call("H5Pset_" + method, dcpl, *args)


def told(path, instructions, **_):
    """The pipelines of a file's datasets, and of the same made by libhdf5 as it is instructed."""
    out = {}
    about = describe.Description(path)
    fapl = lib5.plist("FILE_ACCESS")
    fid = call("H5Fcreate", path + ".theirs", 2, 0, fapl)
    for name, steps in instructions.items():
        did = call("H5Dopen2", about.file, name, 0)
        tid, sid, pid = (call("H5Dget_" + what, did) for what in ("type", "space", "create_plist"))
        dcpl = lib5.plist("DATASET_CREATE")
        dims = lib5.sizes([0] * 32)
        rank = call("H5Pget_chunk", pid, 32, dims)
        call("H5Pset_chunk", dcpl, rank, dims)
        state = lib5.ctypes.c_int()
        call("H5Pfill_value_defined", pid, lib5.ctypes.byref(state))
        if state.value == 2:
            buffer = np.zeros(max(call("H5Tget_size", tid), 64), np.uint8)
            call("H5Pget_fill_value", pid, tid, buffer)
            call("H5Pset_fill_value", dcpl, tid, buffer)
        ours = about.filters(pid)
        try:
            for step in steps:
                instruct(dcpl, *step)
            new = call("H5Dcreate2", fid, name.replace("/", "-"), tid, sid, 0, dcpl, 0)
            theirs = about.filters(call("H5Dget_create_plist", new))
        except lib5.LibraryError as e:
            theirs = str(e)
        out[name] = [ours, theirs]
    return {"told": out}


COMMANDS = {"look": look, "modify": modify, "told": told, "make": make}


def serve(command):
    signal.alarm(SECONDS)
    lib5.quiet()
    h5py._errors.silence_errors()
    work = COMMANDS[command.pop("do")]
    if command.pop("aside", False):
        os.chdir(Path(command["path"]).parent)
    return work(**command)


def main():
    for line in sys.stdin:
        try:
            answer = apart(lambda: serve(json.loads(line)))
        except AssertionError as e:
            answer = {"failed": str(e)}
        print(json.dumps(answer), flush=True)


main()
