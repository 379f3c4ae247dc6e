"""Claim: an update of the monitor's view takes at most 20 ms of the training thread.

Every module of a ResNet-18 is watched and every step recorded, in a real kernel, with the view displayed: 68 rows, the
charts of three layers, the range of a channel. It is drawn on a thread of its own, which takes the processor and the
interpreter from the training now and then: what an update takes is the time by which training with the view is longer
than without, in turn, over the number of updates. Beside it the processor time of that thread, and what one would use
instead: the same charts by matplotlib, drawn anew in the loop, with `clear_output(wait=True)` and `display(figure)`.

    python benchmarks/monitor_view.py [rounds]
"""

import json
import statistics
import sys
from pathlib import Path

from jupyter_client.manager import start_new_kernel

TARGET = 20.0  # milliseconds
BATCH = 16  # short steps, so that an update is a large part of the time
LAYERS = ["conv1", "layer2.0.conv1", "layer4.1.conv2"]
WORK = f'''
import json, sys, threading, time
sys.path.insert(0, {str(Path(__file__).resolve().parent)!r})
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import clear_output, display
import innerview as iv
import monitor
from monitor import Training, seconds

monitor.BATCH = {BATCH}
STEPS = 24
LAYERS = {LAYERS!r}

plain, watched = Training(), Training()
alone = iv.Monitor(plain.model, optimizer=plain.optimizer, budget=None, classes=10)
shown = iv.Monitor(watched.model, optimizer=watched.optimizer, budget=None, classes=10)
for monitor, training in ((alone, plain), (shown, watched)):
    with monitor:
        for _ in range(STEPS):
            monitor.step(loss=training.step())

view = iv.MonitorView(shown)
view.layers, view.channel = LAYERS, 3
display(view)
updates = 0
push = view.panel.push

def counted(*frame):
    global updates
    updates += 1
    push(*frame)

view.panel.push = counted
drawer = next(thread for thread in threading.enumerate() if thread.name == "innerview-refresher")
clock = time.pthread_getcpuclockid(drawer.ident)

def trained(monitor, training):
    """Milliseconds for some steps, and the updates and the milliseconds of the drawing thread meanwhile."""
    with monitor:
        begun = updates, time.clock_gettime(clock)
        taken = seconds(lambda: monitor.step(loss=training.step()), STEPS) * STEPS
        ended = updates, time.clock_gettime(clock)
    time.sleep(1.5)  # the last update of this run is not to disturb the next one
    return 1000 * taken, ended[0] - begun[0], 1000 * (ended[1] - begun[1])

def redraw():
    """The charts of the view by matplotlib, as one draws them in a loop."""
    history = shown.history
    figure, axes = plt.subplots(2, 4, figsize=(14, 5), constrained_layout=True)
    axes = axes.ravel()
    axes[0].plot(*history.metric("loss"))
    axes[0].twinx().semilogy(*history.metric("lr"), ":")
    for layer in LAYERS:
        series = history.series(layer)
        axes[2].semilogy(series.steps, series.std)
        axes[3].plot(series.steps, series.mean)
        axes[4].plot(series.steps, series.near_zeros)
    first = history.series(LAYERS[0])
    axes[1].fill_between(first.steps, first.channel_low[:, 3], first.channel_high[:, 3], alpha=0.3)
    axes[1].twinx().plot(first.steps, first.channel_std[:, 3], ":")
    for axis, layer in zip(axes[5:], LAYERS):
        axis.imshow(np.log1p(history.series(layer).histogram.T), aspect="auto", origin="lower")
        axis.set_title(layer)
    clear_output(wait=True)
    display(figure)
    plt.close(figure)

redraw()
def one_round():
    without, _, _ = trained(alone, plain)
    taken, drawn, processor = trained(shown, watched)
    begun = time.thread_time()
    redrawing = 1000 * seconds(redraw, 3)
    return {{
        "step": without / STEPS,
        "update": (taken - without) / max(drawn, 1),
        "processor": processor / max(drawn, 1),
        "updates": drawn,
        "redrawing": redrawing,
        "its processor": 1000 * (time.thread_time() - begun) / 3,
    }}
'''


def run(kernel: object, code: str) -> str:
    """What a cell prints.

    Raises:
        RuntimeError: it fails.
    """
    printed: list[str] = []

    def hear(message: dict) -> None:
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            printed.append(message["content"]["text"])

    reply = kernel.execute_interactive(code, output_hook=hear, timeout=900)
    if reply["content"]["status"] != "ok":
        raise RuntimeError("\n".join(reply["content"]["traceback"]))
    return "".join(printed)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    manager, kernel = start_new_kernel()
    try:
        run(kernel, WORK)
        found = [json.loads(run(kernel, "print(json.dumps(one_round()))")) for _ in range(rounds)]
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
    step = statistics.median(each["step"] for each in found)
    updates = sum(each["updates"] for each in found)
    print(f"ResNet-18, {BATCH} x 3 x 64 x 64, every step recorded: {step:.0f} ms a step")
    print(f"{rounds} rounds, {updates:.0f} updates of the view\n")
    print(f"{'milliseconds (quartiles)':52s}{'view':>28s}{'matplotlib':>28s}{'ratio':>8s}")
    for name, mine, instead, target in (
        ("of the training's time, an update", "update", "redrawing", f"<= {TARGET:.0f} ms"),
        ("of a processor's time, an update", "processor", "its processor", ""),
    ):
        (own, view), (other, drawn) = middle(found, mine), middle(found, instead)
        print(f"{name:52s}{view:>28s}{drawn:>28s}{own / other:8.3f}{target:>12s}")


def middle(found: list[dict[str, float]], key: str) -> tuple[float, str]:
    low, median, high = statistics.quantiles([each[key] for each in found], n=4)
    return median, f"{median:.1f} ({low:.1f} to {high:.1f})"


if __name__ == "__main__":
    main()
