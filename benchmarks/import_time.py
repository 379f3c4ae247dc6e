"""Claim: `import innerview` costs at most 1.15 times `import torch, ipywidgets, anywidget` alone.

Each way runs in fresh processes, in turn with the others; the time is that of the import statement alone, without the
start of Python. A ratio is the median over the rounds of one round's time by that round's time of the three libraries.
"bare" is the import of the package, which loads nothing yet; "explore" also looks up `innerview.explore`, which loads
all that a view needs.

    python benchmarks/import_time.py [rounds]
"""

from __future__ import annotations

import statistics
import subprocess
import sys

TARGET = 1.15
WAYS = {
    "libraries": "import torch, ipywidgets, anywidget",
    "bare": "import innerview",
    "explore": "import innerview; innerview.explore",
}
TIMED = "import time; begun = time.perf_counter(); {}; print(time.perf_counter() - begun)"


def seconds(statement: str) -> float:
    found = subprocess.run(  # noqa: S603 - the statements above
        [sys.executable, "-c", TIMED.format(statement)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(found.stdout)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    for statement in WAYS.values():
        seconds(statement)  # fills the cache of files and writes the byte code
    times = [{name: seconds(statement) for name, statement in WAYS.items()} for _ in range(rounds)]
    print(f"{'':<12}{'s':>8}{'ratio':>8}   target <= {TARGET}")
    for name in WAYS:
        median = statistics.median(each[name] for each in times)
        ratio = statistics.median(each[name] / each["libraries"] for each in times)
        verdict = "" if name == "libraries" else "met" if ratio <= TARGET else "MISSED"
        print(f"{name:<12}{median:>8.3f}{ratio:>8.3f}   {verdict}")


if __name__ == "__main__":
    main()
