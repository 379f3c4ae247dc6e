"""The scatter on a page that forbids code made at run time: the plot says why it is empty, the rest works."""

import json

import pytest
from browser.lab import REPOSITORY
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

STATIC = REPOSITORY / "src" / "innerview" / "static"
FILES = json.loads((STATIC / "manifest.json").read_text())
# A kernel that has every file, and nothing to show.
PAGE = """<!doctype html><meta charset="utf-8"><body><script type="module">
import factory from "/widget.js";
const contents = { root: "scatter", style: STYLE, panels: { scatter: VIEW } };
let receive;
const model = {
  get: (name) => ({ contents })[name] ?? {},
  set() {}, save_changes() {}, off() {},
  on(name, heard) { if (name === "msg:custom") receive = heard; },
  async send({ type, files = [] }) {
    if (type !== "modules") return;
    const answers = await Promise.all(files.map((file) => fetch(`/${file}`)));
    const texts = await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    receive({ type: "modules", files }, texts.map((text) => new DataView(text)));
  },
};
const element = document.createElement("div");
document.body.append(element);
const widget = factory();
widget.initialize({ model });
widget.render({ model, el: element });
</script>"""
PAGE = PAGE.replace("STYLE", json.dumps(FILES["style"])).replace("VIEW", json.dumps(FILES["embedding_scatter"]))


def serve(route):
    path = STATIC / route.request.url.rpartition("/")[2]
    route.fulfill(path=path, content_type="text/css" if path.suffix == ".css" else "text/javascript")


# Without "blob:" no anywidget could be loaded: that is how anywidget itself comes to the page.
@pytest.mark.parametrize(("script", "drawn"), [("blob:", False), ("blob: 'unsafe-eval'", True)])
def test_without_unsafe_eval(browser, script, drawn):
    with browser.new_context() as context:
        page = context.new_page()
        policy = {"Content-Security-Policy": f"script-src 'self' 'unsafe-inline' {script}"}
        page.route("**/*.*", serve)
        page.route("**/", lambda route: route.fulfill(body=PAGE, content_type="text/html", headers=policy))
        page.goto("http://strict.test/")
        message = page.get_by_test_id("no-webgl")
        if drawn:
            expect(page.get_by_test_id("scatter-canvas")).to_be_visible()
            expect(message).to_be_hidden()
        else:
            expect(message).to_contain_text("forbids code made at run time ('unsafe-eval')")
            expect(page.get_by_test_id("point-count")).to_have_text("0 points")
