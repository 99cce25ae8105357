"""The names of backbones, as users type them: ``mobilenet_v2``, or several networks as ``mobilenet_v2+lite1.onnx``."""

from __future__ import annotations

import os
import re

from headstart.errors import BackboneError

SEPARATOR, AT = "+", "@"  # between networks, and before the image size of one: mobilenet_v2+mobilenet_v2@320

Sizes = int | str | None  # 224, or 224+320 for two networks, or None for the default of each


def parse_sizes(image_size: Sizes) -> tuple[int, ...]:
    """Return the image sizes, in pixels, that a user gives: one for each network, or none for the defaults.

    Raises
    ------
    BackboneError
        If the text is no whole numbers with ``+`` between them.

    Examples
    --------
    >>> parse_sizes(224), parse_sizes("224+320"), parse_sizes(None)
    ((224,), (224, 320), ())
    """
    if image_size is None:
        return ()
    numbers = str(image_size).replace(" ", "").split(SEPARATOR)
    if not all(re.fullmatch("[0-9]{1,5}", number) for number in numbers):
        raise BackboneError(
            f"Cannot use image size {image_size!a:.40}: need whole numbers of pixels, such as 224, or 224+320 for two "
            "networks."
        )
    return tuple(map(int, numbers))


def split_name(backbone: str, image_size: Sizes = None) -> list[tuple[str, int | None]]:
    """Return the name of each network of a backbone, and its image size in pixels, or None for its default.

    Raises
    ------
    BackboneError
        If the sizes do not fit the networks, or a name is missing beside a ``+``.

    Examples
    --------
    >>> split_name("mobilenet_v2", "224+320")
    [('mobilenet_v2', 224), ('mobilenet_v2', 320)]
    >>> split_name("mobilenet_v2+mobilenet_v2@320")
    [('mobilenet_v2', None), ('mobilenet_v2', 320)]
    """
    sizes = parse_sizes(image_size)
    names = [backbone] if _is_file(backbone) else backbone.split(SEPARATOR)
    if len(names) > 1 and not all(map(str.strip, names)):
        raise BackboneError(
            f"Cannot load backbone {backbone!a:.100}: a name is missing beside '+'. Give one network, or two with '+' "
            "between them, such as mobilenet_v2+efficientnet_lite1."
        )
    found = [_split_size(name) for name in names]
    if not sizes:
        return found
    if any(size is not None for _, size in found):
        raise BackboneError(
            f"Cannot use image size {image_size}: {backbone!a:.100} has a size already. Leave one of the two out."
        )
    if len(found) == 1:
        return [(found[0][0], size) for size in sizes]
    if len(sizes) != len(found):
        raise BackboneError(
            f"Cannot use image size {image_size}: got {len(sizes)} for {len(found)} networks, need one for each, such "
            f"as {SEPARATOR.join(['224', '260', '320'][: len(found)])}. Leave it out for the default of each."
        )
    return [(name, size) for (name, _), size in zip(found, sizes, strict=True)]


def _split_size(name: str) -> tuple[str, int | None]:
    match = re.fullmatch(f"(.+){AT}([0-9]{{1,5}})", name, re.DOTALL)
    return (match[1], int(match[2])) if match and not _is_file(name) else (name, None)


def _is_file(name: str) -> bool:
    return os.path.isfile(os.path.expanduser(name))  # noqa: PTH111, PTH113  pathlib fails on names that are too long
