"""Folders that tools write beside photos: known by name and content, and left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from headstart.catalog.folder_tree import PhotoTree, list_parents, name_last
from headstart.catalog.photo import Skip
from headstart.catalog.walk import Folder, join_names
from headstart.evaluation.notes import Note
from headstart.evaluation.words import count_photos
from headstart.storage.remote_paths import RemotePath

TOOL_FOLDERS = frozenset({
    "runs", "audits", "wandb", "lightning_logs", "mlruns", "mlartifacts", "tb_logs", "tensorboard", "tensorboard_logs",
    "ray_results", "multirun", "catboost_info", "checkpoints", "node_modules", "bower_components", "site-packages",
    "dist-packages", "venv", "virtualenv", "env", "htmlcov",
})  # fmt: skip
# A folder with such a name may still be a class. It is one if photos lie directly in it and none of these files do.
WRITTEN = (".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".engine", ".h5", ".keras", ".tflite", ".pkl", ".joblib")
MARKERS = frozenset({"pyvenv.cfg", "conda-meta"})  # of a Python environment, whatever its name
FIGURES = ("-advice.png", "-advice-forecast.png")  # how `headstart advise` ends the names of its figures
OWN_FOLDERS = ("runs", "audits")  # of the current folder: what Headstart writes, maybe now, and empty at first
REASON = "in a folder that a tool wrote, not a photo of a class"


def drop_tool_folders(root: Path, folders: dict[str, Folder]) -> tuple[dict[str, Folder], list[Skip], list[Note]]:
    """Drop the folders that tools write from the tree of `walk_folder`.

    Nothing is dropped if no photo would remain.

    Returns
    -------
    The other folders, and a skip for each dropped folder that holds photos, with a note that names them.
    """
    tree = PhotoTree(folders)
    dropped = [path for path in folders if path and (_is_written_by_tool(tree, path) or _is_own(tree, root, path))]
    tops = [path for path in dropped if not any(above in dropped for above in list_parents(path))]
    if not tops or all(_is_below(path, tops) for path in tree.direct):  # also if the tree holds no photo
        return folders, [], []
    kept = {}
    for path, folder in folders.items():
        if not _is_below(path, tops):
            names = [name for name in folder.folders if join_names(path, name) not in tops]
            kept[path] = Folder(names, folder.files)
    lost = (
        {path: n for path in tops if (n := tree.count_photos(path) - _count_figures(tree, path))}
        if tree.has_named
        else {}
    )
    skipped = [Skip(root / path, REASON) for path in lost]
    return kept, skipped, [_describe(lost)] if lost else []


def _is_written_by_tool(tree: PhotoTree, path: str) -> bool:
    folder = tree[path]
    if not MARKERS.isdisjoint((*folder.files, *folder.folders)):
        return True
    if name_last(path).casefold() not in TOOL_FOLDERS or not (folder.files or folder.folders):
        return False
    if any(name.casefold().endswith(WRITTEN) or "tfevents" in name for name in folder.files):
        return True
    return not any(tree.is_photo(name) and not name.endswith(FIGURES) for name in folder.files)


def _is_own(tree: PhotoTree, root: Path, path: str) -> bool:
    """Say whether a folder is the empty one into which Headstart is about to write its results."""
    if name_last(path) not in OWN_FOLDERS or tree[path].files or tree[path].folders or isinstance(root, RemotePath):
        return False
    return (root / path).resolve() == Path(name_last(path)).resolve()


def _count_figures(tree: PhotoTree, path: str) -> int:
    return sum(name.endswith(FIGURES) for name in tree[path].files)


def _is_below(path: str, tops: Iterable[str]) -> bool:
    return any(path == top or path.startswith(f"{top}/") for top in tops)


def _describe(lost: dict[str, int]) -> Note:
    named = ", ".join(f"'{path}/' ({count_photos(n)})" for path, n in lost.items())
    text = f"Left out, because tools write folders of these names: {named}. If one is a class, rename it."
    return Note("tool-folder", text, "warning")
