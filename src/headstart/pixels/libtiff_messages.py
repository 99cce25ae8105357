"""Keep libtiff's own messages off stderr: the reason why a photo cannot be decoded is in the PhotoError."""

from __future__ import annotations

from contextlib import suppress
from functools import cache


@cache
def silence_libtiff() -> None:
    """Remove the handlers that print warnings and errors from the libtiff inside Pillow, for the whole process.

    Pillow raises the errors in any case. Where its libtiff shows no such functions, as on Windows, the lines stay.
    Rejected: to decode compressed TIFF files in another process, because it takes a millisecond for each; to redirect
    stderr meanwhile, because other threads print to it.
    """
    import ctypes

    from PIL import _imaging

    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(_imaging.__file__)  # symbols are looked up in the libraries that it has loaded, too
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            set_handler = getattr(library, name)
            set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
            set_handler(None)
