"""A Jupyter server extension that answers whether TCP_NODELAY is on for one of the server's connections.

It asks the operating system about the process's own sockets, so it knows nothing of what set the option.
"""

import os
import socket
from pathlib import Path

from jupyter_server.base.handlers import JupyterHandler


def nodelay(client_port):
    """Whether the connection that comes from `client_port` has TCP_NODELAY; None if there is no such connection."""
    for entry in Path("/dev/fd").iterdir():
        try:
            connection = socket.socket(fileno=os.dup(int(entry.name)))
        except OSError:
            continue  # not a socket, or the descriptor iterdir itself had open
        with connection:
            if connection.family != socket.AF_INET:
                continue
            try:
                port = connection.getpeername()[1]
            except OSError:
                continue  # listening, so without a peer
            if port == client_port:
                return bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
    return None


class ProbeHandler(JupyterHandler):
    def get(self, client_port):
        self.finish({"nodelay": nodelay(int(client_port))})


def _jupyter_server_extension_points():
    return [{"module": "nodelay_probe"}]


def _load_jupyter_server_extension(serverapp):
    serverapp.web_app.add_handlers(".*$", [(r"/nodelay/(\d+)", ProbeHandler)])
