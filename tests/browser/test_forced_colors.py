"""In a contrast theme, what is pressed, chosen, focused or measured can still be told."""

import pytest
from browser.lab import REPOSITORY

pytestmark = pytest.mark.browser

BUSY = "<div class=innerview><div class=iv-busy data-unknown><div class=iv-busy-fill></div></div></div>"
READ = "([name, prop]) => getComputedStyle(document.getElementById(name))[prop]"
STYLE = REPOSITORY / "src" / "innerview" / "static" / "style.css"
PAGE = """<div class=innerview>
<button class=iv-button id=released aria-pressed=false>2-D</button>
<button class=iv-button id=pressed aria-pressed=true>3-D</button>
<table class=iv-monitor-table><tbody>
<tr id=other><td>a</td></tr><tr id=chosen aria-selected=true><td>b</td></tr>
</tbody></table>
<span class=iv-sample-bar id=ground style="width: 100px"><span id=bar style="width: 50px"></span></span>
<span class=iv-scatter-swatch id=swatch style="background: rgb(47 127 208)"></span>
</div>"""


def test_what_a_ground_told(browser):
    with browser.new_context(forced_colors="active") as context:
        page = context.new_page()
        page.set_content(PAGE)
        page.add_style_tag(path=STYLE)

        def style(name, prop):
            return page.evaluate(
                "([name, prop]) => getComputedStyle(document.getElementById(name))[prop]", [name, prop]
            )

        assert style("pressed", "backgroundColor") != style("released", "backgroundColor")
        assert style("pressed", "color") != style("pressed", "backgroundColor")
        assert (style("chosen", "outlineStyle"), style("other", "outlineStyle")) == ("solid", "none")
        assert style("bar", "backgroundColor") != style("ground", "backgroundColor")
        assert style("swatch", "backgroundColor") == "rgb(47, 127, 208)"
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert style("pressed", "outlineStyle") == "dashed"


def test_nothing_moves_by_itself_where_motion_is_unwanted(browser):
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.set_content(
            "<div class=innerview><div class=iv-busy data-unknown><div class=iv-busy-fill></div></div></div>"
        )
        page.add_style_tag(path=STYLE)
        assert page.evaluate("getComputedStyle(document.querySelector('.iv-busy-fill')).animationName") == "none"
