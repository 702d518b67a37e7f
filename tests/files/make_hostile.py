"""A file that is sound in every part and whose reading would never end: `python make_hostile.py [FOLDER]`.

`virtual.h5`: 40 virtual datasets, each of which takes its elements twice from the next one, so that reading the first
one opens 2^40 sources.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

LEVELS = 40


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "hostile")
    with h5py.File(folder / "virtual.h5", "w", libver="latest") as f:
        f.create_dataset(f"{LEVELS:02}", data=np.arange(2, dtype="i4"), track_times=False)
        for n in range(LEVELS):
            layout = h5py.VirtualLayout(shape=(2,), dtype="i4")
            for _ in range(2):
                layout[:] = h5py.VirtualSource(".", f"{n + 1:02}", shape=(2,))
            f.create_virtual_dataset(f"{n:02}", layout)


main()
