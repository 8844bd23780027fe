"""Results whose form carries what a rule withholds: dictionaries, and items that no row refers to, in every nesting.

The author's code can write any Arrow stream. Whatever it wrote, what leaves is looked through as bytes, and as the
arrays that a reader gets, with all that lies in their memory.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.domain.output import OutputPolicy, OutputRules, combine
from jupyter_secure_jobs.engines.release import gate_limits, release, start_gate
from jupyter_secure_jobs.engines.spec import JobOutcome
from jupyter_secure_jobs.engines.withholding import Withholder, withhold
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "canary-of-a-small-group"
TEN = combine([("Airline for people", OutputPolicy(smallest_group=10))], counts=("n",))
LIMITS = Limits(
    seconds=60, memory_bytes=1024 * MEBIBYTE, processes=32, scratch_bytes=64 * MEBIBYTE, result_bytes=4 * MEBIBYTE
)
COUNTS = pa.array([12, 3, 11])


class Hidden(pa.ExtensionType):  # type: ignore[misc]  # pyarrow ships without types
    """A type of the author's own, over any other."""

    def __init__(self, kind: Any) -> None:
        super().__init__(kind, "test.hidden")

    def __arrow_ext_serialize__(self) -> bytes:
        """Say nothing of it: the type has no parts."""
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: Any, serialized: bytes) -> Hidden:
        """Read it from its name alone."""
        return cls(storage_type)


def coded() -> Any:
    """Return three texts as numbers in a dictionary, of which the second is to be withheld."""
    return pa.array(["first", CANARY, "last"]).dictionary_encode()


def view(kind: Any, number: Any, items: Any) -> Any:
    return kind.from_arrays(pa.array([0, 1, 2], number), pa.array([1, 1, 1], number), items)


def listed(items: Any) -> Any:
    return pa.ListArray.from_arrays([0, 1, 2, 3], items)


def over(array: Any) -> Any:
    return pa.ExtensionArray.from_storage(Hidden(array.type), array)


LEAVES = {
    "dictionary": coded,
    "dictionary of bytes": lambda: pa.array([b"first", CANARY.encode(), b"last"]).dictionary_encode(),
    "text view": lambda: pa.array(["first", CANARY, "last"], pa.string_view()),
    "view of bytes in a list": lambda: listed(pa.array([b"first", CANARY.encode(), b"last"], pa.binary_view())),
    "slice of larger text": lambda: pa.array([CANARY, "first", CANARY, "last"]).slice(1),
    "list": lambda: listed(coded()),
    "large list": lambda: pa.LargeListArray.from_arrays([0, 1, 2, 3], coded()),
    "list of a fixed length": lambda: pa.FixedSizeListArray.from_arrays(coded(), 1),
    "map": lambda: pa.MapArray.from_arrays([0, 1, 2, 3], pa.array(["k", "k", "k"]), coded()),
    "struct": lambda: pa.StructArray.from_arrays([coded()], names=["x"]),
    "struct in a list": lambda: listed(pa.StructArray.from_arrays([listed(coded())], names=["x"])),
    "type of the author's": lambda: over(coded()),
    "type of the author's over a list": lambda: over(listed(coded())),
}
REFUSED = {
    "list view": lambda: view(pa.ListViewArray, pa.int32(), coded()),
    "large list view": lambda: view(pa.LargeListViewArray, pa.int64(), coded()),
    "list view of plain text": lambda: view(pa.ListViewArray, pa.int32(), pa.array(["first", CANARY, "last"])),
    "list view in a struct": lambda: pa.StructArray.from_arrays(
        [view(pa.ListViewArray, pa.int32(), coded())], names=["x"]
    ),
    "list view in a list": lambda: listed(view(pa.LargeListViewArray, pa.int64(), coded())),
    "list view under a type of the author's": lambda: over(view(pa.ListViewArray, pa.int32(), coded())),
    "values that repeat": lambda: pa.RunEndEncodedArray.from_arrays(
        pa.array([1, 2, 3], pa.int32()), pa.array(["first", CANARY, "last"])
    ),
    "one of several types": lambda: pa.UnionArray.from_sparse(
        pa.array([0, 0, 0], pa.int8()), [pa.array(["first", CANARY, "last"])]
    ),
}


def stream(array: Any, path: Path) -> Path:
    """Write what the author's code would: a column of it beside the declared counts."""
    table = pa.Table.from_arrays([array, COUNTS], names=["x", "n"])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    assert CANARY.encode() in path.read_bytes()
    return path


def all_bytes(path: Path) -> bytes:
    """Return the file's bytes, and those of every array that is read from it, whatever a row refers to."""
    found = [path.read_bytes()]
    for column in pq.read_table(path).columns + pq.read_table(path, read_dictionary=["x"]).columns:
        for chunk in column.chunks:
            found += _memory(chunk)
    return b"\n".join(found)


def _memory(array: Any) -> Iterator[bytes]:
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    yield from (buffer.to_pybytes() for buffer in array.buffers() if buffer is not None)
    if isinstance(array, pa.DictionaryArray):
        yield from _memory(array.dictionary)
    for name in ("values", "keys", "items"):
        if hasattr(array, name):
            yield from _memory(getattr(array, name))
    if isinstance(array, pa.StructArray):
        for index in range(array.type.num_fields):
            yield from _memory(array.field(index))


@pytest.mark.parametrize("name", LEAVES)
def test_withheld_value_is_nowhere_in_what_leaves(tmp_path: Path, name: str) -> None:
    source, target = stream(LEAVES[name](), tmp_path / "rows"), tmp_path / "out"
    assert withhold(str(source), str(target), TEN).withheld == 1
    assert pq.read_table(target)["n"].to_pylist() == [12, 11]
    everything = all_bytes(target)
    assert CANARY.encode() not in everything
    assert b"first" in everything
    assert b"last" in everything


@pytest.mark.parametrize("name", REFUSED)
def test_type_that_cannot_be_made_plain_does_not_leave(tmp_path: Path, name: str) -> None:
    source, target = stream(REFUSED[name](), tmp_path / "rows"), tmp_path / "out"
    with pytest.raises(TypeError, match="do not leave"):
        withhold(str(source), str(target), TEN)
    assert not target.exists()
    with (tmp_path / "out").open("w+b") as rows, (tmp_path / "report").open("w+b") as report:
        Withholder(rules=TEN, source=str(source), rows=rows.fileno(), report=report.fileno())()
    assert CANARY.encode() not in target.read_bytes()
    assert (tmp_path / "report").read_text() == '{"class": "ResultInvalid"}'


def through_the_gate(array: Any, tmp_path: Path, rules: OutputRules = TEN) -> JobOutcome:
    """Hand a stream of the author's to a real gate, in a sandbox of its own."""
    log = tmp_path / "log"
    log.write_text("")
    room = Path(tempfile.mkdtemp(dir="/dev/shm"))
    rows = stream(array, room / "rows")
    outcome = JobOutcome(status="succeeded", error_class=None, error_line=None, rows=None, result=rows, log=log,
                         logical_digest=None)  # fmt: skip
    gate = start_gate(room, ceiling=gate_limits(LIMITS))
    try:
        left = release(gate, outcome, rules, limits=LIMITS, printed=False, cancelled=threading.Event())
        if left.result is not None:
            (tmp_path / "left").write_bytes(left.result.read_bytes())
        return left
    finally:
        gate.close()


def test_view_of_a_dictionary_stays_in_the_real_gate(tmp_path: Path) -> None:
    outcome = through_the_gate(REFUSED["list view"](), tmp_path)
    assert (outcome.status, outcome.error_class, outcome.result) == ("failed", "ResultInvalid", None)
    assert CANARY not in outcome.log.read_text()


def test_plain_list_of_the_same_leaves_the_real_gate_without_it(tmp_path: Path) -> None:
    outcome = through_the_gate(LEAVES["list"](), tmp_path)
    assert (outcome.status, outcome.rows) == ("succeeded", 2)
    assert CANARY.encode() not in all_bytes(tmp_path / "left")
