"""Embedding on Ray: its cost on one machine, and the gain of a second worker.

10,000 distinct photos of 224 x 224 px at 224 px, from the listing to the last Parquet file, each time into an empty
folder. `headstart embed` prints the rates, which include the start of the workers but not that of Ray; the times of
whole commands stand beside them. Workers of one core are separate Ray nodes on this machine
(`ray.cluster_utils.Cluster`), which share the cores with Ray's own programs.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from pathlib import Path

from harness import Claim, find_command, publish, read_options, run_process, use_empty_cache

N_PHOTOS, N_ROUNDS = 10_000, 1
MAKER = Path(__file__).parent / "photo_maker.py"
NODES = """
import sys
from ray.cluster_utils import Cluster
from headstart.training.embed import embed_photos

if __name__ == "__main__":
    photos, out, n_nodes = sys.argv[1:]
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    for _ in range(int(n_nodes) - 1):
        cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    print(embed_photos(photos, out, ray=cluster.address, verbose=False).seconds)
    cluster.shutdown()
"""


def main() -> None:
    """Embed the same photos in turn by each of the ways."""
    data: Path = read_options(__doc__)
    rates: dict[str, list[float]] = {}
    whole: dict[str, list[float]] = {}
    with use_empty_cache() as folder:
        photos, out = folder / "photos", folder / "features"
        run_process([sys.executable, MAKER, data, photos, N_PHOTOS])
        embed = [find_command(), "embed", photos, "--out", out, "--json"]
        run_process([*embed[:4], folder / "first", "--json"])  # compiles the network, and reads the files once
        ways: dict[str, list[object]] = {
            "without Ray, 2 cores": embed,
            "Ray, 1 worker of 2 cores": [*embed, "--ray", "local"],
            "Ray, 2 nodes of 1 core": [sys.executable, "-c", NODES, photos, out, 2],
            "Ray, 1 node of 1 core": [sys.executable, "-c", NODES, photos, out, 1],
        }
        for _ in range(N_ROUNDS):
            for name, command in ways.items():
                shutil.rmtree(out, ignore_errors=True)
                timing = run_process(command)
                answer = json.loads(timing.output)
                seconds = answer["seconds"] if isinstance(answer, dict) else float(answer)
                rates.setdefault(name, []).append(N_PHOTOS / seconds)
                whole.setdefault(name, []).append(timing.seconds)
    rate = {name: statistics.median(values) for name, values in rates.items()}
    plain, local, two, one = rate.values()
    rows = [[name, f"{rate[name]:.0f}", f"{statistics.median(whole[name]):.1f}"] for name in ways]
    claims = [
        Claim("photos / s on Ray / without it, the same 2 cores", local / plain, 0.8),
        Claim("photos / s of 2 workers / twice those of 1", two / (2 * one), 0.75),
    ]
    publish(__doc__, ["embedding", "photos / s", "seconds of the command"], rows, claims)


if __name__ == "__main__":
    main()
