"""The front end's modules as they were built, and which of them a page needs.

esbuild splits what several views share into files of their own, named by their content (js/build.mjs). A page asks for
what it has not got, so that each file travels once for a page, however many widgets stand on it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_STATIC = Path(__file__).parents[1] / "static"
_IMPORT = re.compile(r'(?:from|import)\s*"\./([\w-]+\.js)"')


@cache
def text(name: str) -> str:
    """The text of a built file.

    Raises:
        ImportError: the front end was not built.
    """
    try:
        return (_STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ImportError(
            f"innerview's front end is not built ({name} is missing): run `make setup`, "
            "or `npm ci && npm run build` in js/"
        ) from error


def built(name: str) -> str:
    """The built file of a module, such as "channel_grid", or of "style"."""
    return files()[name]


@cache
def files() -> dict[str, str]:
    """The built file of each module by its name."""
    return json.loads(text("manifest.json"))


def needed(names: Iterable[str], have: Iterable[str] = ()) -> list[str]:
    """The files of these modules with all that they import, but for those that are there; unknown names have none."""
    found, waiting = dict.fromkeys(have), [files()[name] for name in names if name in files()]
    asked: dict[str, None] = {}
    while waiting:
        file = waiting.pop()
        if file not in found:
            found[file] = asked[file] = None
            waiting.extend(_IMPORT.findall(text(file)) if file.endswith(".js") else [])
    return list(asked)
