"""The byte layout of frames: the golden files, any frame, any damage, and the same bytes from the browser's end."""

import contextlib
import json
import runpy
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from innerview.errors import WireError
from innerview.wire import DTYPES, decode, encode

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))

# Characters that UTF-8 can carry: all but lone surrogates.
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# JavaScript puts keys that look like array indices first, whatever order they came in: no frame uses such keys.
keys = words.filter(lambda key: not key.isdecimal() and key != "arrays")
# Numbers that Python and JavaScript write alike: integers that a double holds, and fractions of ordinary size.
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.integers(-(10**6), 10**6).map(lambda i: i + 0.25)
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
headers = st.dictionaries(keys, values, max_size=4)


def seen_otherwise(array):
    """The same numbers from memory that lies otherwise."""
    ways = [array, array.T, np.asfortranarray(array), array.astype(array.dtype.newbyteorder())]
    if array.ndim:
        ways += [array[::-1], array[..., ::2], array[1:], np.broadcast_to(array, (2, *array.shape))]
    return st.sampled_from(ways)


arrays = (
    st.sampled_from(DTYPES)
    .flatmap(lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)))
    .flatmap(seen_otherwise)
)
frames = st.tuples(headers, st.dictionaries(keys, arrays, max_size=4))


def same(left, right):
    """Equal in dtype but for byte order, in shape, and in every bit: NaN included, and -0 is not 0."""
    little = [np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<")) for a in (left, right)]
    return (
        left.dtype.name == right.dtype.name and left.shape == right.shape and little[0].tobytes() == little[1].tobytes()
    )


@pytest.mark.parametrize("name", NAMES)
def test_golden_frames_are_what_encode_makes_of_their_description(name):
    described = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    golden = (GOLDEN / f"{name}.bin").read_bytes()
    made = {
        key: np.array([float(v) if isinstance(v, str) else v for v in array["values"]], array["dtype"]).reshape(
            array["shape"]
        )
        for key, array in described["arrays"].items()
    }
    assert encode(described["header"], made) == golden
    header, found = decode(golden)
    assert header == described["header"]
    assert list(found) == list(made)
    assert all(same(found[key], made[key]) for key in made)


def test_golden_files_are_what_their_script_writes():
    script = runpy.run_path(str(GOLDEN / "make.py"))
    assert sorted(script["frames"]()) == NAMES
    for name, (header, content) in script["frames"]().items():
        assert encode(header, content) == (GOLDEN / f"{name}.bin").read_bytes()
        assert script["as_json"](header, content) == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@settings(deadline=None)
@given(frames)
def test_what_goes_in_comes_out(frame):
    header, content = frame
    packed = encode(header, content)
    got, found = decode(packed)
    assert got == header
    assert list(found) == list(content)
    assert all(same(found[key], content[key]) for key in content)


@settings(deadline=None)
@given(frames)
def test_arrays_lie_at_multiples_of_eight_and_are_not_copied(frame):
    packed = encode(*frame)
    start = np.frombuffer(packed, np.uint8).ctypes.data
    for array in decode(packed)[1].values():
        if array.size:
            assert (array.ctypes.data - start) % 8 == 0
            assert np.shares_memory(array, np.frombuffer(packed, np.uint8))


@settings(deadline=None)
@given(frames, st.data())
def test_a_frame_cut_short_is_refused(frame, data):
    packed = encode(*frame)
    with pytest.raises(WireError):
        decode(packed[: data.draw(st.integers(0, len(packed) - 1))])


@settings(deadline=None)
@given(frames, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=8))
def test_damage_never_raises_anything_but_a_wire_error(frame, damage):
    packed = encode(*frame)
    for place, byte in damage:
        packed[place % len(packed)] = byte
    with contextlib.suppress(WireError):
        decode(packed)


def by_hand(text):
    """A frame with a header as written, and 64 bytes for arrays."""
    body = text.encode()
    return struct.pack("<4sI", b"IVF1", len(body)) + body + bytes(64)


junk = st.integers() | st.floats() | words | st.none() | st.booleans() | st.lists(st.integers(-4, 2**70), max_size=3)


@settings(deadline=None)
@given(st.lists(st.tuples(words, st.sampled_from(DTYPES) | junk, junk, junk) | junk, max_size=3) | junk)
@example([["a", "uint8", [2**32, 2**32], 0]])
@example([["a", "float64", [2**63], 0]])
@example([["a", "uint8", [-1], 0]])
@example([["a", "uint8", [-2, -2], 0]])
@example([["a", "uint8", [0, 2**63], 0]])
@example([["a", "uint8", [4], -8]])
@example([["a", "uint8", [float("inf")], 0]])
@example([["a", "uint8", [1] * 70, 0]])
@example([["a", "object", [1], 0]])
def test_any_table_of_arrays_is_read_or_refused(table):
    frame = by_hand(json.dumps({"arrays": table}))
    try:
        _, found = decode(frame)
    except WireError:
        return
    assert all(array.nbytes <= 64 for array in found.values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "1",
        "{}",
        '{"arrays":{}}x',
        '{"arrays":1}',
        '{"arrays":[1]}',
        '{"arrays":[["a"]]}',
        "[" * 100_000,
        "\udcff",
    ],
    ids=lambda text: text[:20].encode("unicode_escape").decode(),
)
def test_a_header_that_is_none_is_refused(text):
    body = text.encode(errors="surrogateescape")
    with pytest.raises(WireError, match="header"):
        decode(struct.pack("<4sI", b"IVF1", len(body)) + body)


def test_other_bytes_are_refused_with_what_they_are():
    with pytest.raises(WireError, match=r"at least 8 bytes; got 3"):
        decode(b"abc")
    with pytest.raises(WireError, match=r"starts with b'IVF1'; got b'\\x89PNG'"):
        decode(b"\x89PNG" + bytes(20))


@pytest.mark.parametrize(
    ("header", "content", "said"),
    [
        ({"arrays": []}, {}, 'cannot hold the key "arrays"'),
        ({"kind": "x", "value": float("nan")}, {}, "cannot be sent as JSON"),
        ({"kind": "x", "value": object()}, {}, "cannot be sent as JSON"),
        ({"kind": "x", "value": "\ud800"}, {}, "cannot be sent as JSON"),
        ({}, {"a": np.zeros(2, np.int64)}, "'a' is int64; a frame carries uint8, int8"),
        ({}, {"a": np.array(["text"])}, "'a' is str"),
        ({}, {"a": np.array([None])}, "'a' is object"),
        ({}, {"a": np.zeros(2, np.float16)}, "'a' is float16"),
    ],
)
def test_what_no_frame_can_carry_is_refused_with_the_reason(header, content, said):
    with pytest.raises(WireError, match=said):
        encode(header, content)


# Reads frames, each after its length as uint32, from standard input, and writes them back packed anew.
BROWSER_END = """
import { readFileSync, writeFileSync } from "node:fs";
import { decode, encode } from "./src/wire";
const input = new Uint8Array(readFileSync(0));
const output = [];
for (let at = 0; at < input.length; ) {
  const length = new DataView(input.buffer, input.byteOffset + at, 4).getUint32(0, true);
  const { header, arrays } = decode(input.subarray(at + 4, at + 4 + length));
  const frame = encode(header, arrays);
  output.push(new Uint8Array(new Uint32Array([frame.length]).buffer), frame);
  at += 4 + length;
}
writeFileSync(1, Buffer.concat(output));
"""


@pytest.fixture(scope="module")
def browser_end(tmp_path_factory):
    """The browser's end of the wire as a program for Node."""
    node, esbuild = shutil.which("node"), ROOT / "js" / "node_modules" / "esbuild" / "bin" / "esbuild"
    if node is None:
        pytest.skip("Node is not installed")
    if not esbuild.exists():
        pytest.skip("js/node_modules is missing: run `npm ci` in js/")
    program = tmp_path_factory.mktemp("wire") / "roundtrip.mjs"
    bundle = [esbuild, "--bundle", "--platform=node", "--format=esm", "--log-level=warning", f"--outfile={program}"]
    subprocess.run(bundle, input=BROWSER_END, cwd=ROOT / "js", text=True, check=True)
    return [node, str(program)]


def test_the_browser_unpacks_and_packs_the_same_bytes(browser_end):
    made = []

    @settings(deadline=None, max_examples=200, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(frames)
    def collect(frame):
        made.append(bytes(encode(*frame)))

    collect()
    sent = b"".join(struct.pack("<I", len(frame)) + frame for frame in made)
    done = subprocess.run(browser_end, input=sent, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    back, at = [], 0
    while at < len(done.stdout):
        (length,) = struct.unpack_from("<I", done.stdout, at)
        back.append(done.stdout[at + 4 : at + 4 + length])
        at += 4 + length
    assert len(back) == len(made) >= 200
    for frame, again in zip(made, back, strict=True):
        assert again == frame, decode(frame)[0]
