"""A real JupyterLab server for a test or a benchmark: its own folders, nothing of the user's, no network."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat.v4

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from typing_extensions import Self

REPOSITORY = Path(__file__).resolve().parents[2]

# Kernels beside the environment's own: name -> the folder that `make setup` installs it into.
OTHER_KERNELS = {"ipykernel6": REPOSITORY / ".kernels" / "ipykernel6"}

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


class Lab:
    """JupyterLab of the running environment, on a free loopback port, in a temporary folder.

    Used as a context manager; `stop` ends the server and its kernels and deletes the folder.

    Args:
        config: server configuration, merged over the one that isolates it: `{"ServerApp": {"port": 9999}}`.
        python_config: text of a `jupyter_server_config.py`, for what is not plain data.
        environ: environment variables for the server and its kernels, over those of this process.
        startup: Python that every kernel runs before its first cell.

    Attributes:
        root: the folder the server shows. Notebooks go here.
        url: where the server listens, with a trailing slash.

    Raises:
        RuntimeError: the server ended, or did not listen within a minute; its log is in the message.
    """

    def __init__(
        self,
        *,
        config: Mapping[str, Mapping[str, Any]] | None = None,
        python_config: str = "",
        environ: Mapping[str, str] | None = None,
        startup: str = "",
    ) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="innerview-lab-"))
        self.root = self._home / "root"
        self.root.mkdir()
        self._settings = self._home / "settings" / "@jupyterlab"
        self._write_config(config or {}, python_config)
        self._write_kernels()
        self._write_startup(startup)
        self.set_theme("light")
        own = {name: str(self._home / name.lower()) for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
        own |= {"JUPYTER_CONFIG_DIR": str(self._home / "config"), "IPYTHONDIR": str(self._home / "ipython")}
        self._log = self._home / "server.log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab"],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.root,
                env={**os.environ, **own, **(environ or {})},
            )
        try:
            self.url = self._wait_for_url()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def add(self, notebook: Path) -> str:
        """Copy a file into the server's folder; its path as the server knows it."""
        return Path(shutil.copy(notebook, self.root)).name

    def write_notebook(self, name: str, cells: Iterable[str], kernel: str = "python3") -> str:
        """Write a notebook of code cells into the server's folder; its path as the server knows it."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        nbformat.write(notebook, self.root / name)
        return name

    def set_theme(self, theme: str) -> None:
        """Choose "light" or "dark" for the pages opened from now on."""
        self._write_setting("themes", {"theme": THEMES[theme]})

    @contextlib.contextmanager
    def without_subshells(self) -> Iterator[None]:
        """Pages opened meanwhile talk to widgets as VS Code does: over the kernel's main loop."""
        self._write_setting("kernels-settings", {"commsOverSubshells": "disabled"})
        try:
            yield
        finally:
            self._write_setting("kernels-settings", {})

    def stop(self) -> None:
        """End the server and its kernels and delete the folder. A second call does nothing."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                # The kernels end by themselves when their parent is gone (ipykernel's ParentPollerUnix).
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def _write_config(self, given: Mapping[str, Mapping[str, Any]], python_config: str) -> None:
        config: dict[str, dict[str, Any]] = {
            "ServerApp": {
                "ip": "127.0.0.1",
                # The system's choice: from 8888 up, two servers that start together find the same one free.
                "port": 0,
                "root_dir": str(self.root),
                "allow_root": True,
                "open_browser": False,
            },
            "IdentityProvider": {"token": ""},
            "LabApp": {
                "expose_app_in_browser": True,  # window.jupyterapp, which Notebook drives
                "user_settings_dir": str(self._settings.parent),
                "workspaces_dir": str(self._home / "workspaces"),
                "extension_manager": "readonly",  # the other one asks PyPI
                "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
                "news_url": None,
            },
        }
        for section, values in given.items():
            config[section] = {**config.get(section, {}), **values}
        folder = self._home / "config"
        folder.mkdir()
        (folder / "jupyter_server_config.json").write_text(json.dumps(config))
        (folder / "jupyter_server_config.py").write_text(python_config)
        self._write_setting("notification", {"fetchNews": "false", "checkForUpdates": False})

    def _write_setting(self, name: str, values: dict[str, Any]) -> None:
        folder = self._settings / "apputils-extension"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.jupyterlab-settings").write_text(json.dumps(values))

    def _write_kernels(self) -> None:
        for name, packages in OTHER_KERNELS.items():
            folder = self._home / "jupyter_data_dir" / "kernels" / name
            folder.mkdir(parents=True)
            # First on the path, so that it hides the environment's own ipykernel.
            path = os.pathsep.join(filter(None, [str(packages), os.environ.get("PYTHONPATH")]))
            spec = {
                "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": name,
                "language": "python",
                "env": {"PYTHONPATH": path},
            }
            (folder / "kernel.json").write_text(json.dumps(spec))

    def _write_startup(self, code: str) -> None:
        folder = self._home / "ipython" / "profile_default" / "startup"
        folder.mkdir(parents=True)
        (folder / "startup.py").write_text(code)

    def _wait_for_url(self) -> str:
        # The server writes its address down a moment before it listens there.
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            for file in (self._home / "jupyter_runtime_dir").glob("jpserver-*.json"):
                with contextlib.suppress(ValueError, OSError):  # still being written; not yet listening
                    written = json.loads(file.read_text())
                    socket.create_connection(("127.0.0.1", written["port"]), timeout=1).close()
                    return written["url"]
            time.sleep(0.05)
        state = "is still starting" if self.process.poll() is None else f"ended with {self.process.returncode}"
        raise RuntimeError(f"JupyterLab {state} and is not listening. Its log:\n{self.log}")
