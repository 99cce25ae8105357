"""A backbone, and the setup in which it runs."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.backbone.spec import BackboneSpec
from headstart.engine.compiling import Build
from headstart.engine.engine import Engine, plan_build
from headstart.engine.gpu import Device, choose_device, describe_gpu
from headstart.engine.processor import Precision, choose_precision, describe_engine


@dataclass(frozen=True, slots=True)
class Backbone:
    """A pretrained network: its spec and the bytes of its ONNX file.

    Attributes
    ----------
    is_quantised
        Whether the network computes in int8, as `quantise_backbone` makes it. It then has no other precision.
    """

    spec: BackboneSpec
    weights: bytes
    is_quantised: bool = False


@dataclass(frozen=True, slots=True)
class BackboneSetup:
    """A backbone with the image size and the precision in which it runs.

    Attributes
    ----------
    image_size
        Side of the square input in pixels.
    precision
        ``auto`` or a precision, as for `choose_precision`.
    depth
        Bits of the values in photos with 16 bits a sample, as for `decode_photo`.
    """

    backbone: Backbone
    image_size: int
    precision: str = "auto"
    depth: int = 16

    def __post_init__(self) -> None:
        self.spec.check_image_size(self.image_size)

    @property
    def spec(self) -> BackboneSpec:
        """The spec of the backbone."""
        return self.backbone.spec

    def choose_precision(self) -> Precision:
        """Return the precision to compute in on this machine; raise BackboneError if it is not available."""
        if self.choose_device() == "gpu":
            return "f32"
        return choose_precision(self.precision, is_quantised=self.backbone.is_quantised)

    def choose_device(self) -> Device:
        """Return the device that extracts features: see `headstart.engine.gpu.choose_device`."""
        return choose_device(self.precision, is_quantised=self.backbone.is_quantised)

    def describe_engine(self) -> str:
        """Return what decides the bits of a feature besides photo and network: see `describe_engine`."""
        return describe_gpu() if self.choose_device() == "gpu" else describe_engine()

    def plan_build(
        self, *, tensor: str = "features", n_cores: int | None = None, n_views: int = 1, also: str | None = None
    ) -> Build:
        """Plan an `Engine` for this setup; the parameters are those of `headstart.engine.engine.plan_build`."""
        return plan_build(
            self.spec.weights_sha256, image_size=self.image_size, precision=self.choose_precision(), tensor=tensor,
            float32_below=self.spec.float32_below, is_quantised=self.backbone.is_quantised, n_cores=n_cores,
            n_views=n_views, device=self.choose_device(), also=also,
        )  # fmt: skip

    def find_activation_shape(self, cut: str) -> tuple[int, int, int]:
        """Return the shape (H, W, C) of the activations at a cut."""
        stage = self.spec.find_stage(cut)
        side = -(-self.image_size // stage.stride)
        return side, side, stage.n_channels

    def open_engine_above(self, cut: str) -> Engine:
        """Compile the part above a cut: activations (H, W, C) float32 go in, features come out."""
        build = plan_build(
            self.spec.weights_sha256, image_size=self.image_size, precision=self.choose_precision(),
            entry=self.spec.find_stage(cut).tensor, entry_shape=self.find_activation_shape(cut),
            float32_below=self.spec.float32_below, is_quantised=self.backbone.is_quantised,
        )  # fmt: skip
        return Engine(self.backbone.weights, build)

    def open_engine(
        self, *, tensor: str = "features", n_cores: int | None = None, n_views: int = 1, also: str | None = None
    ) -> Engine:
        """Compile the network for this setup; the parameters are those of `plan_build`."""
        build = self.plan_build(tensor=tensor, n_cores=n_cores, n_views=n_views, also=also)
        return Engine(self.backbone.weights, build, n_views=n_views)
