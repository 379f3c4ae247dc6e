"""The server extension in real servers, with a real kernel behind a real websocket."""

import contextlib
import json
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path

import pytest
import websocket
from browser.lab import Lab

HANDLERS = """
import jupyter_server.services.kernels.handlers
from jupyter_server.services.kernels import websocket
Handler = websocket.KernelWebsocketHandler
"""
UNKNOWN_SERVERS = {
    "the class is elsewhere": "del websocket.KernelWebsocketHandler",
    "open is no coroutine": "was = Handler.open; Handler.open = lambda self, **given: was(self, **given)",
    "no set_nodelay": "Handler.set_nodelay = None",
    "another set_nodelay": "Handler.set_nodelay = lambda self: None",
}


@contextlib.contextmanager
def server(python_config="", **config):
    extensions = {"innerview.server_extension": True, "nodelay_probe": True}
    with Lab(
        config={"ServerApp": {"jpserver_extensions": extensions, "disable_check_xsrf": True}, **config},
        python_config=python_config,
        environ={"PYTHONPATH": str(Path(__file__).parent)},
    ) as lab:
        yield lab


def get(url, method="GET"):
    # A bare opener, because a proxy in the environment would be asked for the loopback address too.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, method=method), timeout=60) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read())


def start_kernel(lab):
    return get(f"{lab.url}api/kernels", method="POST")["id"]


@contextlib.contextmanager
def kernel_websocket(lab, kernel):
    url = f"{lab.url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
    connection = websocket.create_connection(url, timeout=60)
    try:
        yield connection
    finally:
        connection.close()


def ask_for_kernel_info(connection):
    """The kernel's answer over the websocket."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "kernel_info_request",
        "session": uuid.uuid4().hex,
        "username": "",
        "version": "5.3",
        "date": "2020-01-01T00:00:00Z",
    }
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": {}, "channel": "shell"}
    connection.send(json.dumps(message))
    while True:
        answer = json.loads(connection.recv())
        if answer["parent_header"].get("msg_id") == header["msg_id"] and answer["msg_type"] == "kernel_info_reply":
            return answer["content"]


def nodelay(lab, connection):
    port = connection.sock.getsockname()[1]
    return get(f"{lab.url}nodelay/{port}")["nodelay"]


def lines_about(lab):
    return [line for line in lab.log.splitlines() if "innerview: " in line]


def test_every_kernel_websocket_gets_the_option():
    with server() as lab:
        kernel = start_kernel(lab)
        for _ in range(2):
            with kernel_websocket(lab, kernel) as connection:
                assert ask_for_kernel_info(connection)["status"] == "ok"
                assert nodelay(lab, connection) is True
        assert len(lines_about(lab)) == 1


def test_one_line_of_configuration_turns_it_off():
    # Without the extension the option is off: this is also what shows that the probe can say no.
    with server(InnerviewServer={"tcp_nodelay": False}) as lab, kernel_websocket(lab, start_kernel(lab)) as connection:
        assert ask_for_kernel_info(connection)["status"] == "ok"
        assert nodelay(lab, connection) is False
        assert "tcp_nodelay is False" in lines_about(lab)[0]


@pytest.mark.slow
@pytest.mark.parametrize("change", UNKNOWN_SERVERS.values(), ids=UNKNOWN_SERVERS)
def test_an_unknown_server_works_as_before_and_the_log_says_so(change):
    with server(HANDLERS + change) as lab:
        kernel = start_kernel(lab)
        for _ in range(2):
            with kernel_websocket(lab, kernel) as connection:
                assert ask_for_kernel_info(connection)["status"] == "ok"
                assert nodelay(lab, connection) is False
        warnings = [line for line in lines_about(lab) if line.startswith("[W")]
        assert len(warnings) == 1
        assert "left as they are" in warnings[0]
        assert "Traceback" not in lab.log


def test_a_wrong_value_in_the_configuration_is_quoted_in_the_log():
    wrong = {"tcp_nodelay": "sometimes"}
    with server(InnerviewServer=wrong) as lab, kernel_websocket(lab, start_kernel(lab)) as connection:
        assert nodelay(lab, connection) is False
        assert "sometimes" in lines_about(lab)[0]


def test_loading_twice_wraps_once():
    code = """
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from innerview.server_extension import _load_jupyter_server_extension
before = KernelWebsocketHandler.open
app = ServerApp(open_browser=False, allow_root=True, port=0)
app.initialize(argv=[], find_extensions=False)
_load_jupyter_server_extension(app)
once = KernelWebsocketHandler.open
_load_jupyter_server_extension(app)
assert KernelWebsocketHandler.open is once is not before
assert once.__wrapped__ is before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_server_does_not_load_torch():
    code = "import sys, innerview.server_extension; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
