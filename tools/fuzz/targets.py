"""What is attacked: photos, sealed classifiers, and sources of photos (tables, shards, manifests, runs)."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import numpy as np
from mutations import REPAIRS, leave, mutate
from PIL import Image

from headstart.errors import ClassifierError, HeadstartError, PhotoError

RECORDS = ("metrics.json", "notes.json", "run.json", "catalog.csv", "predictions.csv", "history.csv", "_headstart.json")
SIDE = 96  # pixels: the smallest input that all methods accept


class Target(ABC):
    """One kind of input."""

    allowed: type[HeadstartError] = HeadstartError

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seeds = self.make_seeds()

    @abstractmethod
    def make_seeds(self) -> dict[str, bytes]:
        """Return valid files by name; they are the same in every process."""

    def make_case(self, seed: int, number: int) -> tuple[str, bytes]:
        """Return the name of a seed and the bytes of case ``number``."""
        random = Random(f"{seed} {number}")  # noqa: S311  no secret
        name = random.choice(list(self.seeds))
        data = mutate(self.seeds[name], random, list(self.seeds.values()))
        repair = REPAIRS.get(Path(name).suffix, leave) if random.random() < 0.7 else leave
        return name, repair(data)

    @abstractmethod
    def attack(self, name: str, data: bytes) -> None:
        """Give a file to the program; raise whatever it raises."""


class Photos(Target):
    """Photos in every format that can be painted here."""

    allowed = PhotoError

    def make_seeds(self) -> dict[str, bytes]:
        """Paint one picture and save it in each format."""
        return dict(_paint_photos())

    def attack(self, name: str, data: bytes) -> None:
        """Decode for the network and for display."""
        from headstart.pixels.decode import decode_photo, decode_thumbnail

        decode_photo(data, 224)
        decode_thumbnail(data, 160)


class Classifiers(Target):
    """Classifier files, sealed again after each change."""

    allowed = ClassifierError

    def make_seeds(self) -> dict[str, bytes]:
        """Train a few small classifiers once; other processes find them in the folder."""
        import headstart as hs
        from headstart.classifier.seal import SEAL_LENGTH
        from headstart.process.packages import is_installed

        home = self.folder / "classifiers"
        settings = {
            "fixed": {}, "all": {"features": "all"}, "views": {"features": "all", "average_views": True},
            "int8": {"precision": "int8"},
        }  # fmt: skip
        if is_installed("torch"):
            settings["hybrid"] = {"method": "hybrid", "cut": "block_15", "epochs": 1}
        for name, options in settings.items():
            if not (home / name / "model.onnx").exists():
                photos = _paint_folder(self.folder / "photos")
                hs.train(photos, out=home / name, **({"method": "fixed", "image_size": SIDE} | options))  # type: ignore[arg-type]
        return {name: (home / name / "model.onnx").read_bytes()[:-SEAL_LENGTH] for name in settings}

    def make_case(self, seed: int, number: int) -> tuple[str, bytes]:
        """Change the structure more often than the weights, which are nearly all bytes of the file."""
        from headstart.classifier.seal import seal_bytes

        random = Random(f"{seed} {number}")  # noqa: S311
        name = random.choice(list(self.seeds))
        data = self.seeds[name]
        pieces = list(_find_structure(data))
        if random.random() < 0.1:
            return name, seal_bytes(mutate(data, random))
        start, end = random.choice(pieces)
        return name, seal_bytes(data[:start] + mutate(data[start:end], random, [data[:4096]]) + data[end:])

    def attack(self, name: str, data: bytes) -> None:
        """Load and predict."""
        from headstart.classifier.classifier import Classifier

        classifier = Classifier.from_bytes(data)
        answer = classifier.predict_pixels(np.zeros((1, SIDE, SIDE, 3), np.uint8))
        if not np.isfinite(answer).all():
            raise ValueError("the answer is not finite")


class Sources(Target):
    """Tables, tar shards, manifests of features, and run folders."""

    def make_seeds(self) -> dict[str, bytes]:
        """Write one source of each kind."""
        import headstart as hs

        photos = _paint_folder(self.folder / "photos")
        rows = [(path.relative_to(self.folder).as_posix(), path.parent.name) for path in sorted(photos.rglob("*.jpg"))]
        seeds = {"photos.csv": _write_csv(rows), "photos.tar": _write_shard(self.folder, rows)}
        with suppress(ImportError):
            seeds |= {"photos.parquet": _write_parquet(rows), "shards.parquet": _write_pictures(self.folder, rows)}
        run, embedded = self.folder / "run", self.folder / "embedded"
        if not (run / "metrics.json").exists():
            hs.train(photos, out=run, method="fixed", image_size=SIDE)
        with suppress(HeadstartError):  # the extra is missing
            if not (embedded / "_headstart.json").exists():
                hs.embed(photos, out=embedded, image_size=SIDE)
        for folder in (run, embedded):
            for file in RECORDS:
                if (folder / file).exists():
                    seeds[f"{folder.name}/{file}"] = (folder / file).read_bytes()
            for part in sorted(folder.glob("part-*.parquet"))[:1]:
                seeds[f"{folder.name}/{part.name}"] = part.read_bytes()
        return seeds

    def attack(self, name: str, data: bytes) -> None:
        """Scan the source, or open the run."""
        import headstart as hs

        if "/" not in name:
            path = self.folder / f"case{Path(name).suffix}"
            path.write_bytes(data)
            hs.scan(path, cache=False)
            return
        folder, _, file = name.partition("/")
        broken = self.folder / f"broken-{folder}"
        shutil.copytree(self.folder / folder, broken, dirs_exist_ok=True)
        (broken / file).write_bytes(data)
        try:
            if folder == "embedded":
                hs.scan(broken, cache=False)
                return
            run = hs.Run(broken)
            _ = run.verdict, run.notes, run.history, run.predictions
            hs.scan(broken / "catalog.csv", cache=False)
        finally:
            shutil.rmtree(broken)


TARGETS: dict[str, type[Target]] = {"photos": Photos, "classifiers": Classifiers, "sources": Sources}


def _paint(number: int, label: str) -> Image.Image:
    generator = np.random.default_rng([number, len(label)])
    wave = np.sin(np.arange(64) * generator.uniform(0.3, 0.6))
    pattern = wave[None] if label == "stripes" else wave[:48, None] * wave[None]
    pixels = 128 + pattern[..., None] * generator.uniform(60, 120, 3) + generator.normal(0, 12, (48, 64, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _paint_folder(folder: Path) -> Path:
    for label in ("dots", "stripes"):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(20):
            path = folder / label / f"{number}.jpg"
            if not path.exists():
                _paint(number, label).save(path)
    return folder


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def _paint_photos() -> Iterator[tuple[str, bytes]]:
    from PIL import ImageCms

    image = _paint(0, "dots")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    alpha = image.convert("RGBA")
    alpha.putalpha(128)
    deep = Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 257)
    saved: list[tuple[str, Image.Image, str, dict[str, object]]] = [
        ("plain.jpg", image, "JPEG", {}),
        ("tagged.jpg", image, "JPEG", {"exif": exif, "icc_profile": profile, "comment": b"painted"}),
        ("progressive.jpg", image, "JPEG", {"progressive": True}),
        ("grey.jpg", image.convert("L"), "JPEG", {}),
        ("cmyk.jpg", image.convert("CMYK"), "JPEG", {}),
        ("plain.png", image, "PNG", {"icc_profile": profile, "exif": exif}),
        ("palette.png", image.convert("P"), "PNG", {"transparency": 3}),
        ("deep.png", deep, "PNG", {}),
        (
            "animated.gif",
            image.convert("P"),
            "GIF",
            {"save_all": True, "append_images": [_paint(1, "dots").convert("P")]},
        ),
        ("lossy.webp", image, "WEBP", {}),
        ("lossless.webp", alpha, "WEBP", {"lossless": True, "exif": exif}),
        ("animated.webp", image, "WEBP", {"save_all": True, "append_images": [_paint(1, "dots")]}),
        ("plain.bmp", image, "BMP", {}),
        ("plain.tif", image, "TIFF", {}),
        ("packed.tif", image, "TIFF", {"compression": "tiff_lzw"}),
        ("jpeg.tif", image, "TIFF", {"compression": "jpeg"}),
        ("deep.tif", deep, "TIFF", {"compression": "tiff_adobe_deflate"}),
        ("float.tif", Image.fromarray(np.asarray(image.convert("L"), np.float32) / 255), "TIFF", {}),
        ("plain.avif", image, "AVIF", {}),
        ("plain.jp2", image, "JPEG2000", {}),
        ("plain.ppm", image, "PPM", {}),
        ("deep.pgm", deep, "PPM", {}),
        ("plain.tga", image, "TGA", {}),
    ]
    for name, picture, kind, options in saved:
        with suppress(KeyError, OSError):  # this Pillow has no encoder for it
            yield name, _encode(picture, kind, **options)
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
        yield "plain.heic", _encode(image, "HEIF")


def _write_csv(rows: list[tuple[str, str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([("path", "label", "group", "weight"), *((*row, "", "1") for row in rows)])
    return text.getvalue().encode()


def _write_shard(folder: Path, rows: list[tuple[str, str]]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for number, (path, label) in enumerate(rows):
            texts = {"cls": label.encode()} if number % 2 else {"json": json.dumps({"label": label}).encode()}
            for suffix, content in {"jpg": (folder / path).read_bytes(), **texts}.items():
                member = tarfile.TarInfo(f"{number:04}.{suffix}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def _write_parquet(rows: list[tuple[str, str]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    paths, labels = zip(*rows, strict=True)
    stream = io.BytesIO()
    parquet.write_table(pa.table({"path": paths, "label": labels}), stream)
    return stream.getvalue()


def _write_pictures(folder: Path, rows: list[tuple[str, str]]) -> bytes:
    """Write a table with the pictures inside, as model hubs do."""
    import pyarrow as pa
    from pyarrow import parquet

    names = sorted({label for _, label in rows})
    images = [{"bytes": (folder / path).read_bytes(), "path": path} for path, _ in rows]
    features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pa.table({"image": images, "label": [names.index(label) for _, label in rows]})
    stream = io.BytesIO()
    parquet.write_table(table.replace_schema_metadata(about), stream)
    return stream.getvalue()


def _find_structure(network: bytes, start: int = 0, depth: int = 0) -> Iterator[tuple[int, int]]:
    """Yield start and end of the parts of an ONNX file that are no large weights."""
    from headstart.engine.protobuf import split_message

    at = start
    with suppress(ValueError):
        for _, field, value in split_message(network):
            if len(field) < 2000:
                yield at, at + len(field)
            elif depth < 3 and len(value):
                yield from _find_structure(bytes(value), at + len(field) - len(value), depth + 1)
            else:
                yield at, at + 16  # number and length of a large field
            at += len(field)
