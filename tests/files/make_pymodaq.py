"""A two-dimensional scan as PyMoDAQ saves one: detectors of 0, 1 and 2 dimensions, an actuator, a log, the settings.

Needs requirements-pymodaq.txt instead of requirements.txt's libraries; no display. The data follow from formulas.
"""
import datetime
import os
import sys
import tempfile
import time
from pathlib import Path

# PyMoDAQ keeps a configuration folder in the home folder: not the user's, here.
os.environ["HOME"] = tempfile.mkdtemp()
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import functools  # noqa: E402

import numpy as np  # noqa: E402
import tables  # noqa: E402
from pymodaq_data.data import Axis, DataCalculated, DataRaw, DataToExport  # noqa: E402
from pymodaq_data.h5modules import data_saving, saving  # noqa: E402

NX, NY = 5, 4
SETTINGS = b'<All_settings type="group"><main type="group"><exposure type="float">0.1</exposure></main></All_settings>'


class FixedTime(datetime.datetime):
    """The clock of the file: always the same instant."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 5, 17, 9, 30, 0, 250000)


def gauss(x, at, width):
    return np.exp(-((x - at) ** 2) / (2 * width**2))


def step(k, x, y):
    """The detectors' data at one point of the scan."""
    wavelengths = np.linspace(400.0, 800.0, 64)
    rows, columns = np.arange(24.0), np.arange(32.0)
    power = DataRaw("Power", data=[np.array([1.5 + np.cos(x) * y]), np.array([0.25 * k])], labels=["signal", "monitor"], units="W", origin="PowerMeter")
    spectrum = DataRaw(
        "Spectrum",
        data=[1000 * gauss(wavelengths, 600 + 30 * x, 25 + y)],
        labels=["counts"],
        origin="Spectrometer",
        axes=[Axis("wavelength", "nm", data=wavelengths, index=0)],
    )
    image = DataRaw(
        "Image",
        data=[(200 * np.outer(gauss(rows, 12 + 4 * y, 4), gauss(columns, 16 + 5 * x, 5))).astype("uint16")],
        labels=["grey"],
        origin="Camera",
        axes=[Axis("rows", "px", data=rows, index=0), Axis("columns", "px", data=columns, index=1)],
    )
    return DataToExport("step", data=[power, spectrum, image])


def write(path):
    saving.datetime.datetime = FixedTime
    time.time = lambda: 1715938200.25
    for name in ("create_carray", "create_earray", "create_vlarray"):
        make = getattr(tables.File, name)
        setattr(tables.File, name, functools.partialmethod(make, track_times=False))
    file = saving.H5SaverLowLevel("scan", backend="tables")
    file.define_compression("gzip", 5)
    file.init_file(path, new_file=True, metadata={"author": "fixture", "sample": "S-1", "temperature": 293.15})
    scan = file.add_scan_group(title="A scan of two axes", settings_as_xml=SETTINGS, metadata={"scan_type": "Scan2D"})
    xs, ys = np.linspace(-1, 1, NX), np.linspace(0, 1.5, NY)
    detector = file.add_det_group(scan, title="Detectors", settings_as_xml=SETTINGS, metadata={"device": "mock"})
    saver = data_saving.DataToExportExtendedSaver(file, extended_shape=(NX, NY))
    saver.add_nav_axes(detector, [Axis("x position", "mm", data=xs, index=0), Axis("y position", "um", data=ys, index=1)])
    for i, x in enumerate(xs):
        for j, y in enumerate(ys):
            saver.add_data(detector, step(i * NY + j, x, y), indexes=(i, j))
    actuator = file.add_act_group(scan, title="Stage", settings_as_xml=SETTINGS, metadata={"controller": "mock"})
    # What an actuator logs in time grows without a bound.
    grows = data_saving.DataEnlargeableSaver(file, enl_axis_names=("time",), enl_axis_units=("s",))
    for k in range(6):
        grows.add_data(actuator, DataCalculated("Position", data=[np.array([0.5 * k])], labels=["x"], units="mm"), axis_values=[0.1 * k])
    file.add_log("2024-05-17 09:30:00 - scan started")
    file.add_log("2024-05-17 09:31:00 - scan finished, 20 points, 5 µm")
    file.add_string_array(scan, "notes", title="Notes", metadata={"by": "operator"})
    file.close_file()


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    write(out / "pymodaq_scan.h5")
