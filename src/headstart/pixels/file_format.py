"""The table of file formats: how each is recognised by its first bytes, and how it is read or what to do instead.

Scanning, prediction and the service decide by this table alone; the name of a file decides nothing, except which files
of a folder are listed. docs/formats.md shows the table.
"""

from __future__ import annotations

import os
import re
from dataclasses import KW_ONLY, dataclass

from headstart.errors import PhotoError
from headstart.pixels.camera_raw import is_raw_tiff
from headstart.process.packages import is_installed

HEAD_SIZE = 4096  # bytes that decide; more are not looked at


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One format.

    Attributes
    ----------
    name
        Name in messages.
    pattern
        Regular expression of the first bytes.
    suffixes
        Endings of file names, in lower case, separated by spaces. A file in a searched folder is listed if it has one.
    reader
        Pillow's name of the format. Empty: files are not read, and `problem` says why and what to do.
    extra
        Extra of this project that reads the format, with the package ``package``.
    max_pixels
        Largest number of pixels of a format whose reader takes much time and memory; 0: that of all formats.
    is_picture
        Whether it holds pictures. Only those are listed in a searched folder if their name has no known ending.
    """

    name: str
    pattern: bytes
    _: KW_ONLY
    suffixes: str = ""
    reader: str = ""
    extra: str = ""
    package: str = ""
    problem: str = ""
    max_pixels: int = 0
    is_picture: bool = True

    def find_problem(self) -> str | None:
        """Return why files of this format are not read here, and what to do; None if they are read."""
        if self.extra and not is_installed(self.package):
            return f"a {self.name} photo, which needs the extra '{self.extra}': pip install 'headstart[{self.extra}]'"
        return self.problem or None


def _name_picture(name: str, pattern: bytes, suffixes: str, problem: str = "convert it to JPEG or PNG") -> FileFormat:
    return FileFormat(name, pattern, suffixes=suffixes, problem=f"a picture in {name} format, not read: {problem}")


def _name_file(name: str, pattern: bytes, problem: str) -> FileFormat:
    return FileFormat(name, pattern, problem=f"not a photo but {problem}", is_picture=False)


JPEG = FileFormat("JPEG", rb"\xff\xd8\xff", suffixes=".jpg .jpeg .jpe .jfif .mpo", reader="JPEG")
TIFF = FileFormat("TIFF", rb"II\*\0|MM\0\*|II\0\*|MM\*\0|II\+\0|MM\0\+", suffixes=".tif .tiff", reader="TIFF")
_EXPORT = "export it as JPEG or TIFF with a raw converter"
CAMERA_RAW = _name_picture(
    "camera RAW", rb"(?:II\*\0|MM\0\*).{4}CR|IIR[OS]\x08\0|IIU\0|FUJIFILMCCD-RAW|FOVb|\0MRM|.{6}HEAPCCDR|.{4}ftypcrx ",
    ".cr2 .cr3 .crw .nef .nrw .arw .dng .orf .rw2 .raf .pef .srw .x3f .mrw", _EXPORT,
)  # fmt: skip
_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"  # between the numbers in the header of a PPM

# Sources: W3C PNG 5.2, ITU-T T.81 B.2, GIF89a 17, TIFF 6.0 section 2, BigTIFF, ISO/IEC 14496-12 4.3 (ftyp), ISO/IEC
# 23008-12 (brands of HEIF), AVIF 1.1, ITU-T T.800 I.5.1, netpbm's manual, Truevision TGA 2.0, DICOM PS3.10 7.1.
# Pillow reads two mixed-up TIFFs as well. Without the header's size, any text that starts with BM would be a BMP.
# A plain PPM is not read, because Pillow takes microseconds for each number of it. TGA has no signature: every field of
# its header must be sound, and those that its type does not use must be zero.
FORMATS = (
    JPEG,
    FileFormat("PNG", rb"\x89PNG\r\n\x1a\n", suffixes=".png", reader="PNG"),
    FileFormat("WebP", rb"RIFF.{4}WEBP", suffixes=".webp", reader="WEBP"),
    FileFormat("GIF", rb"GIF8[79]a", suffixes=".gif", reader="GIF"),
    FileFormat("BMP", rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", suffixes=".bmp", reader="BMP"),
    CAMERA_RAW,
    TIFF,
    FileFormat(
        "AVIF", rb".{4}ftyp(?:avi[fs]|(?:mif1|msf1|miaf).{4}(?:.{4}){0,14}?avif)", suffixes=".avif", reader="AVIF",
        max_pixels=36_000_000,
    ),
    FileFormat(
        "HEIC", rb".{4}ftyp(?:he[iv][cxms]|mif1|msf1|miaf)", suffixes=".heic .heif .hif", reader="HEIF", extra="heic",
        package="pillow_heif", max_pixels=50_000_000,
    ),
    FileFormat(
        "JPEG 2000", rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51\0", suffixes=".jp2 .j2k .j2c .jpx .jpf .jpc",
        reader="JPEG2000", max_pixels=36_000_000,
    ),
    FileFormat(
        "PPM", rb"P(?:4(?:%b\d{1,10}){2}|[56](?:%b\d{1,10}){3})\s" % (_GAP, _GAP), suffixes=".ppm .pgm .pbm .pnm",
        reader="PPM",
    ),
    FileFormat(
        "TGA",
        rb".(?:\0[\x02\x03\x0a\x0b]\0{5}|\x01[\x01\x09]..(?:.\0|\0\x01)[\x10\x18\x20])\0{4}(?!\0\0)..(?!\0\0)..[\x08\x10\x18\x20]"
        rb"[\0-\x3f]",
        suffixes=".tga", reader="TGA",
    ),
    _name_picture("JPEG XL", rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", ".jxl"),
    _name_picture("JPEG XR", rb"II\xbc\x01", ".jxr .wdp .hdp"),
    _name_picture("QOI", rb"qoif", ".qoi"),
    _name_picture("plain PPM", rb"P[1-3](?:%b\d{1,10}){2}\s" % _GAP, "", "save it as binary PPM or as PNG"),
    _name_picture("PAM", rb"P7\n", ".pam"),
    _name_picture("Photoshop", rb"8BPS\0", ".psd .psb", "export it as JPEG or PNG"),
    _name_picture("GIMP", rb"gimp xcf", ".xcf", "export it as JPEG or PNG"),
    _name_picture("OpenEXR", rb"\x76\x2f\x31\x01", ".exr", "map its tones to 8 bits and save it as PNG"),
    _name_picture("Radiance HDR", rb"#\?R(?:ADIANCE|GBE)", "", "map its tones to 8 bits and save it as PNG"),
    _name_picture("FITS", rb"SIMPLE  =", ".fits", "scale it to 8 or 16 bits and save it as PNG"),
    _name_picture(
        "DICOM", rb".{128}DICM", ".dcm .dicom",
        "choose the window and save it as PNG, such as with dcmtk's dcm2img or with pydicom",
    ),
    _name_picture(
        "SVG", rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^\0]{0,2000}?|<!--[^\0]{0,2000}?)?(?:<!DOCTYPE svg|<svg[\s>])",
        ".svg", "it is a drawing: render it as PNG",
    ),
    _name_picture("EPS", rb"%!PS|\xc5\xd0\xd3\xc6", ".eps", "render it as PNG"),
    _name_file("PDF", rb"%PDF-", "a PDF: save the photos in it as JPEG or PNG"),
    _name_file(
        "video", rb".{4}(?:ftyp|moov|wide|mdat)|RIFF.{4}AVI |\x1a\x45\xdf\xa3|\0\0\x01[\xba\xb3]",
        "a video: save single frames as JPEG",
    ),
    _name_file(
        "archive", rb"PK\x03\x04|\x1f\x8b\x08|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|.{257}ustar", "an archive: unpack it"
    ),
    _name_file("Git LFS", rb"version https://git-lfs", "a pointer of Git LFS: fetch the photos with git lfs pull"),
    _name_file(
        "HTML", rb"(?i)(?:\xef\xbb\xbf)?\s*(?:<!--[^\0]{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b",
        "a web page, perhaps of a failed download: download the photo again",
    ),
    _name_file("XML", rb"(?:\xef\xbb\xbf)?\s*<\?xml", "XML, perhaps of a failed download: download the photo again"),
    _name_file("zero bytes", rb"\0{16,}\Z", "zero bytes, perhaps of a failed copy: copy the photo again"),
    _name_file("text", rb"[\t\n\v\f\r\x20-\x7e\x80-\xff]{16,}\Z", "text"),
)  # fmt: skip

PHOTO_SUFFIXES = frozenset(suffix for kind in FORMATS for suffix in kind.suffixes.split())
"""Endings of the names of pictures, whether they are read or only named."""


def sniff_format(head: bytes) -> FileFormat | None:
    r"""Return the format of a file, given its first `HEAD_SIZE` bytes; None if it is unknown.

    Examples
    --------
    >>> sniff_format(b"\xff\xd8\xff\xe0\x00\x10JFIF").name
    'JPEG'
    >>> sniff_format(b"BMW") is None
    True
    """
    head = head[:HEAD_SIZE]
    for kind in FORMATS:
        if re.match(kind.pattern, head, re.DOTALL):  # compiled when first needed: all of them would take 10 ms
            return CAMERA_RAW if kind is TIFF and is_raw_tiff(head) else kind
    return None


def recognise_photo(head: bytes) -> FileFormat:
    """Return the format of a photo that can be read, given its first `HEAD_SIZE` bytes or more.

    Raises
    ------
    PhotoError
        If the file is empty, or its format is unknown or not read; the message is the reason, with what to do.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG  # most photos: without a search of the table
    kind = sniff_format(head)
    if kind is None:
        raise PhotoError("empty file" if not head else "not a photo: no known signature")
    problem = kind.find_problem()
    if problem is not None:
        raise PhotoError(problem)
    return kind


def is_photo_name(name: str) -> bool:
    """Return whether a file is named like a picture of a format in the table, whether it is read or only named."""
    return os.path.splitext(name)[1].lower() in PHOTO_SUFFIXES  # noqa: PTH122  a `Path` takes ten times as long
