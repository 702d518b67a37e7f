"""Tells as JSON what h5py reads: {file: {path: {shape, values}}} for all datasets of up to so many elements.

usage: oracle.py MOST FILE...
"""

import json
import sys

import h5py
import hdf5plugin  # noqa: F401  (the filters)
import numpy as np


class Unknown(Exception):
    """A type that h5py itself does not give plainly."""


def number(value):
    """A number; what JSON does not have as a text."""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, (int, np.integer)):
        return str(int(value)) if abs(int(value)) > 2**53 else int(value)
    value = float(value)
    return value if np.isfinite(value) else str(value)


def plain(value, dtype, file):
    if h5py.check_ref_dtype(dtype):
        if isinstance(value, h5py.RegionReference) or not isinstance(value, h5py.Reference):
            raise Unknown
        return file[value].name if value else None
    string = h5py.check_string_dtype(dtype)
    if string is not None:
        value = bytes(value) if not isinstance(value, str) else value.encode("utf-8", "surrogateescape")
        return value.decode("utf-8", "replace")
    base = h5py.check_vlen_dtype(dtype)
    if base is not None:
        return [plain(v, base, file) for v in value]
    if dtype.fields:
        names = dtype.names
        if len(names) == 2 and {names[0], names[1]} <= {"r", "i", "re", "im", "real", "imag"}:
            return [number(value[n]) for n in names]
        return [plain(value[n], dtype[n], file) for n in names]
    if dtype.subdtype:
        base, _ = dtype.subdtype
        return nested(np.asarray(value), base, file)
    if dtype.kind == "c":
        return [number(value.real), number(value.imag)]
    if dtype.kind == "V":
        return list(bytes(value))
    if dtype.kind in "Mm":
        raise Unknown
    return number(value)


def nested(array, base, file):
    if not isinstance(array, np.ndarray) or array.ndim == 0:
        return plain(array[()] if isinstance(array, np.ndarray) else array, base, file)
    return [nested(part, base, file) for part in array]


def dataset(node, most):
    if node.shape is None or node.size > most or node.id.get_type().get_class() == h5py.h5t.TIME:
        return None
    array = np.asarray(node[()])
    flat = array.reshape(-1) if array.ndim or not node.shape else array
    if node.dtype.subdtype:
        count = int(np.prod(node.shape, dtype=int))
        base, dims = node.dtype.subdtype
        rows = array.reshape((count, *dims))
        return [nested(row, base, node.file) for row in rows]
    return [plain(value, node.dtype, node.file) for value in flat]


def file(path, most):
    out = {}
    with h5py.File(path, "r") as opened:

        def visit(name, node):
            if isinstance(node, h5py.Dataset):
                try:
                    values = dataset(node, most)
                except Exception:  # what h5py itself does not read is left out, whatever it says
                    return
                if values is not None:
                    out["/" + name] = {"shape": list(node.shape), "values": values}

        opened.visititems(visit)
    return out


if __name__ == "__main__":
    told = {}
    for name in sys.argv[2:]:
        try:
            told[name] = file(name, int(sys.argv[1]))
        except Exception:  # the same of whole files
            pass
    json.dump(told, sys.stdout)
