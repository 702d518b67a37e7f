"""A larger file for reading on many threads, made at test time and not kept: `python make_threads.py OUTDIR threads`.

Its datasets have rows of several chunks, deflated and not, so that random slabs meet many chunks.
"""

import os
import sys
from pathlib import Path

import h5py
import numpy as np

import lib5


def main():
    if len(sys.argv) < 2:
        raise SystemExit("usage: make_threads.py OUTDIR [threads]")
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    os.chdir(sys.argv[1])
    data = np.random.default_rng(lib5.SEED).integers(0, 50, (1000, 900), "i4")
    with h5py.File("threads_latest.h5", "w", libver="latest") as f:
        f.create_dataset("plain", data=data, chunks=(64, 50), maxshape=(None, None))
        f.create_dataset("deflate", data=data, chunks=(37, 100), compression="gzip", compression_opts=1)
        f.create_dataset("shuffle", data=data, chunks=(100, 33), compression="lzf", shuffle=True, maxshape=(None, 900))
    Path("threads_latest.h5.json").write_text('{"objects": []}\n')


if __name__ == "__main__":
    main()
