"""The page: one widget that carries panels, and the front end's files, each of them once."""

import gc
import json
import weakref

import comm
import pytest

import innerview as iv
from innerview import wire
from innerview.panels.panel import Panel
from innerview.widgets import modules, page
from innerview.widgets.page import Page


class Echo(Panel):
    view = "status_bar"

    def __init__(self):
        super().__init__()
        self.asked, self.taken, self.over = [], [], 0

    def want_word(self, word):
        if word == "no":
            raise ValueError("this word is not wanted")
        self.asked.append(word)

    def upload(self, header, arrays):
        self.taken.append((header, list(arrays)))

    def answered(self):
        self.over += 1


@pytest.fixture
def told(monkeypatch):
    """Every message of a page, in order: (content, buffers)."""
    messages = []
    monkeypatch.setattr(Page, "send", lambda _, content, buffers=None: messages.append((content, buffers or [])))
    monkeypatch.setattr(page, "_SENT", set())
    return messages


def frames(told, panel):
    return [wire.decode(buffers[0])[0] for content, buffers in told if content == {"type": "frame", "panel": panel}]


def test_wants_reach_their_panel_once_and_errors_come_back(told):
    one, two = Echo(), Echo()
    made = Page({"one": one, "two": two})
    made.want = {"one/word": {"value": "yes", "at": "1"}, "two/word": {"value": "no", "at": "2"}}
    made.want = {**made.want, "one/word": {"value": "again", "at": "3"}, "three/word": {"value": "x", "at": "4"}}
    assert (one.asked, two.asked) == (["yes", "again"], [])
    assert (one.over, two.over) == (2, 1)
    (error,) = frames(told, "two")
    assert (error["kind"], error["scope"], error["message"]) == ("error", "word", "this word is not wanted")
    assert frames(told, "one") == []


def test_frames_that_follow_are_kept_with_those_before_them(told):
    panel = Echo()
    panel.push({"kind": "line", "points": 1})
    panel.push({"kind": "line", "points": 2, "follows": True})
    panel.push({"kind": "busy", "scope": "a"})
    panel.push({"kind": "busy", "scope": "a", "over": True})
    made = Page({"one": panel})
    shown = [{"kind": "line", "points": 1}, {"kind": "line", "points": 2, "follows": True}]
    assert frames(told, "one") == shown
    told.clear()
    made._receive(made, {"type": "ready"}, [])
    assert frames(told, "one") == shown
    panel.push({"kind": "line", "points": 9})
    told.clear()
    made._receive(made, {"type": "ready"}, [])
    assert frames(told, "one") == [{"kind": "line", "points": 9}]


def test_what_the_browser_uploads_goes_to_the_panel_it_names(told):
    one, two = Echo(), Echo()
    made = Page({"one": one, "two": two})
    frame = memoryview(bytes(wire.encode({"kind": "file"})))
    made._receive(made, {"type": "frame", "panel": "two"}, [frame])
    made._receive(made, {"type": "frame", "panel": "elsewhere"}, [frame])
    made._receive(made, {"type": "frame"}, [])
    assert (one.taken, two.taken) == ([], [({"kind": "file"}, [])])
    made.close()
    made._receive(made, {"type": "frame", "panel": "two"}, [frame])
    made.want = {"two/word": {"value": "late", "at": "1"}}
    assert (two.taken, two.asked, two.closed) == ([({"kind": "file"}, [])], [], True)


def test_files_travel_once_unless_a_page_asks(told, digits):
    model = iv.demo.SmallCNN()
    explorer = iv.explore(model, digits.test)
    sent = [content["files"] for content, _ in told if content["type"] == "modules"]
    assert len(sent) == 1
    first = {name for name in sent[0] if not name.startswith("shared-")}
    views = ("style", "dashboard", "status_bar", "layer_picker", "sample_picker", "channel_grid")
    assert first == {modules.built(view) for view in views}
    told.clear()
    again = iv.explore(model, digits.test)
    assert not [content for content, _ in told if content["type"] == "modules"]
    # A tab that is opened brings what it needs and the page has not got.
    scatter = modules.built("embedding_scatter")
    again._receive(again, {"type": "modules", "files": [scatter], "have": sent[0]}, [])
    ((content, buffers),) = [message for message in told if message[0]["type"] == "modules"]
    assert scatter in content["files"]
    assert not set(content["files"]) & set(sent[0])
    assert [bytes(text) for text in buffers] == [modules.text(file).encode() for file in content["files"]]
    told.clear()
    again._receive(again, {"type": "modules", "files": ["../../secret", "widget.js"], "have": []}, [])
    assert told == []
    explorer.close()
    again.close()


def test_every_file_that_a_module_imports_comes_with_it():
    for name, file in modules.files().items():
        files = modules.needed([name])
        assert file in files
        for one in files:
            assert set(modules._IMPORT.findall(modules.text(one))) <= set(files), (name, one)


def test_nothing_large_is_part_of_the_widget_itself(digits):
    with iv.Inspector(iv.demo.SmallCNN(), digits.test) as inspector:
        made = iv.ChannelGrid(inspector)
        state = made.get_state()
        assert len(state["_esm"]) < 10_000
        assert len(json.dumps({name: str(value) for name, value in state.items() if name != "_esm"})) < 2_000
        made.close()


def test_nothing_binary_is_part_of_what_opens_a_connection(monkeypatch, digits):
    """VS Code loses what is binary in a comm_open."""
    opened = []
    create = comm.create_comm
    monkeypatch.setattr(comm, "create_comm", lambda **given: (opened.append(given), create(**given))[1])
    model = iv.demo.SmallCNN()
    explorer = iv.explore(model, digits.test)
    view = iv.MonitorView(iv.Monitor(model), inspector=explorer.inspector)
    scatter = iv.EmbeddingScatter(explorer.inspector)
    assert [given["target_name"] for given in opened].count("jupyter.widget") >= 3
    for given in opened:
        assert not given["buffers"]
        assert not given["data"]["buffer_paths"]
        json.dumps(given["data"])
    for widget in (scatter, view, explorer):
        widget.close()


def test_a_page_that_is_closed_is_let_go(told):
    panel = Echo()
    made = Page({"one": panel})
    gone = weakref.ref(made)
    made.close()
    del made
    gc.collect()
    assert gone() is None
