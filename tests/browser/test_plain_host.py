"""The Explorer in a host with what VS Code and Colab have: no JupyterLab, no subshells, binary parts as plain bytes.

The kernel's side is real, in this process; between it and the page there is nothing but messages.
"""

import base64
import json
import queue

import pytest
import torch
from browser.explorer import ExplorerPage
from browser.test_other_hosts import look_through
from playwright.sync_api import expect

import innerview as iv
from innerview.widgets import page as pages

pytestmark = pytest.mark.browser

ADDRESS = "http://plain.test/"
# How a host may hand over the binary parts of a message.
FORMS = {
    "Uint8Array": "(bytes) => bytes",
    "ArrayBuffer": "(bytes) => bytes.buffer",
    "DataView": "(bytes) => { const all = new Uint8Array(bytes.length + 7); all.set(bytes, 3);"
    " return new DataView(all.buffer, 3, bytes.length); }",
}
PAGE = """<!doctype html><meta charset="utf-8"><body><script type="module">
const form = FORM;
const state = STATE;
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
const listeners = [];
// Nothing but what anywidget promises: no widget manager, no events of the comm.
const model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; },
  save_changes: () => toKernel("want", state.want, []),
  on: (name, heard) => { if (name === "msg:custom") listeners.push(heard); },
  off: () => {},
  send: (content, _, buffers = []) => toKernel("message", content, buffers.map(text)),
};
const { default: factory } = await import(URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" })));
const widget = factory();
widget.initialize({ model });
const element = document.createElement("div");
document.body.append(element);
widget.render({ model, el: element });
while (true) {
  for (const [content, buffers] of await fromKernel())
    for (const heard of listeners) heard(content, buffers.map((one) => form(bytes(one))));
  await new Promise((resolve) => setTimeout(resolve, 10));
}
</script>"""


@pytest.mark.parametrize("form", FORMS)
def test_all_views_work_with_messages_alone(form, page, monkeypatch):
    said = queue.Queue()
    monkeypatch.setattr(pages, "_SENT", set())
    monkeypatch.setattr(pages.Page, "send", lambda _, content, buffers=(): said.put((content, list(buffers or ()))))
    digits = iv.datasets.digits()
    torch.manual_seed(0)
    model = iv.demo.SmallCNN()
    iv.demo.train(model, digits.train, epochs=2)
    explorer = iv.explore(model, digits.test, classes=digits.classes)

    def to_kernel(kind, content, buffers):
        if kind == "want":
            explorer.want = content
        else:
            explorer._handle_custom_msg(content, [memoryview(base64.b64decode(one)) for one in buffers])

    def from_kernel():
        messages = [said.get() for _ in range(said.qsize())]
        return [(content, [base64.b64encode(bytes(one)).decode() for one in buffers]) for content, buffers in messages]

    elsewhere = []

    def serve(route):
        if route.request.url != ADDRESS:
            elsewhere.append(route.request.url)
            route.abort()
        else:
            state = json.dumps(explorer.get_state(["contents", "want", "_esm"])).replace("</", "<\\/")
            body = PAGE.replace("FORM", FORMS[form]).replace("STATE", state)
            route.fulfill(body=body, content_type="text/html")

    page.expose_function("toKernel", to_kernel)
    page.expose_function("fromKernel", from_kernel)
    page.route(lambda address: address.startswith("http"), serve)
    page.goto(ADDRESS)
    shown = ExplorerPage(page.locator("body"))
    try:
        expect(shown.dashboard).to_be_visible()
        look_through(shown)
        assert explorer.inspector.layer == "features.3"
        assert [address for address in elsewhere if not address.endswith("favicon.ico")] == []
    finally:
        page.goto("about:blank")
        explorer.close()
