"""What all tests share: a cache of their own, and small photos made on the spot."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import logging
import os
import signal
import struct
import subprocess
import sys
import tarfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

DATA = "HEADSTART_TEST_DATA"  # names a folder of real photos (cats-dogs, ants-bees, ...), which some tests need
REFERENCE = "HEADSTART_TEST_REFERENCE"  # names the folder of mobilenet_v2_reference.npz

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts a command with & in a script
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests send Ctrl-C to this process and to its children


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory):
    """No test reads or writes the user's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADSTART_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def real_photos() -> Path:
    """The folder of real photos, if the environment names one."""
    return find_folder(DATA, "real photos")


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The folder of reference answers, if the environment names one."""
    return find_folder(REFERENCE, "reference answers of MobileNetV2")


def find_folder(variable: str, content: str) -> Path:
    folder = os.environ.get(variable)
    if not folder:
        pytest.skip(f"needs {content}: set {variable} to their folder")
    return Path(folder)


def paint_photo(label: str, number: int, size: tuple[int, int] = (80, 60)) -> Image.Image:
    """Paint a photo that a classifier can tell from those of another label: stripes, dots or noise in many colours."""
    generator = np.random.default_rng([number, *label.encode()])
    width, height = size
    y, x = np.mgrid[:height, :width]
    phase, scale = generator.uniform(0, 6), generator.uniform(0.3, 0.6)
    pattern = {
        "stripes": np.sin(scale * x + phase),
        "dots": np.sin(scale * x + phase) * np.sin(scale * y + phase),
        "rings": np.sin(scale * np.hypot(x - width / 2, y - height / 2) + phase),
    }[label]
    colour = generator.uniform(60, 120, 3)
    pixels = 128 + pattern[..., None] * colour + generator.normal(0, 12, (height, width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def encode(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """Return an image as the bytes of a photo file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture(scope="session")
def set_decision() -> Callable[..., Path]:
    """Write the classifier of a run with another decision."""
    from headstart.classifier.build import build_classifier
    from headstart.classifier.file import read_classifier
    from headstart.exports.int8 import extract_backbone

    def write(model: Path, path: Path, decision: object) -> Path:
        contents = read_classifier(model)
        metadata = dataclasses.replace(contents.metadata, decision=decision)
        parts = extract_backbone(contents), contents.weights, contents.bias, metadata, contents.novelty
        path.write_bytes(build_classifier(*parts))
        return path

    return write


@pytest.fixture(scope="session")
def drop_novelty() -> Callable[..., Path]:
    """Write the classifier of a run without its novelty test and its label sets, as an earlier version did."""
    from headstart.classifier.build import build_classifier
    from headstart.classifier.file import read_classifier
    from headstart.exports.int8 import extract_backbone

    def write(model: Path, path: Path) -> Path:
        contents = read_classifier(model)
        metadata = dataclasses.replace(contents.metadata, n_novelty_photos=None, label_sets=None)
        path.write_bytes(build_classifier(extract_backbone(contents), contents.weights, contents.bias, metadata))
        return path

    return write


@pytest.fixture(scope="session")
def paint_folder() -> Callable[..., Path]:
    """Make a folder of class folders with painted photos."""

    def paint(folder: Path, labels: tuple[str, ...] = ("dots", "stripes"), n: int = 20) -> Path:
        for label in labels:
            (folder / label).mkdir(parents=True)
            for number in range(n):
                (folder / label / f"{number:03}.jpg").write_bytes(encode(paint_photo(label, number), quality=90))
        return folder

    return paint


@pytest.fixture
def make_folder(tmp_path: Path, paint_folder: Callable[..., Path]) -> Callable[..., Path]:
    """Make such a folder below the test's own."""

    def make(name: str = "photos", labels: tuple[str, ...] = ("dots", "stripes"), n: int = 20) -> Path:
        return paint_folder(tmp_path / name, labels, n)

    return make


@pytest.fixture(scope="session")
def make_runner() -> Callable[..., Any]:
    """Make a runner of methods at 96 pixels."""
    from headstart.backbone.backbone import BackboneSetup
    from headstart.backbone.loading import load_backbone
    from headstart.methods.method_runner import MethodRunner
    from headstart.methods.training_context import TrainingContext

    def make(catalog: Any, *, backbone: Any = None, precision: str = "auto", cache: bool = False) -> MethodRunner:
        setup = BackboneSetup(backbone or load_backbone(), 96, precision)
        return MethodRunner(catalog, TrainingContext(setup, cache))

    return make


@pytest.fixture(scope="session")
def s3_server() -> Iterator[None]:
    """Serve S3 on loopback, for this process and its children."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        yield
    server.stop()


@pytest.fixture
def make_bucket(s3_server: None, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Put a folder into a bucket of the test's own, and return its URI."""
    boto3 = pytest.importorskip("boto3")

    def make(folder: Path | None = None, name: str = "pets") -> str:
        client = boto3.client("s3")
        bucket = "b" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]
        with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=bucket)
        for path in sorted(folder.rglob("*")) if folder is not None else ():
            if path.is_file():
                client.put_object(
                    Bucket=bucket, Key=f"{name}/{path.relative_to(folder).as_posix()}", Body=path.read_bytes()
                )
        return f"s3://{bucket}/{name}"

    return make


@pytest.fixture(scope="session")
def write_shard() -> Callable[[Path, dict[str, bytes]], Path]:
    """Write a tar file of these files, in this order."""

    def write(path: Path, files: dict[str, bytes]) -> Path:
        with tarfile.open(path, "w") as archive:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        return path

    return write


@pytest.fixture(scope="session")
def headstart() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a user does: in a process of its own."""

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "headstart", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)

    return run


IMAGENET = "mean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n"


def write_network(
    path: Path, *, side_px: int = 64, free=(0, 2, 3), is_headless: bool = False, text: str = IMAGENET
) -> Path:
    """Export a small residual network of 24 features and 5 classes to ``path`` and its TOML beside it."""
    text += 'features = "scores"\n' if is_headless else ""
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, n_in, n_out, stride):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(),
                nn.Conv2d(n_out, n_out, 3, 1, 1, groups=2), nn.BatchNorm2d(n_out),
            )  # fmt: skip
            self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(n_out, n_out, 1), nn.Hardsigmoid())
            self.side = nn.Conv2d(n_in, n_out, 1, stride) if stride > 1 else nn.Identity()

        def forward(self, x):
            y = self.body(x)
            return nn.functional.hardswish(y * self.gate(y) + self.side(x))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
            self.blocks = nn.Sequential(Block(8, 8, 1), Block(8, 16, 2), Block(16, 24, 2))
            self.last = nn.Identity() if is_headless else nn.Sequential(nn.Dropout(), nn.Linear(24, 5))

        def forward(self, x):
            x = self.blocks(self.stem(x))
            return self.last(torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1))

    torch.manual_seed(0)
    network = Network()
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    axes = {"image": dict.fromkeys(free, "free")} | ({"scores": {0: "free"}} if 0 in free else {})
    axes["image"] = {axis: f"axis_{axis}" for axis in free}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(), (torch.zeros(1, 3, side_px, side_px),), str(path), input_names=["image"],
            output_names=["scores"], dynamic_axes=axes, dynamo=False,
        )  # fmt: skip
    size = f"image_size = {side_px}\n" if 2 in free else ""
    path.with_suffix(".toml").write_text(text + size)
    return path


@pytest.fixture(scope="session")
def network(tmp_path_factory) -> Path:
    """Such a network that takes photos of any size."""
    return write_network(tmp_path_factory.mktemp("network") / "somebodys.onnx")


@pytest.fixture(scope="session")
def make_network() -> Callable[..., Path]:
    return write_network


@pytest.fixture(scope="session")
def trained(tmp_path_factory, paint_folder):
    """A small run of `fixed`, for tests that only read it."""
    import headstart as hs

    base = tmp_path_factory.mktemp("training")
    return hs.train(paint_folder(base / "photos"), out=base / "patterns", method="fixed", image_size=96, verbose=False)


@pytest.fixture(scope="session")
def profiles() -> dict[str, bytes]:
    """ICC profiles (ICC.1:2022, version 2.4) of screens, cameras, grey photos and a press, by their names."""

    def fix(*numbers: float) -> bytes:
        return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))

    def curve(gamma: float) -> bytes:
        return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))

    def join(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
        table, body, start = b"", b"", 132 + 12 * len(tags)
        for name, content in tags.items():
            table += name + struct.pack(">2I", start + len(body), len(content))
            body += content + bytes(-len(content) % 4)
        head = struct.pack(">I4sI4s4s4s12x4s", start + len(body), b"", 0x02400000, b"mntr", space, connection, b"acsp")
        return (
            (head + bytes(28) + fix(0.9642, 1, 0.8249)).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
        )

    def screen(columns: Any, curve: bytes) -> bytes:
        ends = {
            name + b"XYZ": b"XYZ \0\0\0\0" + fix(*xyz) for name, xyz in zip((b"r", b"g", b"b"), columns, strict=True)
        }
        curves = {name + b"TRC": curve for name in (b"r", b"g", b"b")}
        return join(b"RGB ", b"XYZ ", {b"wtpt": b"XYZ \0\0\0\0" + fix(0.9642, 1, 0.8249), **ends, **curves})

    srgb_curve = b"para\0\0\0\0\0\x03\0\0" + fix(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    # primaries adapted to D50, as in the published profiles
    srgb = [(0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)]
    adobe = [(0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)]
    p3 = [(0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)]
    prophoto = [(0.7977, 0.2880, 0), (0.1352, 0.7119, 0), (0.0313, 0.0001, 0.8249)]
    # a press whose inks are lighter than those of Pillow's formula: 16 corners of CMYK as L, a, b
    inks = np.indices((2, 2, 2, 2)).reshape(4, -1).T
    lab = 255 - inks @ [40, 50, 20, 120], 128 + inks @ [-30, 60, 0, 0], 128 + inks @ [-30, 0, 70, 0]
    corners = np.clip(np.stack(lab, 1), 40, 255).astype(np.uint8).tobytes()
    ramp = bytes(range(256))
    table = b"mft1\0\0\0\0\x04\x03\x02\0" + fix(1, 0, 0, 0, 1, 0, 0, 0, 1) + 4 * ramp + corners + 3 * ramp
    return {
        "srgb": screen(srgb, srgb_curve),
        "display_p3": screen(p3, srgb_curve),
        "adobe_rgb": screen(adobe, curve(2.2)),
        "prophoto": screen(prophoto, curve(1.8)),
        "grey": join(b"GRAY", b"XYZ ", {b"wtpt": b"XYZ \0\0\0\0" + fix(0.9642, 1, 0.8249), b"kTRC": curve(1.4)}),
        "press": join(b"CMYK", b"Lab ", {b"wtpt": b"XYZ \0\0\0\0" + fix(0.9642, 1, 0.8249), b"A2B0": table}),
    }
