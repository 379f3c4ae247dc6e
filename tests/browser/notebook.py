"""A notebook open in JupyterLab, driven the way JupyterLab itself does: through its commands and its models."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from browser.lab import THEMES

if TYPE_CHECKING:
    from browser.lab import Lab
    from playwright.sync_api import Locator, Page

SECOND = 1000

# The panel of one notebook, whatever tab is in front.
_PANEL = """
const panel = [...window.jupyterapp.shell.widgets('main')].find((widget) => widget.context?.path === path);
if (!panel) throw new Error(`no notebook ${path} is open`);
"""

_RUN = """
panel.content.activeCellIndex = n;
panel.content.deselectAll();
{wait} window.jupyterapp.commands.execute('notebook:run-cell');
"""


class CellError(AssertionError):
    """A cell raised; the message is its traceback."""


class Notebook:
    """The notebook `path` of `lab`, open in `page`.

    Every page works in a workspace of its own, so that a page does not open the notebooks of the one before.

    Raises:
        playwright.sync_api.TimeoutError: JupyterLab or the kernel did not come up in time.
    """

    def __init__(self, page: Page, lab: Lab, path: str, *, theme: str = "light") -> None:
        self.page, self.lab, self.path = page, lab, path
        lab.set_theme(theme)
        page.goto(f"{lab.url}lab/workspaces/test-{uuid.uuid4().hex[:8]}/tree/{path}")
        self._wait_until_ready()
        # The file browser would take a third of a narrow page.
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")

    def run_cell(self, n: int, *, timeout: float = 120, may_raise: bool = False) -> list[dict[str, Any]]:
        """Run cell `n` (from 0), wait until it has finished and its messages have arrived; its outputs (nbformat).

        Raises:
            CellError: the cell raised and `may_raise` is false.
        """
        self._evaluate(_RUN.format(wait="await"), n=n, timeout=timeout)
        self.wait_until_idle(timeout=timeout)
        outputs = self.outputs(n)
        errors = [output for output in outputs if output["output_type"] == "error"]
        if errors and not may_raise:
            raise CellError(f"cell {n}: " + "\n".join(errors[0]["traceback"]))
        return outputs

    def start_cell(self, n: int) -> None:
        """Start cell `n` and go on while it runs."""
        self._evaluate(_RUN.format(wait="void"), n=n)

    def run_all(self, *, timeout: float = 300) -> list[list[dict[str, Any]]]:
        """Run the code cells one after the other; the outputs of every cell.

        Raises:
            CellError: a cell raised; the cells after it have not run.
        """
        cells = self._evaluate("return panel.content.widgets.map((cell) => cell.model.type);")
        return [self.run_cell(n, timeout=timeout) if kind == "code" else [] for n, kind in enumerate(cells)]

    def outputs(self, n: int) -> list[dict[str, Any]]:
        """The outputs of cell `n` as the notebook file would hold them."""
        return self._evaluate("return panel.content.widgets[n].model.sharedModel.toJSON().outputs;", n=n)

    def text(self, n: int) -> str:
        """What cell `n` printed and returned, as plain text."""
        parts = []
        for output in self.outputs(n):
            part = output.get("text") or output.get("data", {}).get("text/plain", "")
            parts.append(part if isinstance(part, str) else "".join(part))
        return "".join(parts)

    def cell(self, n: int) -> Locator:
        """Cell `n` on the page, scrolled into view (JupyterLab takes cells far outside it out of the page)."""
        self._evaluate("await panel.content.scrollToItem(n, 'smart');", n=n)
        return self.page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell[data-windowed-list-index='{n}']")

    def output(self, n: int) -> Locator:
        """What cell `n` shows below its source."""
        return self.cell(n).locator(".jp-Cell-outputWrapper")

    def wait_until_idle(self, *, timeout: float = 60) -> None:
        """Wait until the kernel has nothing to do."""
        self._wait_for("panel.sessionContext.session?.kernel?.status === 'idle'", timeout)

    def change_theme(self, theme: str) -> None:
        """Switch to "light" or "dark" under the open notebook, as the Settings menu does."""
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", THEMES[theme]
        )
        light = "true" if theme == "light" else "false"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")

    def save(self) -> None:
        """Save the notebook file."""
        self._evaluate("await panel.context.save();")

    def reload(self) -> None:
        """Reload the page, as the browser's button does. The kernel goes on; unsaved changes are lost."""
        self.page.reload()
        self._wait_until_ready()

    def close(self) -> None:
        """Save the notebook and close its tab. The kernel goes on."""
        self.save()
        self._evaluate("panel.dispose();")

    def reopen(self) -> None:
        """Open the notebook's tab again after `close`."""
        self.page.evaluate(
            "(path) => window.jupyterapp.commands.execute('docmanager:open', { path }).then(() => {})", self.path
        )
        self._wait_until_ready()

    def set_source(self, n: int, source: str) -> None:
        """Type into cell `n`, over what it holds; what it showed goes."""
        self._evaluate(
            """
            const { model } = panel.content.widgets[n];
            model.clearExecution();
            model.sharedModel.setSource(source);
            """,
            n=n,
            source=source,
        )

    def uses_subshells(self) -> bool:
        """Whether the page sends what it says to widgets to a subshell, if the kernel has them."""
        return self._evaluate("return panel.sessionContext.session.kernel.commsOverSubshells;") != "disabled"

    def shut_down_kernels(self) -> None:
        """End this notebook's kernel and wait until it is gone; nothing if the page has left JupyterLab."""
        self.page.evaluate(
            """async (path) => {
                const sessions = window.jupyterapp?.serviceManager.sessions;
                await sessions?.refreshRunning();
                for (const session of sessions?.running() ?? [])
                    if (session.path === path) await sessions.shutdown(session.id);
            }""",
            self.path,
        )

    def _wait_until_ready(self) -> None:
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60 * SECOND)
        # The splash screen takes the clicks until the layout is restored.
        self.page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=60 * SECOND)
        self._evaluate("await panel.context.ready; await panel.sessionContext.ready;", timeout=60)
        self._wait_for("panel.sessionContext.session?.kernel?.connectionStatus === 'connected'", 60)
        self.wait_until_idle()

    def _evaluate(self, body: str, *, timeout: float = 60, **given: Any) -> Any:
        # Playwright's evaluate has no time limit of its own, so a cell that hangs would hang the test.
        names = ", ".join(["path", "timeout", *given])
        return self.page.evaluate(
            f"""async ({{ {names} }}) => {{
                {_PANEL}
                let timer;
                const late = new Promise((_, reject) => {{
                    timer = setTimeout(() => reject(new Error(`not done after ${{timeout}} s`)), timeout * 1000);
                }});
                const work = async () => {{ {body} }};
                return Promise.race([work(), late]).finally(() => clearTimeout(timer));
            }}""",
            {"path": self.path, "timeout": timeout, **given},
        )

    def _wait_for(self, condition: str, timeout: float) -> None:
        self.page.wait_for_function(
            f"(path) => {{ {_PANEL} return {condition}; }}", arg=self.path, timeout=timeout * SECOND
        )
