"""Compares files with the descriptions beside them: judge.py FILE.h5...

Not comments: of these h5py 3.16 gives whatever is in its memory.
"""
import json
import sys

import h5py
import numpy as np


def plain(v):
    """One element as JSON has it."""
    if isinstance(v, bytes):
        return v.decode()
    if isinstance(v, (np.void, tuple)):
        return [plain(x) for x in v.tolist()] if isinstance(v, np.void) else [plain(x) for x in v]
    if isinstance(v, np.ndarray):
        return [plain(x) for x in v]
    return v.item() if isinstance(v, np.generic) else v


def array(where, found, want, vlen):
    shape = () if vlen and not isinstance(found, np.ndarray) else np.shape(found)
    if want["shape"] == [] and vlen:
        elements = [plain(found)]
    else:
        assert list(shape) == want["shape"], f"{where}: shape {shape}, expected {want['shape']}"
        elements = [plain(v) for v in np.asarray(found).reshape(-1)] if shape else [plain(found)]
    assert elements == want["elements"], f"{where}: {elements}, expected {want['elements']}"


def judge(path):
    with open(path[:-2] + "json") as f:
        want = json.load(f)
    with h5py.File(path, "r") as f:
        for name, o in want.items():
            where = f"{path}:{name}"
            found = f[name]
            for a in found.attrs:
                assert a in o["attributes"], f"{where}: attribute {a} is too much"
            for a, value in o["attributes"].items():
                vlen = h5py.check_dtype(vlen=found.attrs.get_id(a).dtype) not in (None, str)
                array(f"{where}@{a}", found.attrs[a], value, vlen)
            if "links" in o:
                assert set(found.keys()) == set(o["links"]), f"{where}: {list(found.keys())}"
                for link, to in o["links"].items():
                    kind = found.get(link, getlink=True)
                    if "hard" in to:
                        assert isinstance(kind, h5py.HardLink), f"{where}/{link}"
                        assert found[link] == f[to["hard"]], f"{where}/{link} is not {to['hard']}"
                    elif "soft" in to:
                        assert kind.path == to["soft"], f"{where}/{link}"
                    else:
                        assert [kind.filename, kind.path] == to["external"], f"{where}/{link}"
            elif "data" in o:
                vlen = h5py.check_dtype(vlen=found.dtype) not in (None, str)
                array(where, found[()], o["data"], vlen)
            else:
                assert isinstance(found, h5py.Datatype), where


for path in sys.argv[1:]:
    judge(path)
