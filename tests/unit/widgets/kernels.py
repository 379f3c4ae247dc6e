"""A real kernel, spoken to as a page without subshells does."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from browser.lab import OTHER_KERNELS
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.connect import write_connection_file

KERNELS = ["python3", "ipykernel6"]


class Browser:
    """What a page says to a kernel, and all that it hears: (kind, content, number of the message it belongs to)."""

    def __init__(self, folder, kernel):
        packages = OTHER_KERNELS.get(kernel)
        if packages is not None and not packages.is_dir():
            pytest.skip(f"{kernel} is installed by `make test`")
        # Sockets in files: a port that is free now may be taken by another test's kernel before this one asks for it.
        self.file, _ = write_connection_file(str(folder / "kernel.json"), ip=str(folder / "ipc"), transport="ipc")
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", self.file]
        path = os.pathsep.join(filter(None, [str(packages or ""), os.environ.get("PYTHONPATH")]))
        own = {"PYTHONPATH": path, "IPYTHONDIR": str(folder)}
        self.process = subprocess.Popen(command, env=os.environ | own, stdout=subprocess.DEVNULL)
        self.client = BlockingKernelClient(connection_file=self.file)
        self.client.load_connection_file()
        self.client.start_channels()
        end = time.monotonic() + 120
        while True:
            try:
                self.client.wait_for_ready(timeout=120)
                break
            except RuntimeError:
                # It takes a kernel for dead whose heart does not beat for a second, as on a busy machine.
                if self.process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise
        self.heard = []

    def stop(self):
        self.client.stop_channels()
        self.process.kill()
        self.process.wait()

    def run(self, code):
        return self.client.execute(code)

    def say(self, comm, data):
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def set(self, comm, **state):
        return self.say(comm, {"method": "update", "state": state, "buffer_paths": []})

    def hear(self):
        """The next message."""
        message = self.client.get_iopub_msg(timeout=30)
        one = message["header"]["msg_type"], message["content"], message["parent_header"].get("msg_id")
        self.heard.append(one)
        return one

    def wait(self, kind, number, **content):
        """Hear all up to a message of this kind with this content."""
        while True:
            one = self.hear()
            if one[0] == kind and one[2] == number and content.items() <= one[1].items():
                return number

    def wait_for_words(self, number, words):
        """Hear all up to words that a cell prints, in however many messages they come."""
        while words not in self.printed(number):
            self.hear()
        return number

    def settle(self, number):
        """Hear all up to the end of a cell or a click."""
        return self.wait("status", number, execution_state="idle")

    def reply(self, number):
        while True:
            message = self.client.get_shell_msg(timeout=30)
            if message["parent_header"]["msg_id"] == number:
                return message["content"]

    def printed(self, number):
        return "".join(content["text"] for kind, content, of in self.heard if (kind, of) == ("stream", number))
