"""A backbone, and the setup in which it runs."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.backbone.spec import BackboneSpec
from headstart.engine.compiling import Build
from headstart.engine.engine import Engine, plan_build
from headstart.engine.processor import Precision, choose_precision


@dataclass(frozen=True, slots=True)
class Backbone:
    """A pretrained network: its spec and its ONNX file.

    Attributes
    ----------
    spec
        Preprocessing, stages and origin of the network.
    weights
        Bytes of the ONNX file.
    is_quantised
        Whether the network computes in int8, as `quantise_backbone` makes it. It then has no other precision.
    """

    spec: BackboneSpec
    weights: bytes
    is_quantised: bool = False

    def plan_build(
        self,
        image_size: int,
        precision: str = "auto",
        *,
        tensor: str = "features",
        n_cores: int | None = None,
        n_views: int = 1,
    ) -> Build:
        """Plan an `Engine` that runs this network; the parameters are those of `headstart.engine.engine.plan_build`."""
        return plan_build(
            self.spec.weights_sha256, image_size=image_size, precision=precision, tensor=tensor,
            float32_below=self.spec.float32_below, is_quantised=self.is_quantised, n_cores=n_cores, n_views=n_views,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BackboneSetup:
    """A backbone with the image size and the precision in which it runs.

    Attributes
    ----------
    backbone
        The network.
    image_size
        Side of the square input in pixels.
    precision
        ``auto``, ``f32`` or ``bf16``, or ``int8`` for a quantised backbone. See `choose_precision`.

    Raises
    ------
    BackboneError
        If the network does not work at this image size.

    Examples
    --------
    >>> from headstart.backbone.loading import load_backbone
    >>> BackboneSetup(load_backbone(), 160, "f32").choose_precision()
    'f32'
    """

    backbone: Backbone
    image_size: int
    precision: str = "auto"

    def __post_init__(self) -> None:
        self.spec.check_image_size(self.image_size)

    @property
    def spec(self) -> BackboneSpec:
        """The spec of the backbone."""
        return self.backbone.spec

    def choose_precision(self) -> Precision:
        """Return the precision that ``auto`` means on this machine, or the one that was asked for.

        Raises
        ------
        BackboneError
            If the processor or the network cannot compute in it.
        """
        return choose_precision(self.precision, is_quantised=self.backbone.is_quantised)

    def plan_build(self, *, tensor: str = "features", n_cores: int | None = None, n_views: int = 1) -> Build:
        """Plan an `Engine` for this setup, as `Backbone.plan_build`."""
        return self.backbone.plan_build(
            self.image_size, self.precision, tensor=tensor, n_cores=n_cores, n_views=n_views
        )

    def open_engine(self, *, tensor: str = "features", n_cores: int | None = None, n_views: int = 1) -> Engine:
        """Compile the network for this setup; the parameters are those of `plan_build`."""
        build = self.plan_build(tensor=tensor, n_cores=n_cores, n_views=n_views)
        return Engine(self.backbone.weights, build, n_views=n_views)
