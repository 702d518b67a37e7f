"""Reads a file of nodes by h5py and by PyTables, tells as JSON what each sees, and adds to every array that grows.

usage: foreign.py FILE h5py|tables
"""

import json
import sys

import numpy as np


def plain(value):
    """A value of numpy as one of JSON."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, complex):
        return [value.real, value.imag]
    return value.item() if isinstance(value, np.generic) else value


def by_h5py(path):
    import h5py

    seen = {}
    with h5py.File(path, "r+") as file:

        def visit(name, node):
            if isinstance(node, h5py.Dataset):
                seen["/" + name] = plain(
                    [list(r) for r in node[:]] if node.dtype.hasobject else node[:]
                )
                if node.maxshape[0] is None:
                    row = node[-1]
                    node.resize(len(node) + 1, axis=0)
                    node[-1] = row

        file.visititems(visit)
    return seen


def by_tables(path):
    import tables

    seen = {}
    with tables.open_file(path, "a") as file:
        for node in file.walk_nodes("/", "Leaf"):
            rows = isinstance(node, tables.VLArray)
            seen[node._v_pathname] = plain([list(r) for r in node.read()] if rows else node.read())
            if rows:
                node.append(node[-1])
            elif isinstance(node, tables.EArray):
                node.append(node[-1:])
    return seen


if __name__ == "__main__":
    print(json.dumps({"h5py": by_h5py, "tables": by_tables}[sys.argv[2]](sys.argv[1])))
