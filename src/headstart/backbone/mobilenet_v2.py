"""MobileNetV2 1.0, the backbone inside the package.

``tools/make_mobilenet_v2.py`` makes the file of its weights. The layers have the names that Keras gives them.
"""

from __future__ import annotations

from headstart.backbone.spec import BackboneSpec, Stage


def _list_stages() -> tuple[Stage, ...]:
    # Table 2 of the paper, (channels, total stride) of each block. A block that changes neither ends in an addition.
    blocks = [(16, 2), *[(24, 4)] * 2, *[(32, 8)] * 3, *[(64, 16)] * 4, *[(96, 16)] * 3, *[(160, 32)] * 3, (320, 32)]
    stages, before = [Stage("stem", "Conv1_relu", 32, 2)], (32, 2)
    for i, block in enumerate(blocks):
        layer = f"block_{i}" if i else "expanded_conv"
        last = "add" if block == before else "project_BN"
        stages.append(Stage(f"block_{i}", f"{layer}_{last}", *block))
        before = block
    return (*stages, Stage("top", "out_relu", 1280, 32))


MOBILENET_V2 = BackboneSpec(
    name="mobilenet_v2",
    weights_sha256="4590849771bbd0c77e2c7044f951b58f6d97bb19739feb2527154de824fd5566",
    n_features=1280,
    n_parameters=2_257_984,
    image_size=224,
    min_image_size=96,
    max_image_size=512,
    colour_order="RGB",
    value_range=(-1.0, 1.0),
    resize="stretch",
    stages=_list_stages(),
    n_float32_stages=2,  # in bf16, block_0 alone made 80% of the error: docs/decisions/0006-bf16.md
    licence="Apache-2.0",
    source="TF-Hub google/tf2-preview/mobilenet_v2/feature_vector/4, trained on ImageNet",
    paper="Sandler et al. 2018, MobileNetV2: Inverted Residuals and Linear Bottlenecks, arXiv:1801.04381",
)
