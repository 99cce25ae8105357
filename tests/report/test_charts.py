"""Every run has the same four charts."""

from PIL import Image

from headstart.evaluation.metrics import evaluate_probabilities
from headstart.report.charts import save_charts

HISTORY = [("Training", 1, 0.5, 0.7), ("Validation", 1, 0.5, 0.8)]


def test_there_are_four_charts_on_white(tmp_path):
    metrics = evaluate_probabilities([0, 1, 1], [[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], ["a", "b"])
    charts = save_charts(HISTORY, metrics, tmp_path)
    assert sorted(charts) == ["confusion_matrix", "history", "per_class", "reliability"]
    for name in charts:
        image = Image.open(tmp_path / f"{name}.png")
        assert image.mode == "RGB"
        assert image.getpixel((2, 2)) == (255, 255, 255)
        assert len(image.getcolors(1 << 20)) > 10
