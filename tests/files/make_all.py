"""Makes every fixture and its description anew: `python make_all.py [OUTDIR]`. The PyMoDAQ scan has libraries of its own."""
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = ("groups", "attributes", "types", "layouts", "virtual", "filters", "files", "pytables")


def cases(folder):
    """The names under which the files of a folder are opened: families by their pattern, split files by the -m part."""
    names = {p.name for p in folder.glob("*.h5") if not p.name.endswith("-r.h5")}
    families = {n.rsplit("_", 1)[0] for n in names if n.startswith("family_")}
    return sorted({n for n in names if not n.startswith("family_")} | {f"{f}_%02d.h5" for f in families})


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else HERE).resolve()
    for name in SCRIPTS:
        subprocess.run([sys.executable, HERE / f"make_{name}.py", folder], check=True)
    subprocess.run([sys.executable, HERE / "describe.py", *[str(folder / n) for n in cases(folder)]], check=True)


if __name__ == "__main__":
    main()
