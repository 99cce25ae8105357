"""Find files that cannot be read, and files that are stored unlike most of the set."""

from __future__ import annotations

from collections import Counter

from headstart.catalog.tool_folders import REASON as OTHER_FOLDER
from headstart.inspection.finding import Finding
from headstart.inspection.photo_set import PhotoSet
from headstart.pixels.file_format import FORMATS, PHOTO_SUFFIXES, is_photo_name
from headstart.pixels.header_facts import HeaderFacts
from headstart.pixels.profile_names import is_srgb

ODD_SHARE, ODD_PROFILES = 0.2, 0.05  # of the photos; what more of them have is not odd. Profiles do the least harm
DAMAGED_SCORE = 0.6  # a damaged photo may show enough
# beginnings and an ending of reasons for which files are left out that may be good photos
_OF_OTHERS = ("identical ", "class '", "a run that ", "a link to ", "an audit that ", "it belongs ", OTHER_FOLDER)
_WITHOUT_LABEL = "so it has no label"
_NO_PHOTO = "not a photo: "  # of a text or a table beside the photos as well
_SUFFIXES = {kind.name: kind.suffixes.split() for kind in FORMATS}
_SCORES = {"frames": 0.7, "name": 0.6, "cmyk": 0.5, "bits": 0.5, "profile": 0.3}


def find_unreadable_files(photos: PhotoSet) -> list[Finding]:
    """Find files that were left out because they cannot be read, and then photos whose data is damaged.

    A file that is neither a photo nor named like one is none. The digest of a file that cannot be read is empty.
    """
    found = []
    for skip in photos.catalog.skipped:
        if skip.reason.startswith(_OF_OTHERS) or skip.reason.endswith(_WITHOUT_LABEL):
            continue
        if skip.reason.startswith(_NO_PHOTO) and not is_photo_name(skip.path.name):
            continue
        label = next((part for part in reversed(skip.path.parts[:-1]) if part in photos.labels), None)
        evidence = f"It {skip.reason}." if skip.reason.startswith("cannot ") else f"It cannot be used: {skip.reason}."
        path = str(skip.path)
        found.append(
            Finding(
                kind="unreadable", photos=(path,), digests=(skip.digest,), label=label, score=1.0, evidence=evidence
            )
        )
    for n, photo in enumerate(photos.photos):
        if photo.digest in photos.damaged:
            evidence = f"It is damaged, and parts of it may be garbled: {photos.damaged[photo.digest]}."
            found.append(photos.find("unreadable", [n], score=DAMAGED_SCORE, evidence=evidence))
    return found


def find_odd_files(photos: PhotoSet) -> list[Finding]:
    """Find photos whose file is unlike the others: type, colour profile, bits, colours or number of frames.

    What a fifth of the set has is not odd, nor are profiles that a twentieth has. The photos are decoded all the same;
    other programs may see them otherwise.
    """
    reasons = [{} if facts is None else _list_reasons(facts) for facts in photos.facts]
    counts = Counter(name for some in reasons for name in some)
    n_known = sum(facts is not None for facts in photos.facts)
    found = []
    for n, some in enumerate(reasons):
        odd = {
            name: text
            for name, text in some.items()
            if counts[name] < (ODD_PROFILES if name == "profile" else ODD_SHARE) * n_known
        }
        if odd:
            score, evidence = max(_SCORES[name] for name in odd), " ".join(odd.values())
            found.append(photos.find("odd_file", [n], score=score, evidence=evidence))
    return sorted(found, key=lambda finding: -finding.score)


def _list_reasons(facts: HeaderFacts) -> dict[str, str]:
    """Return what may be odd about a file, in sentences by name."""
    reasons = {}
    if facts.has_frames:
        reasons["frames"] = f"It is a {facts.format} with several frames or pages, of which only the first is seen."
    if facts.suffix in PHOTO_SUFFIXES and facts.suffix not in _SUFFIXES[facts.format]:
        reasons["name"] = f"Its name ends with {facts.suffix}, but it is a {facts.format} file."
    if facts.is_cmyk:
        reasons["cmyk"] = "It has the four colours of printing (CMYK)."
    if facts.bits > 8:
        reasons["bits"] = f"It has {facts.bits} bits a sample; most photos have 8."
    if facts.profile is not None and not is_srgb(facts.profile):
        reasons["profile"] = f"It has the colour profile '{facts.profile}' and not sRGB."
    return reasons
