"""Cells, in IPython's own shell in a process of its own, since it is one a process."""

import subprocess
import sys
import textwrap

SHELL = """
from concurrent.futures import ThreadPoolExecutor
from IPython.core.interactiveshell import InteractiveShell
from innerview.session.cell import Cell

class Told:
    def __init__(self):
        self.heard = []
    def cell_begins(self):
        self.heard.append("begins")
        self.cell.enter()
    def cell_ended(self):
        self.heard.append("ended")

def made():
    told = Told()
    told.cell = Cell(told)
    return told

def busy(told):
    return threads.submit(told.cell.runs_elsewhere).result()

threads = ThreadPoolExecutor(1)
shell = InteractiveShell.instance()
shell.user_ns.update(made=made, busy=busy, threads=threads)
"""


def in_a_shell(code):
    subprocess.run([sys.executable, "-c", SHELL + textwrap.dedent(code)], check=True, timeout=60)


def test_made_in_a_cell_it_knows_that_one_is_running_until_it_ends():
    in_a_shell("""
    shell.run_cell("told = made(); during = busy(told), told.cell.runs_elsewhere()")
    told = shell.user_ns["told"]
    assert shell.user_ns["during"] == (True, False)
    assert not busy(told)
    shell.run_cell("during = busy(told)")
    assert shell.user_ns["during"] and not busy(told)
    assert told.heard == ["ended", "begins", "ended"]
    """)


def test_a_cell_that_awaits_is_one_too():
    in_a_shell("""
    shell.run_cell("import asyncio; await asyncio.sleep(0); told = made(); during = busy(told)")
    assert shell.user_ns["during"] and not busy(shell.user_ns["told"])
    """)


def test_made_outside_a_cell_as_in_a_click_it_waits_for_none():
    in_a_shell("""
    told = made()
    assert not busy(told)
    shell.run_cell("pass")
    assert told.heard == ["begins", "ended"] and not busy(told)
    """)


def test_made_on_another_thread_a_cell_may_be_running_until_something_is_heard():
    in_a_shell("""
    told = threads.submit(made).result()
    assert busy(told) and told.cell.runs_elsewhere()
    shell.run_cell("pass")
    assert told.heard == ["begins", "ended"] and not busy(told)
    """)
