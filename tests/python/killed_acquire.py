"""killed_acquire.py ACQUIRE [N] [SEED] [MILLISECONDS]: kills the example `acquire` at N random moments; PyMoDAQ must open every file
with each frame whose number was printed, on both of its backends, and go on writing a copy of it.

Needs requirements-pymodaq4.txt; no display.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# PyMoDAQ keeps a configuration folder in the home folder: not the user's, here.
os.environ["HOME"] = tempfile.mkdtemp()

import numpy as np  # noqa: E402
from pymodaq.utils.h5modules import backends  # noqa: E402

SCAN = "/RawData/Scan000"


def killed(acquire, path, after, pause):
    """Runs `acquire`, kills it, and gives the last number that it printed; none is -1."""
    with open(path.with_suffix(".out"), "w+") as out:
        process = subprocess.Popen([acquire, path, "1000000", str(pause)], stdout=out, stderr=subprocess.DEVNULL)
        while out.seek(0, os.SEEK_END) == 0 and process.poll() is None:
            time.sleep(0.001)
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
        out.seek(0)
        whole = [line for line in out.read().splitlines(keepends=True) if line.endswith("\n")]
    return int(whole[-1]) if whole else -1


def verify(path, backend, last):
    """Every committed frame is there."""
    h5 = backends.H5Backend(backend)
    h5.open_file(path, "r")
    try:
        images = h5.get_node(f"{SCAN}/Detector001/Data2D/CH00/EnlData00")
        assert len(images) in (last + 1, last + 2), (len(images), last)
        assert images[:, 0, 0].tolist() == [n % 65536 for n in range(len(images))]
        power = h5.get_node(f"{SCAN}/Detector000/Data0D/CH00/Data00")[: last + 1]
        position = h5.get_node(f"{SCAN}/NavAxes/Axis00")[: last + 1]
        assert np.allclose(position, np.arange(last + 1) / 10)
        assert np.allclose(power, 1 + np.exp(-(((position - 20) / 8) ** 2)))
        log = h5.get_node("/RawData/Logger").read()
        assert len(log) >= last // 10 + 1 and all(f"frame {10 * n}:" in text for n, text in enumerate(log))
    finally:
        h5.close_file()


def goes_on(path, backend):
    """PyMoDAQ writes the file further."""
    h5 = backends.H5Backend(backend)
    h5.open_file(path, "a")
    images = h5.get_node(f"{SCAN}/Detector001/Data2D/CH00/EnlData00")
    images.append(np.full((24, 32), 7, "u2"))
    h5.get_node("/RawData/Logger").append("goes on")
    assert images[-1].tolist() == np.full((24, 32), 7).tolist()
    h5.close_file()


def main():
    acquire, count, seed, pause = (sys.argv[1:] + ["100", "1", "2"][len(sys.argv) - 2 :])[:4]
    random.seed(int(seed))
    frames = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(int(count)):
            path = Path(folder) / f"{number}.h5"
            last = killed(acquire, path, random.uniform(0, 0.6), int(pause))
            frames += last + 1
            for backend in ("h5py", "tables"):
                try:
                    verify(path, backend, last)
                    if number % 10 == 0:
                        copy = path.with_suffix(f".{backend}.h5")
                        shutil.copy(path, copy)
                        goes_on(copy, backend)
                except Exception as e:
                    kept = Path(tempfile.gettempdir()) / f"killed-{number}.h5"
                    shutil.copy(path, kept)
                    sys.exit(f"run {number}, last frame {last}, {backend}: {e!r}; kept as {kept}")
            path.unlink()
    print(f"{count} runs killed, {frames} frames: all of them opened by PyMoDAQ, on h5py and on tables")


main()
