"""Cells, in IPython's own shell in a process of its own, since it is one a process."""

import subprocess
import sys
import textwrap

SHELL = """
from concurrent.futures import ThreadPoolExecutor
from IPython.core.interactiveshell import InteractiveShell
from innerview.session.cell import Cells
from innerview.study.gate import Gate

class Told:
    def __init__(self):
        self.heard = []
        self.gate = Gate()
        self.cells = Cells(self.begins, self.ended)
    def begins(self, here):
        self.heard.append("begins")
        self.gate.begins(here=here)
    def ended(self):
        self.heard.append("ended")
        self.gate.ended()

made = Told

def busy(told):
    return threads.submit(lambda: told.gate.elsewhere).result()

threads = ThreadPoolExecutor(1)
shell = InteractiveShell.instance()
shell.user_ns.update(made=made, busy=busy, threads=threads)
"""


def in_a_shell(code):
    subprocess.run([sys.executable, "-c", SHELL + textwrap.dedent(code)], check=True, timeout=60)


def test_made_in_a_cell_it_knows_that_one_is_running_until_it_ends():
    in_a_shell("""
    shell.run_cell("told = made(); during = busy(told), told.gate.elsewhere")
    told = shell.user_ns["told"]
    assert shell.user_ns["during"] == (True, False)
    assert not busy(told)
    shell.run_cell("during = busy(told)")
    assert shell.user_ns["during"] and not busy(told)
    assert told.heard == ["begins", "ended", "begins", "ended"]
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
    assert busy(told) and told.gate.elsewhere
    shell.run_cell("pass")
    assert told.heard == ["begins", "begins", "ended"] and not busy(told)
    """)


def test_an_object_that_is_gone_hears_nothing_and_leaves_no_callback():
    in_a_shell("""
    import gc, weakref
    told = made()
    gone = weakref.ref(told)
    before = len(shell.events.callbacks["post_run_cell"])
    del told
    gc.collect()
    assert gone() is None
    assert len(shell.events.callbacks["post_run_cell"]) == before - 1
    """)
