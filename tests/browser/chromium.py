"""Which Chromium the browser tests drive, and with which flags."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

# In a container there is no user namespace for the sandbox and no GPU for WebGL; the browser must not use the
# network behind our back.
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


def find() -> str | None:
    """The path in $CHROMIUM, else a Chromium or Chrome on PATH, else None: Playwright's own is used."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """Start the browser without a window; with scrollbars, which people see and Playwright hides by itself."""
    return playwright.chromium.launch(executable_path=find(), args=FLAGS, ignore_default_args=["--hide-scrollbars"])
