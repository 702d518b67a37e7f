"""Writes what libhdf5 reads in a file as JSON: `python describe.py FILE...` makes expected/NAME.json beside each file.

The format is the one that `h5 digest` prints: objects in walk order with their links, attributes, types, spaces,
layouts, filters and fill values, and for values the SHA-256 of a canonical encoding (little-endian, no padding,
references as paths). With `--stdout` the text goes to standard output and nothing is written.
"""
import ctypes
import hashlib
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np

import lib5
from lib5 import LibraryError, call

U64 = struct.Struct("<Q")
NOTHING = hashlib.sha256().hexdigest()
KINDS = {0: "group", 1: "dataset", 2: "datatype"}
CLASSES = ("integer float time string bitfield opaque compound reference enum vlen array complex").split()
ORDERS = {0: "le", 1: "be", 2: "vax", 3: "mixed", 4: "none"}
PADS = {0: "nullterm", 1: "nullpad", 2: "spacepad"}
LAYOUTS = {0: "compact", 1: "contiguous", 2: "chunked", 3: "virtual"}
INDEXES = {0: "btree1", 1: "single", 2: "implicit", 3: "fixed_array", 4: "extensible_array", 5: "btree2"}
# Above these, only leading rows are read: (limit, size of the sample), in bytes for fixed types, else in elements.
FIXED_LIMIT, VARYING_LIMIT = (64 << 20, 16 << 20), (1_000_000, 100_000)


def text(raw):
    """A byte string for JSON."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"hex": raw.hex()}


def u64_at(address, count=1):
    return struct.unpack(f"<{count}Q", ctypes.string_at(address, 8 * count))


def sized(function, *args):
    """A name that libhdf5 copies out: asked for its length first."""
    n = call(function, *args, None, 0)
    b = ctypes.create_string_buffer(n + 1)
    call(function, *args, b, n + 1)
    return b.raw[:n]


class Kind:
    """A datatype: `json`, `size` in memory, `varying` (holds vlen or references), and the encoding of elements."""

    def __init__(self, tid):
        self.id = tid
        self.size = call("H5Tget_size", tid)
        self.name = CLASSES[call("H5Tget_class", tid)]
        self.varying = False
        self.json = {"class": self.name}
        self.picks = np.arange(self.size)  # where the bytes of the encoding come from, for fixed types
        getattr(self, "_" + self.name)()

    def _number(self):
        order = ORDERS[call("H5Tget_order", self.id)]
        if order == "be":
            self.picks = self.picks[::-1]
        self.json.update(size=self.size, order=order)

    def _bits(self):
        self._number()
        self.json.update(precision=call("H5Tget_precision", self.id), offset=call("H5Tget_offset", self.id))

    _time, _bitfield = _number, _bits

    def _integer(self):
        self._bits()
        self.json["sign"] = call("H5Tget_sign", self.id) == 1

    def _float(self):
        self._bits()
        parts = [ctypes.c_size_t() for _ in range(5)]
        call("H5Tget_fields", self.id, *[ctypes.byref(p) for p in parts])
        names = ("sign", "exp_pos", "exp_size", "man_pos", "man_size")
        self.json["fields"] = {n: p.value for n, p in zip(names, parts)}
        self.json["ebias"] = call("H5Tget_ebias", self.id)
        self.json["norm"] = ("implied", "msbset", "none")[call("H5Tget_norm", self.id)]

    def _string(self):
        self.varying = bool(call("H5Tis_variable_str", self.id))
        charset = ("ascii", "utf8")[call("H5Tget_cset", self.id)]
        self.json.update(vlen=self.varying, pad=PADS[call("H5Tget_strpad", self.id)], cset=charset)
        if not self.varying:
            self.json["size"] = self.size

    def _opaque(self):
        self.json.update(size=self.size, tag=text(lib5.text_of("H5Tget_tag", self.id)))

    def _compound(self):
        members = []
        for i in range(call("H5Tget_nmembers", self.id)):
            name = lib5.text_of("H5Tget_member_name", self.id, i)
            at = call("H5Tget_member_offset", self.id, i)
            members.append((at, name, Kind(call("H5Tget_member_type", self.id, i))))
        self.members = sorted(members, key=lambda m: m[:2])
        self.varying = any(k.varying for _, _, k in members)
        out = [{"name": text(name), "type": k.json, "offset": at} for at, name, k in self.members]
        if self.varying:
            for m in out:
                del m["offset"]
        else:
            self.json["size"] = self.size
            self.picks = np.concatenate([at + k.picks for at, _, k in self.members])
        self.json["members"] = out

    def _reference(self):
        self.varying = True
        self.reference = {8: "object", 12: "region"}.get(self.size, "std")
        self.json["ref"] = self.reference

    def _enum(self):
        base = Kind(call("H5Tget_super", self.id))
        self.picks = base.picks
        values = []
        for i in range(call("H5Tget_nmembers", self.id)):
            raw = np.zeros(self.size, np.uint8)
            call("H5Tget_member_value", self.id, i, raw)
            value = int.from_bytes(raw[base.picks].tobytes(), "little", signed=base.json["sign"])
            values.append((value, lib5.text_of("H5Tget_member_name", self.id, i)))
        listed = [{"name": text(n), "value": v} for v, n in sorted(values)]
        self.json.update(size=self.size, base=base.json, members=listed)

    def _repeat(self, count):
        self.base = Kind(call("H5Tget_super", self.id))
        self.count, self.varying = count, self.base.varying
        self.json["base"] = self.base.json
        if not self.varying:
            self.picks = (np.arange(count)[:, None] * self.base.size + self.base.picks).reshape(-1)

    def _array(self):
        dims = lib5.sizes([0] * 32)
        rank = call("H5Tget_array_dims2", self.id, dims)
        self.json["dims"] = list(dims)[:rank]
        self._repeat(int(np.prod(self.json["dims"])))

    def _complex(self):
        self._repeat(2)

    def _vlen(self):
        self.base = Kind(call("H5Tget_super", self.id))
        self.varying = True
        self.json["base"] = self.base.json

    def fixed(self, raw):
        """The encoding of a whole number of elements of a type that is not `varying`."""
        return raw.reshape(-1, self.size)[:, self.picks].tobytes()

    def write(self, address, count, out, file):
        """Appends the encoding of `count` elements lying at an address."""
        if not self.varying:
            raw = np.frombuffer(ctypes.string_at(address, count * self.size), np.uint8)
            out += self.fixed(raw) if count else b""
            return
        for at in range(address, address + count * self.size, self.size):
            if self.name == "string":
                (p,) = u64_at(at)
                s = ctypes.string_at(p) if p else b""
                out += U64.pack(len(s)) + s
            elif self.name == "vlen":
                n, p = u64_at(at, 2)
                out += U64.pack(n)
                self.base.write(p, n, out, file)
            elif self.name == "compound":
                for offset, _, k in self.members:
                    k.write(at + offset, 1, out, file)
            elif self.name == "reference":
                getattr(file, "reference_" + self.reference)(at, out)
            else:
                self.base.write(at, self.count, out, file)


class Description:
    """One open file and the table of its objects: address to canonical path."""

    def __init__(self, path):
        access = lib5.plist("FILE_ACCESS")
        if "%" in path:
            call("H5Pset_fapl_family", access, 0, 0)
        elif path.endswith("-m.h5") and os.path.exists(path[:-5] + "-r.h5"):
            path = path[:-5]
            call("H5Pset_fapl_split", access, "-m.h5", 0, "-r.h5", 0)
        self.file = call("H5Fopen", path, 0, access)
        self.paths, self.found, self.broken = {}, [], set()

    def place(self, oid):
        """(file number, address, type) of an open object."""
        raw = ctypes.create_string_buffer(512)
        call("H5Oget_info3", oid, raw, 1)
        return struct.unpack_from("<Q", raw, 0) + struct.unpack_from("<Q", raw, 8) + struct.unpack_from("<i", raw, 24)

    def links(self, gid):
        """(name, link class, address or value length) by rising name."""
        got = []
        shape = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int64, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p)

        def each(_, name, info, __):
            raw = ctypes.string_at(info, 40)
            got.append((name, struct.unpack_from("<i", raw, 0)[0], struct.unpack_from("<Q", raw, 24)[0]))
            return 0

        call("H5Literate2", gid, 0, 0, None, shape(each), None)
        return sorted(got)

    def walk(self):
        waiting = [b"/"]
        while waiting:
            path = waiting.pop()
            try:
                oid = call("H5Oopen", self.file, path, 0)
            except LibraryError:
                self.found.append((path, "unknown", []))
                continue
            self.number, address, kind = self.place(oid)
            if address not in self.paths:
                self.paths[address] = path
                links = []
                try:
                    links = self.links(oid) if kind == 0 else []
                except LibraryError:
                    self.broken.add(path)
                self.found.append((path, KINDS[kind], links))
                waiting.extend(path.rstrip(b"/") + b"/" + n for n, c, _ in reversed(links) if c == 0)
            call("H5Oclose", oid)

    def describe(self):
        self.walk()
        objects = [self.object(*f) for f in self.found]
        call("H5Fclose", self.file)
        return {"objects": objects}

    def object(self, path, kind, links):
        out = {"path": text(path), "kind": kind}
        if kind == "unknown":
            return dict(out, error="H5Oopen")
        if path in self.broken:
            out["links_error"] = "H5Literate2"
        oid = call("H5Oopen", self.file, path, 0)
        try:
            comment = sized("H5Oget_comment", oid)
            if comment:
                out["comment"] = text(comment)
            out["attributes"] = self.attributes(oid)
            if kind == "group":
                out["links"] = [self.link(oid, path, *x) for x in links]
            elif kind == "dataset":
                self.dataset(oid, out)
            else:
                self.kind(oid, out)
        except LibraryError as e:
            out["error"] = str(e)
        call("H5Oclose", oid)
        return out

    def link(self, gid, path, name, cls, value):
        out = {"name": text(name)}
        if cls == 0:
            return dict(out, kind="hard", target=text(self.paths[value]))
        if cls not in (1, 64):
            return dict(out, kind="user", cls=cls)
        raw = ctypes.create_string_buffer(value + 1)
        call("H5Lget_val", gid, name, raw, value + 1, 0)
        if cls == 1:
            out.update(kind="soft", target=text(raw.value))
        else:
            file, inner = raw.raw[1:].split(b"\0")[:2]
            out.update(kind="external", file=text(file), path=text(inner))
        oid = call("H5Oopen", gid, name, 0, fails=False)
        out["resolves"] = KINDS[self.place(oid)[2]] if oid >= 0 else None
        if oid >= 0:
            call("H5Oclose", oid)
        return out

    def attributes(self, oid):
        raw = ctypes.create_string_buffer(512)
        call("H5Oget_info3", oid, raw, 4)
        out = []
        for i in range(struct.unpack_from("<Q", raw, 64)[0]):
            aid = call("H5Aopen_by_idx", oid, b".", 0, 0, i, 0, 0)
            n = call("H5Aget_name", aid, 0, None)
            b = ctypes.create_string_buffer(n + 1)
            call("H5Aget_name", aid, n + 1, b)
            one = {"name": text(b.raw[:n])}
            try:
                one["space"], dims = self.space(call("H5Aget_space", aid))
                tid = call("H5Aget_type", aid)
                kind = self.kind(tid, one)
                self.values(one, kind, dims, lambda ms, fs, b: call("H5Aread", aid, tid, b))
            except LibraryError as e:
                one["error"] = str(e)
            call("H5Aclose", aid)
            out.append((b.raw[:n], one))
        return [one for _, one in sorted(out, key=lambda x: x[0])]

    def kind(self, tid, out):
        kind = Kind(tid)
        out["type"] = kind.json
        if call("H5Tcommitted", tid):
            out["type"] = dict(kind.json, committed=text(self.path(tid)))
        return kind

    def path(self, oid):
        number, address, _ = self.place(oid)
        return self.paths.get(address, b"?") if number == self.number else b"?"

    def space(self, sid):
        kind = call("H5Sget_simple_extent_type", sid)
        if kind == 0:
            return {"class": "scalar"}, []
        if kind == 2:
            return {"class": "null"}, None
        dims, most = lib5.sizes([0] * 32), lib5.sizes([0] * 32)
        rank = call("H5Sget_simple_extent_dims", sid, dims, most)
        most = [None if m == lib5.UNLIMITED else m for m in list(most)[:rank]]
        return {"class": "simple", "dims": list(dims)[:rank], "max": most}, list(dims)[:rank]

    def dataset(self, oid, out):
        sid = call("H5Dget_space", oid)
        out["space"], dims = self.space(sid)
        tid = call("H5Dget_type", oid)
        kind = self.kind(tid, out)
        pid = call("H5Dget_create_plist", oid)
        out["layout"] = self.layout(oid, pid)
        out["filters"] = self.filters(pid)
        out["fill"] = self.fill(pid, kind)
        call("H5Pclose", pid)  # libhdf5 2.0.0 crashes at its end where a list with virtual mappings is left open

        def read(memory, selected, buffer):
            call("H5Dread", oid, tid, memory, selected, 0, buffer)

        self.values(out, kind, dims, read, sid)

    def layout(self, oid, pid):
        out = {"class": LAYOUTS[call("H5Pget_layout", pid)]}
        if out["class"] == "chunked":
            dims = lib5.sizes([0] * 32)
            out["chunk"] = list(dims)[: call("H5Pget_chunk", pid, 32, dims)]
            out["chunk"] = list(dims)[: len(out["chunk"])]
            index = ctypes.c_int()
            call("H5Dget_chunk_index_type", oid, ctypes.byref(index))
            out["index"] = INDEXES[index.value]
        elif out["class"] == "contiguous" and call("H5Pget_external_count", pid):
            out["external"] = []
            for i in range(call("H5Pget_external_count", pid)):
                name, offset, size = ctypes.create_string_buffer(1024), ctypes.c_int64(), ctypes.c_uint64()
                call("H5Pget_external", pid, i, 1024, name, ctypes.byref(offset), ctypes.byref(size))
                size = None if size.value == lib5.UNLIMITED else size.value
                out["external"].append({"file": text(name.value), "offset": offset.value, "size": size})
        elif out["class"] == "virtual":
            n = ctypes.c_size_t()
            call("H5Pget_virtual_count", pid, ctypes.byref(n))
            names = ("H5Pget_virtual_filename", "H5Pget_virtual_dsetname")
            pairs = [[text(sized(f, pid, i)) for f in names] for i in range(n.value)]
            out["virtual"] = [{"file": f, "dataset": d} for f, d in pairs]
        return out

    def filters(self, pid):
        out = []
        for i in range(call("H5Pget_nfilters", pid)):
            flags, n, config = ctypes.c_uint(), ctypes.c_size_t(256), ctypes.c_uint()
            params, name = (ctypes.c_uint * 256)(), ctypes.create_string_buffer(64)
            got = [ctypes.byref(flags), ctypes.byref(n), params, 64, name, ctypes.byref(config)]
            number = call("H5Pget_filter2", pid, i, *got)
            out.append({"id": number, "optional": bool(flags.value & 1), "params": list(params)[: n.value]})
        return out

    def fill(self, pid, kind):
        state = ctypes.c_int()
        if call("H5Pfill_value_defined", pid, ctypes.byref(state), fails=False) < 0 or state.value != 2:
            return None
        buffer, out = np.zeros(max(kind.size, 64), np.uint8), bytearray()
        try:
            call("H5Pget_fill_value", pid, kind.id, buffer)
            kind.write(buffer.ctypes.data, 1, out, self)
        except LibraryError as e:
            return {"error": str(e)}
        return out.hex() if len(out) <= 256 else "sha256:" + hashlib.sha256(out).hexdigest()

    def values(self, out, kind, dims, read, sid=None):
        """Reads and hashes the elements into `out["digest"]`."""
        if dims is None or 0 in dims:
            out["digest"] = NOTHING
            return
        count, unit = 1, 1 if kind.varying else kind.size
        for d in dims:
            count *= d
        limit, sample = VARYING_LIMIT if kind.varying else FIXED_LIMIT
        memory = selected = 0
        if count * unit > limit:
            row = count // dims[0] * unit if dims else limit + 1
            if row > limit or sid is None:
                out.update(digest=None, skipped="large")
                return
            rows = min(dims[0], max(1, sample // row))
            block = lib5.sizes([rows] + dims[1:])
            call("H5Sselect_hyperslab", sid, 0, lib5.sizes([0] * len(dims)), None, block, None)
            memory, selected = call("H5Screate_simple", len(dims), block, None), sid
            count = count // dims[0] * rows
            out["sampled"] = rows
        buffer, bytes_out = np.zeros(count * kind.size, np.uint8), bytearray()
        read(memory, selected, buffer)
        kind.write(buffer.ctypes.data, count, bytes_out, self)
        out["digest"] = hashlib.sha256(bytes_out).hexdigest()

    # References: the path of the target, then the selection or the attribute's name.

    def target(self, oid, out):
        path = self.path(oid) if oid >= 0 else b"?"
        out += U64.pack(len(path)) + path

    def reference_object(self, at, out):
        (address,) = u64_at(at)
        path = b"" if address in (0, lib5.UNLIMITED) else self.paths.get(address, b"?")
        out += U64.pack(len(path)) + path

    def reference_region(self, at, out):
        (heap,) = u64_at(at)
        if heap in (0, lib5.UNLIMITED):
            out += U64.pack(0)
            return
        oid = call("H5Rdereference2", self.file, 0, 1, ctypes.c_void_p(at), fails=False)
        self.target(oid, out)
        if oid >= 0:
            self.selection(call("H5Rget_region", self.file, 1, ctypes.c_void_p(at), fails=False), out)

    def reference_std(self, at, out):
        p = ctypes.c_void_p(at)
        kind = call("H5Rget_type", p, fails=False)
        if kind not in (2, 3, 4):
            out.append(0)
            return
        out.append(kind)
        oid = call("H5Ropen_object", p, 0, 0, fails=False)
        self.target(oid, out)
        if oid >= 0 and kind == 3:
            self.selection(call("H5Ropen_region", p, 0, 0, fails=False), out)
        elif oid >= 0 and kind == 4:
            name = sized("H5Rget_attr_name", p)
            out += U64.pack(len(name)) + name

    def selection(self, sid, out):
        if sid < 0:
            out.append(255)
            return
        kind = call("H5Sget_select_type", sid)
        out.append(kind)
        if kind not in (1, 2):
            return
        rank = call("H5Sget_simple_extent_ndims", sid)
        n = call("H5Sget_select_npoints", sid, fails=False)
        if n < 0:
            parts = [lib5.sizes([0] * rank) for _ in range(4)]
            call("H5Sget_regular_hyperslab", sid, *parts)
            out += U64.pack(rank) + U64.pack(lib5.UNLIMITED) + b"".join(map(bytes, parts))
            return
        out += U64.pack(rank) + U64.pack(n)
        if n > 1 << 20:
            return
        if kind == 1:
            points = lib5.sizes([0] * (n * rank))
            call("H5Sget_select_elem_pointlist", sid, 0, n, points)
            out += bytes(points)[: 8 * n * rank]
            return
        blocks = call("H5Sget_select_hyper_nblocks", sid)
        corners = lib5.sizes([0] * (blocks * 2 * rank))
        call("H5Sget_select_hyper_blocklist", sid, 0, blocks, corners)
        points = set()
        for first, last in np.array(corners).reshape(blocks, 2, rank):
            spans = [range(int(a), int(b) + 1) for a, b in zip(first, last)]
            points.update(map(tuple, np.stack(np.meshgrid(*spans, indexing="ij"), -1).reshape(-1, rank).tolist()))
        out += np.array(sorted(points), "<u8").tobytes()


def describe(path):
    """The description of one file, read from its own folder so that its parts are found."""
    back = os.getcwd()
    os.chdir(Path(path).resolve().parent)
    try:
        return Description(Path(path).name).describe()
    except LibraryError as e:
        return {"error": str(e)}
    finally:
        os.chdir(back)


def main(arguments):
    lib5.quiet()
    names = [a for a in arguments if not a.startswith("--")]
    if len(names) > 1:
        # A process for each file: what one leaves open in libhdf5 cannot change how the next is read.
        flags = [a for a in arguments if a.startswith("--")]
        for name in names:
            subprocess.run([sys.executable, __file__, name, *flags], check=True)
        return
    for path in map(Path, names):
        line = json.dumps(describe(path), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        if "--stdout" in arguments:
            print(line)
        else:
            folder = path.parent / "expected"
            folder.mkdir(exist_ok=True)
            (folder / (path.name + ".json")).write_text(line + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
