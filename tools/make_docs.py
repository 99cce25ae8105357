"""Make the pictures of the README and the tutorial from a folder of photos of dogs and cats.

    python tools/make_docs.py PHOTOS

PHOTOS has ``training_set`` and ``test_set`` with a folder for each class. The pictures are charts only: no photo of
the data set is copied into the project. With Chromium on the path, the head of the report is photographed too.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path

import headstart as hs

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--hide-scrollbars", "--force-device-scale-factor=2")  # fmt: skip


def photograph(page: Path, picture: Path, width_px: int, height_px: int) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium on the path: the report was not photographed")
        return
    size = f"--window-size={width_px},{height_px}"
    subprocess.run([browser, *FLAGS, size, f"--screenshot={picture}", page.resolve().as_uri()], check=True)  # noqa: S603


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    photos = parser.parse_args().photos
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        recipe = hs.train(photos, out=Path(folder, "recipe"), head="adam", image_size=160)
        shutil.copy(recipe.folder / "figures" / "history.png", PICTURES / "tutorial_history.png")
        run = hs.train(photos, out=Path(folder, "run"))
        photograph(run.report, PICTURES / "report.png", 900, 620)
        print(recipe.verdict, run.verdict, sep="\n")


if __name__ == "__main__":
    main()
