"""The Explorer in hosts that cannot be had here, as VS Code and Colab: a page that has only what they give a widget.

The kernel is this process. The page loads the widget as anywidget does, from the text in its state; messages cross as
JSON and bytes, which arrive as one host or another gives them. Nothing tells of a restart, there is no widget manager,
and nothing that was sent before the page was there arrives.
"""

import base64
import io
import queue

import pytest
import torch
from browser.explorer import ExplorerPage
from browser.test_other_hosts import look_through
from PIL import Image
from playwright.sync_api import expect

import innerview as iv
from innerview.widgets.page import Page

pytestmark = pytest.mark.browser

# How a host gives the bytes of a message to a widget.
KINDS = {
    "Uint8Array": "(bytes) => bytes",
    "DataView": """(bytes) => {
        const whole = new Uint8Array(bytes.length + 9).fill(255);  // amid the message that it came in
        whole.set(bytes, 5);
        return new DataView(whole.buffer, 5, bytes.length);
    }""",
    "ArrayBuffer": "(bytes) => bytes.buffer",
}

HOST = """async ([state, kind]) => {
    const given = eval(kind);
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const heard = [];
    let changed = {};
    const model = {
        get: (name) => state[name],
        set(name, value) { state[name] = changed[name] = value; },
        save_changes() { tell({ state: changed }); changed = {}; },
        on(name, callback) { if (name === "msg:custom") heard.push(callback); },
        off() {},
        send(content, _callbacks, buffers = []) {
            const texts = buffers.map((buffer) =>
                btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("")));
            tell({ content, buffers: texts });
        },
    };
    setInterval(async () => {
        for (const [content, buffers] of await listen())
            for (const callback of heard) callback(content, buffers.map((text) => given(bytes(text))));
    }, 20);
    const address = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
    const { default: factory } = await import(address);
    const widget = await factory();
    const element = document.createElement("div");
    document.body.append(element);
    await widget.initialize({ model });
    await widget.render({ model, el: element });
}"""


class Host:
    """Shows a widget of this process in a page.

    Attributes:
        asked: the addresses that the page has asked for.
    """

    def __init__(self, page, monkeypatch):
        self.page = page
        self.asked = []
        self._messages = queue.SimpleQueue()
        monkeypatch.setattr(Page, "send", lambda _, content, buffers=(): self._messages.put((content, buffers or ())))

    def show(self, widget, kind):
        self._widget = widget
        self._messages = queue.SimpleQueue()  # what came before is lost
        self.page.route("**/*", lambda route: route.fulfill(body="<!doctype html><body>", content_type="text/html"))
        self.page.goto("http://host.test/")
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.expose_function("tell", self._tell)
        self.page.expose_function("listen", self._listen)
        state = {name: value for name, value in widget.get_state().items() if name in ("_esm", "contents", "want")}
        self.page.evaluate(HOST, [state, KINDS[kind]])

    def _tell(self, said):
        if "state" in said:
            self._widget.set_state(said["state"])
        else:
            buffers = [memoryview(base64.b64decode(text)) for text in said["buffers"]]
            self._widget._handle_custom_msg(said["content"], buffers)

    def _listen(self):
        messages = []
        while not self._messages.empty():
            content, buffers = self._messages.get()
            messages.append([content, [base64.b64encode(buffer).decode() for buffer in buffers]])
        return messages


@pytest.fixture
def host(page, monkeypatch):
    return Host(page, monkeypatch)


@pytest.fixture(scope="module")
def made():
    torch.manual_seed(0)
    digits = iv.datasets.digits()
    model = iv.demo.SmallCNN()
    iv.demo.train(model, digits.train, epochs=5)
    return model, digits


@pytest.mark.parametrize("kind", KINDS)
def test_a_host_that_gives_bytes_in_its_own_way(kind, host, made):
    model, digits = made
    explorer = iv.explore(model, digits.test, classes=digits.classes)
    host.show(explorer, kind)
    shown = ExplorerPage(host.page.locator("body"))
    look_through(shown)
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "PNG")
    shown.drop("again.png", picture.getvalue())
    expect(shown.samples.get_by_test_id("own-name")).to_contain_text("again.png")
    explorer.close()
    host.page.evaluate("fetch('/at-last')")  # so much is noticed
    fetched = [address for address in host.asked if not address.startswith(("blob:", "data:"))]
    assert fetched == ["http://host.test/at-last"]
