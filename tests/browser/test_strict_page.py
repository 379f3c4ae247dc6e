"""The scatter on a page that forbids code made at run time: the plot says why it is empty, the rest works."""

import pytest
from browser.lab import REPOSITORY
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MODULE = REPOSITORY / "src" / "innerview" / "static" / "embedding_scatter.js"
PAGE = """<!doctype html><meta charset="utf-8"><body><script type="module">
import factory from "/scatter.js";
const model = { get: () => ({}), set() {}, save_changes() {}, on() {}, off() {}, send() {} };
const element = document.createElement("div");
document.body.append(element);
factory().render({ model, el: element });
</script>"""


@pytest.mark.parametrize(("script", "drawn"), [("'unsafe-inline'", False), ("'unsafe-inline' 'unsafe-eval'", True)])
def test_without_unsafe_eval(browser, script, drawn):
    with browser.new_context() as context:
        page = context.new_page()
        policy = {"Content-Security-Policy": f"script-src 'self' {script}"}
        page.route("**/scatter.js", lambda route: route.fulfill(path=MODULE, content_type="text/javascript"))
        page.route("**/", lambda route: route.fulfill(body=PAGE, content_type="text/html", headers=policy))
        page.goto("http://strict.test/")
        message = page.get_by_test_id("no-webgl")
        if drawn:
            expect(page.get_by_test_id("scatter-canvas")).to_be_visible()
            expect(message).to_be_hidden()
        else:
            expect(message).to_contain_text("forbids code made at run time ('unsafe-eval')")
            expect(page.get_by_test_id("point-count")).to_have_text("0 points")
