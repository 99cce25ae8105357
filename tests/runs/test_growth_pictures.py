"""Pictures of photos with another answer than before."""

from concurrent.futures import ThreadPoolExecutor

from headstart.runs.growth_pictures import draw_growth
from headstart.runs.run_pictures import PictureFolder


def draw(folder, record):
    with ThreadPoolExecutor(1) as pool:
        pictures = PictureFolder(folder / "figures", pool)
        draw_growth(pictures, record, 16)
        return pictures.collect()


def test_lost_photos_are_drawn_first(make_folder, tmp_path):
    folder = make_folder(n=1)
    rows = [
        {"path": str(folder / label / "000.jpg"), "label": label, "before": before, "after": after}
        for label, before, after in (("dots", "stripes", "dots"), ("stripes", "stripes", "dots"))
    ]
    figures = draw(tmp_path, {"other_answers": rows})
    assert figures["other_answers"].caption.endswith(
        "wrong ones are red. In this order: stripes/000.jpg, dots/000.jpg."
    )


def test_nothing_is_drawn_without_another_answer(tmp_path):
    assert draw(tmp_path, None) == draw(tmp_path, {"other_answers": []}) == {}
