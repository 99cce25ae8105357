"""The choice: near copies and copies of copies are kept out, and with a run the doubtful photos are taken."""

import numpy as np

from headstart.catalog.hashing import hash_files
from headstart.catalog.photo import Photo
from headstart.catalog.unlabelled import list_unlabelled
from headstart.features.near_copies import CopyPair
from headstart.inspection.run_knowledge import open_knowledge, open_pretrained
from headstart.inspection.suggestion_choice import _open_pool, choose_photos
from headstart.methods.training_context import TrainingContext


def make_photos(n):
    return [Photo(f"{number}.jpg", "", digest=f"{number:064x}", split=None) for number in range(n)]


def test_copies_of_labelled_photos_are_not_free():
    photos = make_photos(6)
    zero, one, two, _, four, _ = (photo.digest for photo in photos)
    pairs = [CopyPair(zero, one, 0.99, 0.9), CopyPair(one, two, 0.9, 0.9), CopyPair(four, "f" * 64, 0.9, 0.9)]
    pool = _open_pool(photos, pairs, np.arange(6) == 0)
    assert pool.is_free.tolist() == [False, False, False, True, True, True]  # 2 is a copy of a copy
    pool = _open_pool(photos, pairs, np.zeros(6, bool))
    pool.take(2)
    assert pool.is_free.tolist() == [False, False, False, True, True, True]


def find_photos(folder):
    files = list_unlabelled(folder).files
    found = zip(files, hash_files(files), strict=True)
    return [Photo(file, "", digest=str(hashed.digest), split=None) for file, hashed in found]


def by_digest(photos):
    return {photo.digest: photo for photo in photos}


def test_fewer_than_twenty_labels_give_typical_photos(make_folder):
    photos = find_photos(make_folder(n=15))
    known = open_pretrained("mobilenet_v2", 96)
    made = choose_photos(by_digest(photos[3:]), by_digest(photos[:3]), known, TrainingContext(known.setup), n=5, seed=0)
    assert [one.kind for one in made.photos] == ["typical"] * 5
    assert (made.n_unlabelled, made.n_labelled, made.n_gone) == (27, 3, 0)


def test_with_a_run_doubtful_photos_come(make_folder, trained):
    photos = find_photos(make_folder(labels=("rings",), n=10))
    known = open_knowledge(trained.folder)
    labelled = {photo.digest: photo for photo in known.photos}
    made = choose_photos(by_digest(photos), labelled, known, TrainingContext(known.setup), n=5, seed=0)
    assert {one.kind for one in made.photos} <= {"undecided", "strange"}
    assert made.n_labelled == 40
