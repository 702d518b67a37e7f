#!/usr/bin/env python3
"""Edits a copy of every file of a corpus, and asks libhdf5 whether what should be there is there.

    python edit_corpus.py --files DIR --tool H5 --edit EDIT_FILE --oracle H5ORACLE.PY
                          [--min PERCENT] [--only GLOB] [--jobs N] [--modify] [--verbose]

--edit    the example `edit_file`: adds and replaces an attribute of the root, adds a group and a dataset, adds and
          deletes another, appends a row to the first dataset that can grow and moves the first group.
--tool    `h5`: its `check` must find nothing afterwards that it did not find before.
--oracle  the oracle; conform.py lies beside it, and the descriptions of the files before are in DIR/expect.
--modify  libhdf5 then edits the file, too, and `h5 check` must still find nothing.

From the description before and the report of `edit_file` follows what the file must be like afterwards: every
path, link, attribute, type and digest. Not compared: digests of references where an object's path changed, since
they hold paths; where links lead that go by a path, if anything moved; objects that libhdf5 could not read before.
Left out: what libhdf5 cannot open, or cannot change either, and files in parts.
"""
import argparse
import collections
import copy
import hashlib
import importlib.util
import json
import multiprocessing
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

import h5py
import numpy

NEW = b"/h5 edit"
TEXT = b"replaced, by a value of another type and size"
LIMIT_S = 60
CHILD_S = 5


def raw(text):
    return bytes.fromhex(text["hex"]) if isinstance(text, dict) else text.encode()


def text(raw_bytes):
    try:
        return raw_bytes.decode()
    except UnicodeDecodeError:
        return {"hex": raw_bytes.hex()}


def unjudged(o):
    return "error" in o or any(k.endswith("_error") for k in o) or any("error" in a for a in o.get("attributes", []))


def holds_reference(t):
    if isinstance(t, dict):
        return t.get("class") == "reference" or any(holds_reference(v) for v in t.values())
    return isinstance(t, list) and any(holds_reference(v) for v in t)


class Tree:
    """The objects of a description by their paths, and the hard links between them."""

    def __init__(self, description):
        self.objects = {raw(o["path"]): copy.deepcopy(o) for o in description["objects"]}
        self.links = {
            p: {raw(link["name"]): link for link in o.get("links", [])} for p, o in self.objects.items()
        }

    def find(self, path):
        """The object at a path by hard links."""
        at = b"/"
        for name in path.split(b"/"):
            if name:
                link = self.links.get(at, {}).get(name)
                if not link or link["kind"] != "hard":
                    return None
                at = raw(link["target"])
        return at

    def walk(self):
        """Canonical paths: the new one by the old one."""
        new, order, left = {}, [], [(b"/", b"/")]
        while left:
            old, path = left.pop()
            if old in new or old not in self.objects:
                continue
            new[old] = path
            order.append(old)
            base = path.rstrip(b"/")
            hard = [(n, link) for n, link in self.links.get(old, {}).items() if link["kind"] == "hard"]
            left += [(raw(link["target"]), base + b"/" + n) for n, link in sorted(hard, key=lambda h: h[0], reverse=True)]
        return new, order


def attribute_problem(root):
    found = [a for a in root.get("attributes", []) if a["name"] == "h5 edit"]
    if len(found) != 1 or "error" in found[0]:
        return "the new attribute is not there"
    a = found[0]
    value = struct.pack("<Q", len(TEXT)) + TEXT if a["type"].get("vlen") else TEXT
    if a["type"]["class"] != "string" or a["digest"] != hashlib.sha256(value).hexdigest():
        return "the new attribute has another value"
    return None


def expectation(before, done):
    """What must be there afterwards: objects by new path, and whether any path changed."""
    tree = Tree(before)
    links = tree.links
    links.setdefault(b"/", {})[NEW[1:]] = {"name": text(NEW[1:]), "kind": "hard", "target": text(NEW)}
    links[NEW] = {b"kept": {"name": "kept", "kind": "hard", "target": text(NEW + b"/kept")}}
    tree.objects[NEW] = {"path": text(NEW), "kind": "group", "attributes": []}
    kept = hashlib.sha256(struct.pack("<12d", *range(12))).hexdigest()
    tree.objects[NEW + b"/kept"] = {"kind": "dataset", "digest": kept, "added": True}
    touched = {tree.find(p.encode()) for p in done["touched"]}
    for old, to in done["moved"].items():
        parent, name = os.path.split(old.encode())
        link = links[tree.find(parent)].pop(name, None)
        parent, name = os.path.split(to.encode())
        # Where the links could not be read before, nobody knows what was moved.
        if link:
            links[tree.find(parent)][name] = dict(link, name=text(name))
    new, order = tree.walk()
    renamed = any(k != v for k, v in new.items())
    out = []
    for old in order:
        o = dict(tree.objects[old], path=text(new[old]))
        if o["kind"] == "group":
            o["links"] = [link for _, link in sorted(links.get(old, {}).items())]
            for i, link in enumerate(o["links"]):
                if link["kind"] == "hard":
                    o["links"][i] = dict(link, target=text(new.get(raw(link["target"]), raw(link["target"]))))
        for t in [o.get("type")] + [a.get("type") for a in o.get("attributes", [])]:
            if isinstance(t, dict) and "committed" in t and raw(t["committed"]) in new:
                t["committed"] = text(new[raw(t["committed"])])
        out.append((o, old in touched))
    return out, renamed, bool(done["moved"])


def forget(o, renamed, moved):
    """A description without what cannot be foretold."""
    o = copy.deepcopy(o)
    if renamed:
        for part in [o] + o.get("attributes", []):
            if holds_reference(part.get("type")):
                part.pop("digest", None)
                part.pop("fill", None)
    if moved:
        for link in o.get("links", []):
            link.pop("resolves", None)
    return o


def differences(conform, before, after, done):
    if "error" in after:
        return "libhdf5 cannot open it any more: %s" % after["error"]
    want, renamed, moved = expectation(before, done)
    got = {raw(o["path"]): o for o in after["objects"]}
    whole = not any("links_error" in o for o, _ in want)
    for o, touched in want:
        g = got.pop(raw(o["path"]), None)
        if g is None:
            return "lost: %s" % o["path"]
        if o["path"] == "/":
            problem = None if "attributes_error" in o else attribute_problem(g)
            if problem:
                return problem
            g = dict(g, attributes=[a for a in g.get("attributes", []) if a["name"] != "h5 edit"])
        if unjudged(o):
            continue
        if o.get("added"):
            if g.get("digest") != o["digest"]:
                return "the new dataset has other values"
            continue
        o, g = forget(o, renamed, moved), forget(g, renamed, moved)
        if touched and o["kind"] == "dataset":
            grown = [n - m for n, m in zip(g["space"]["dims"], o["space"]["dims"])]
            if sorted(grown) != [0] * (len(grown) - 1) + [1]:
                return "%s grew by %s" % (o["path"], grown)
            for part in (o, g):
                part["space"].pop("dims")
                part.pop("digest", None)
                part.pop("sampled", None)
        d = conform.same(o, g)
        if d is not None:
            return "%s differs in %s" % (o["path"], d)
    return "more objects than before: %s" % sorted(got)[:3] if got and whole else None


def in_child(work):
    """Runs it in a child, so that a crash of libhdf5 stays there; gives its text, or what went wrong."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(r)
            # Damaged files may keep libhdf5 busy without an end.
            resource.setrlimit(resource.RLIMIT_CPU, (CHILD_S, CHILD_S))
            said = work() or ""
        except BaseException as e:  # noqa: B902: nothing may leave the child
            said = "%s: %s" % (type(e).__name__, e)
        os.write(w, said.encode()[:4000])
        os._exit(0)
    os.close(w)
    with os.fdopen(r, "rb") as f:
        said = f.read().decode()
    _, status = os.waitpid(pid, 0)
    return "crash" if status else said


def rows(old, new, done):
    """Whether the appended dataset holds what it held, and zeros."""
    with h5py.File(old, "r") as a, h5py.File(new, "r") as b:
        for path in done["touched"][1:]:
            now = path
            for was, to in done["moved"].items():
                if path == was or path.startswith(was + "/"):
                    now = to + path[len(was):]
            x, y = a[path], b[now]
            try:
                if x.dtype.kind not in "biufc" or x.size > 1 << 24:
                    continue
                x_values = x[...]
            except (OSError, TypeError):
                continue
            part = tuple(slice(0, n) for n in x.shape)
            y_values = y[...]
            if x_values.tobytes() != y_values[part].tobytes():
                return "%s lost values" % path
            y_values[part] = 0
            if numpy.any(y_values):
                return "%s has other new values" % path
    return None


def change(path):
    """An edit by libhdf5."""
    with h5py.File(path, "r+") as f:
        f.attrs["by libhdf5"] = [1, 2, 3]
        group = f.require_group("h5 edit by libhdf5")
        group["values"] = list(range(10))
        group["more"] = "text"
        if "h5 edit/kept" in f:
            f["h5 edit/kept"].attrs["more"] = "text"
            del f["h5 edit/kept"]
        del group["values"]
    return None


def command(*parts):
    p = subprocess.run(parts, capture_output=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL, check=False)
    return p.returncode, p.stdout, (p.stderr or p.stdout)[-300:].decode("utf-8", "replace").strip()


def one(job):
    a, name, expect, in_set, conform, oracle = job
    try:
        return (name,) + judge(a, name, expect, in_set, conform, oracle)
    except Exception as e:  # noqa: B902: the others go on
        return name, "error", "%s: %s" % (type(e).__name__, e)


def judge(a, name, expect, in_set, conform, oracle):
    before = conform.expected(a, name, expect)
    if "error" in before:
        return "left out", "libhdf5 cannot open it"
    original = os.path.join(a.files, name)
    with tempfile.TemporaryDirectory() as tmp:
        home = os.path.join(tmp, "set")
        if in_set:
            shutil.copytree(os.path.dirname(original), home)
        else:
            os.mkdir(home)
        path = os.path.join(home, os.path.basename(name))
        shutil.copyfile(original, path)
        os.chmod(path, 0o644)
        clean, _, _ = command(a.tool, "check", "--quiet", path)
        status, out, said = command(a.edit, path)
        if status != 0:
            shutil.copyfile(original, path)
            if status == 1 and in_child(lambda: change(path)):
                return "left out", "libhdf5 cannot change it either"
            return ("refused" if status == 1 else "crash"), said
        done = json.loads(out)
        after = json.loads(oracle.run(path))
        problem = differences(conform, before, after, done)
        problem = problem or in_child(lambda: rows(original, path, done))
        if problem:
            return "differs", problem
        if clean == 0:
            status, out, said = command(a.tool, "check", path)
            if status:
                return "check", out.decode("utf-8", "replace")[:300]
        if a.modify:
            problem = in_child(lambda: change(path))
            if problem:
                fresh = os.path.join(home, "fresh")
                shutil.copyfile(original, fresh)
                return ("ok", "") if in_child(lambda: change(fresh)) else ("libhdf5", problem)
            status, out, said = command(a.tool, "check", path)
            if clean == 0 and status:
                return "check after libhdf5", out.decode("utf-8", "replace")[:300]
    return "ok", "" if clean == 0 else "was not clean before"


def load(path):
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def start(oracle_path):
    global ORACLE, CONFORM
    ORACLE = load(oracle_path)
    CONFORM = load(os.path.join(os.path.dirname(oracle_path), "conform.py"))
    ORACLE.load()


def work(job):
    return one(job + (CONFORM, ORACLE))


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    for needed in ("--files", "--tool", "--edit", "--oracle"):
        p.add_argument(needed, required=True, type=os.path.abspath)
    p.add_argument("--min", type=float, default=100.0)
    p.add_argument("--only")
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--modify", action="store_true")
    p.add_argument("--verbose", action="store_true")
    a = p.parse_args()
    a.expect = None
    conform = load(os.path.join(os.path.dirname(a.oracle), "conform.py"))
    listed = json.load(open(os.path.join(a.files, "MANIFEST.json")))["files"]
    sets = {os.path.dirname(f["file"]) for f in listed}
    sets = {d for d in sets if os.path.basename(d).startswith("set_")}
    left_out = {f.get("open", f["file"]) for f in listed if f.get("expect_from", "2.0.0") != "2.0.0"
                or any(x.startswith("driver:") for x in f.get("features", []))}
    jobs = [(a, name, expect, os.path.dirname(name) in sets) for name, _, expect in conform.cases(a)
            if name not in left_out and "%" not in name]
    with multiprocessing.Pool(a.jobs, start, (a.oracle,)) as pool:
        results = list(pool.imap_unordered(work, jobs, 4))
    kinds = collections.Counter(kind for _, kind, _ in results)
    for name, kind, why in sorted(results):
        if kind not in ("ok", "left out"):
            print("%-8s %s: %s" % (kind.upper(), name, why))
        elif a.verbose and (kind != "ok" or why):
            print("%-8s %s: %s" % (kind, name, why))
    judged = len(results) - kinds["left out"]
    percent = 100.0 * kinds["ok"] / max(1, judged)
    good = judged > 0 and percent >= a.min
    print("\nedited %d, as expected %d (%.2f %%), left out %d; %s: %s"
          % (judged, kinds["ok"], percent, kinds["left out"], dict(kinds), "PASS" if good else "FAIL"))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
