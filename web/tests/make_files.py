"""Makes the large files of the browser tests in a folder.

usage: make_files.py FOLDER

frames_old.h5, frames_new.h5   2 GiB: 8192 frames of 512 x 256, a chunk each, of which two are written (the file is sparse)
many.h5                        10,000 datasets in 100 groups, two attributes each
"""

import sys
from pathlib import Path

import h5py
import numpy as np

FRAMES = (8192, 512, 256)
WRITTEN = (0, 4096)


def frames(path, libver):
    with h5py.File(path, "w", libver=libver) as file:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((1, *FRAMES[1:]))
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        space = h5py.h5s.create_simple(FRAMES)
        data = h5py.Dataset(h5py.h5d.create(file.id, b"frames", h5py.h5t.STD_U16LE, space, plist))
        data.attrs["units"] = "counts"
        for number in WRITTEN:
            data[number] = np.arange(FRAMES[1] * FRAMES[2], dtype=np.uint32).reshape(FRAMES[1:]) % 60000 + number % 7


def many(path):
    with h5py.File(path, "w") as file:
        for g in range(100):
            group = file.create_group(f"group{g:03}")
            group.attrs["number"] = g
            group.attrs["name"] = f"group {g}"
            for d in range(100):
                dataset = group.create_dataset(f"data{d:03}", data=np.arange(10, dtype="i4"))
                dataset.attrs["number"] = d
                dataset.attrs["units"] = "mm"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    frames(folder / "frames_old.h5", "earliest")
    frames(folder / "frames_new.h5", "latest")
    many(folder / "many.h5")
