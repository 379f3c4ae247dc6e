"""The harness itself: a real JupyterLab, both kernels, a bare widget, and the ways a test must fail."""

import importlib.metadata

import psutil
import pytest
from browser.lab import Lab
from browser.notebook import CellError
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

VERSION = "import ipykernel; print(ipykernel.__version__)"

ECHO = '''
import anywidget, traitlets

class Echo(anywidget.AnyWidget):
    """Answers every click with the number of clicks so far."""
    _esm = """
    export default {
      render({ model, el }) {
        const button = document.createElement("button");
        button.textContent = "click";
        button.className = "echo";
        button.onclick = () => model.send({ type: "click" });
        model.on("msg:custom", (message, buffers) => {
          button.textContent = `${message.clicks} of ${buffers[0].byteLength} bytes`;
        });
        el.append(button);
      },
    };
    """
    clicks = traitlets.Int(0)

    def __init__(self):
        super().__init__()
        self.on_msg(self.answer)

    def answer(self, _widget, _content, _buffers):
        self.clicks += 1
        self.send({"clicks": self.clicks}, [bytes(7)])

echo = Echo()
echo
'''


@pytest.mark.parametrize(("kernel", "major"), [("python3", 7), ("ipykernel6", 6)])
def test_both_kernels_run_cells_and_answer_a_widget(kernel, major, lab, open_notebook):
    notebook = open_notebook(lab.write_notebook(f"{kernel}.ipynb", [VERSION, ECHO, "echo.clicks"], kernel))
    notebook.run_cell(0)
    assert notebook.text(0).split(".")[0] == str(major)
    if kernel == "python3":
        assert notebook.text(0).strip() == importlib.metadata.version("ipykernel")
    notebook.run_cell(1)
    button = notebook.output(1).locator("button.echo")
    for clicks in (1, 2):
        button.click()
        expect(button).to_have_text(f"{clicks} of 7 bytes")
    notebook.run_cell(2)
    assert notebook.text(2) == "2"


def test_a_cell_that_raises_fails_the_test(lab, open_notebook):
    notebook = open_notebook(lab.write_notebook("raises.ipynb", ["1 / 0"]))
    with pytest.raises(CellError, match="ZeroDivisionError"):
        notebook.run_all()
    assert notebook.run_cell(0, may_raise=True)[0]["ename"] == "ZeroDivisionError"


def test_an_error_on_the_page_is_collected(lab, open_notebook, page, console):
    open_notebook(lab.write_notebook("page-error.ipynb", [""]))
    assert console.unexpected == []
    page.evaluate("() => { setTimeout(() => { throw new Error('provoked one'); }); console.error('provoked two'); }")
    page.wait_for_timeout(200)
    assert len(console.unexpected) == 2
    console.allow("provoked")
    assert console.unexpected == []


def test_a_notebook_survives_reload_close_and_reopen(lab, open_notebook):
    notebook = open_notebook(lab.write_notebook("again.ipynb", ["x = 41", "print(x + 1)"]))
    notebook.run_cell(0)
    notebook.save()
    notebook.reload()
    notebook.run_cell(1)
    assert notebook.text(1) == "42\n"
    notebook.close()
    assert notebook.page.locator(".jp-Notebook").count() == 0
    notebook.reopen()
    assert notebook.text(1) == "42\n"
    assert notebook.run_cell(1)[0]["text"] == "42\n"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_themes(theme, lab, open_notebook, screenshot):
    notebook = open_notebook(lab.write_notebook("theme.ipynb", ["1"]), theme=theme)
    body = notebook.page.locator("body")
    expect(body).to_have_attribute("data-jp-theme-light", "true" if theme == "light" else "false")
    assert screenshot(notebook.page, f"harness-{theme}").stat().st_size > 10_000
    notebook.change_theme({"light": "dark", "dark": "light"}[theme])
    expect(body).to_have_attribute("data-jp-theme-light", "false" if theme == "light" else "true")


def test_the_installed_extension_is_on_without_any_configuration(lab):
    assert "innerview: TCP_NODELAY will be set" in lab.log


def test_stop_leaves_no_process_and_no_folder(page):
    with Lab() as lab:
        path = lab.write_notebook("stop.ipynb", ["1"])
        page.goto(f"{lab.url}lab/tree/{path}")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )
        processes = psutil.Process(lab.process.pid).children(recursive=True)
        assert any("ipykernel_launcher" in " ".join(process.cmdline()) for process in processes)
        page.goto("about:blank")
    gone, alive = psutil.wait_procs(processes, timeout=10)
    assert len(gone) == len(processes)
    assert alive == []
    assert not lab.root.exists()
