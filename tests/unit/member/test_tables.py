"""Plain tables: what is read, into which types, and every way in which files are refused."""

from __future__ import annotations

import os
import traceback
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member import csv_files
from jupyter_secure_jobs.member import tables as tables_module
from jupyter_secure_jobs.member.tables import PlainTable, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "Erika-Mustermann-4711"


def csv_file(tmp_path: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parquet_file(tmp_path: Path, table: Any, name: str = "table.parquet") -> Path:
    path = tmp_path / name
    pq.write_table(table, path)
    return path


def rows_of(table: PlainTable) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.concat_tables(pq.read_table(part) for part in table.parts).to_pylist()
    return rows


def printed(error: BaseException) -> str:
    """Return all that a log would show of an error, the errors behind it included."""
    return "".join(traceback.format_exception(error))


def types_of(table: PlainTable) -> dict[str, str]:
    return {column.name: column.type for column in table.columns}


def test_csv_types_are_chosen_over_all_rows(tmp_path: Path, into: Path) -> None:
    path = csv_file(
        tmp_path,
        "flag,whole,real,day,local,zoned,code,long,text\n"
        "true,1,1,2013-01-01,2013-01-01T10:00,2013-01-01T10:00:00Z,007,123456789012345678901,a\n"
        "False,-9223372036854775808,1e-3,2013-12-31,2013-01-01,2013-01-01 10:00:00.25+0200,12,1,\n"
        "NA,null,NaN,,NA,N/A,nan,NULL,b\n",
    )
    table = read_table([path], into=into)
    assert types_of(table) == {
        "flag": "boolean",
        "whole": "bigint",
        "real": "double",
        "day": "date",
        "local": "timestamp_ntz",
        "zoned": "timestamp",
        "code": "string",
        "long": "string",
        "text": "string",
    }
    assert table.rows == 3
    assert rows_of(table)[1] == {
        "flag": False,
        "whole": -(2**63),
        "real": 0.001,
        "day": date(2013, 12, 31),
        "local": datetime(2013, 1, 1),  # noqa: DTZ001 - the column has no zone
        "zoned": datetime(2013, 1, 1, 8, 0, 0, 250_000, tzinfo=UTC),
        "code": "12",
        "long": "1",
        "text": None,
    }
    assert set(rows_of(table)[2].values()) == {None, "b"}


@pytest.mark.parametrize(
    ("late", "kind"),
    [("x", "string"), ("1.5", "double"), ("9223372036854775808", "string"), ("01", "string"), ("", "bigint")],
)
def test_a_late_value_changes_the_type_and_loses_nothing(
    tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch, late: str, kind: str
) -> None:
    monkeypatch.setattr(csv_files, "BLOCK_BYTES", 4096)
    path = csv_file(tmp_path, "n,m\n" + "1,2\n" * 5000 + f"{late},2\n")
    table = read_table([path], into=into)
    assert types_of(table)["n"] == kind
    last = rows_of(table)[-1]["n"]
    assert str("" if last is None else last) == late
    assert table.rows == 5001


def test_quoted_null_spellings_stay_text_in_strings_and_are_null_elsewhere(tmp_path: Path, into: Path) -> None:
    path = csv_file(tmp_path, 'country,n\n"NA","NA"\nNA,1\n"","2"\n')
    table = read_table([path], into=into)
    assert rows_of(table) == [{"country": "NA", "n": None}, {"country": None, "n": 1}, {"country": "", "n": 2}]


@pytest.mark.parametrize(
    "text", ["\ufeffa,b\r\n1,2\r\n", "a\tb\n1\t2\n", "a;b\n1;2\n", '"a","b"\n"1","2"', "a , b\n1,2"]
)
def test_csv_dialects_are_read(tmp_path: Path, into: Path, text: str) -> None:
    assert rows_of(read_table([csv_file(tmp_path, text)], into=into)) == [{"a": 1, "b": 2}]


def test_several_files_form_one_table_in_their_order(tmp_path: Path, into: Path) -> None:
    first = csv_file(tmp_path, "a,b\n1,x\n", "1.csv")
    second = csv_file(tmp_path, 'a,b\n2.5,"two\nlines"\n', "2.csv")
    table = read_table([first, second], into=into)
    assert rows_of(table) == [{"a": 1.0, "b": "x"}, {"a": 2.5, "b": "two\nlines"}]


def test_parts_are_closed_to_others_and_split(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "PART_ROWS", 1000)
    monkeypatch.setattr(tables_module, "BATCH_ROWS", 700)
    path = parquet_file(tmp_path, pa.table({"n": list(range(5000))}))
    table = read_table([path], into=into)
    assert len(table.parts) == 4
    assert [row["n"] for row in rows_of(table)] == list(range(5000))
    assert all(part.stat().st_mode & 0o777 == 0o600 for part in table.parts)
    assert sorted(into.iterdir()) == list(table.parts)


def test_rows_lie_in_groups_of_many_batches(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "BATCH_ROWS", 700)
    monkeypatch.setattr(tables_module, "GROUP_ROWS", 2000)
    path = parquet_file(tmp_path, pa.table({"n": list(range(5000))}))
    (part,) = read_table([path], into=into).parts
    found = pq.ParquetFile(part).metadata
    assert [found.row_group(each).num_rows for each in range(found.num_row_groups)] == [2100, 2100, 800]
    monkeypatch.setattr(tables_module, "GROUP_BYTES", 1)
    (tmp_path / "more").mkdir(mode=0o700)
    (part,) = read_table([path], into=tmp_path / "more").parts
    assert pq.ParquetFile(part).num_row_groups == 8


def test_decimals_that_fit_are_stored_as_integers(tmp_path: Path, into: Path) -> None:
    kinds = {"short": pa.decimal128(9, 2), "long": pa.decimal128(18, 0), "longest": pa.decimal128(38, 4)}
    values = {name: pa.array([Decimal(-12), None, Decimal(3)], kind) for name, kind in kinds.items()}
    table = read_table([parquet_file(tmp_path, pa.table(values))], into=into)
    schema = pq.ParquetFile(table.parts[0]).schema
    assert [schema.column(each).physical_type for each in range(3)] == ["INT32", "INT64", "FIXED_LEN_BYTE_ARRAY"]
    assert rows_of(table)[0] == dict.fromkeys(kinds, Decimal(-12))


def test_rename_and_column_types(tmp_path: Path, into: Path) -> None:
    path = csv_file(tmp_path, "order id,price,zip\n1,2.50,1\n")
    table = read_table(
        [path],
        into=into,
        rename={"order id": "order_id"},
        column_types={"order_id": "int", "price": "decimal(10,2)", "zip": "string"},
    )
    assert types_of(table) == {"order_id": "int", "price": "decimal(10,2)", "zip": "string"}
    assert rows_of(table) == [{"order_id": 1, "price": Decimal("2.50"), "zip": "1"}]


REFUSED: list[tuple[str, str | bytes, str]] = [
    ("table_empty_file", "", ""),
    ("table_no_rows", "a,b\n", ""),
    ("table_no_rows", "a,b", ""),
    ("csv_header", "\n\n1,2\n", "line 1"),
    ("csv_ragged", f"a,b\n1,2\n{SECRET}\n3,4\n", "Row 3"),
    ("csv_ragged", f"a,b\n1,2\n1,2,{SECRET}\n", "Row 3"),
    ("csv_ragged", f'a,b\n"1,{SECRET}\n2,3\n', "Row 2"),
    ("csv_ragged", f"a,b\n1,2\n{SECRET}\u00fc\n".encode("latin-1"), "Row 3"),
    ("csv_quotes", f'a,b\n1,"{SECRET}\n2,3\n', "not closed"),
    ("csv_encoding", f"a,b\n{SECRET}\u00fc,1\n".encode("latin-1"), "UTF-8"),
    ("csv_encoding", "\u00fc,b\n1,2\n".encode("latin-1"), "UTF-8"),
    ("csv_encoding", "a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    ("table_binary", b"\x00\x01\x02" * 100, "neither"),
    ("table_packed", b"PK\x03\x04" + b"x" * 100, "Unpack"),
    ("table_packed", b"\x1f\x8b" + b"x" * 100, "Unpack"),
    ("parquet_broken", b"PAR1" + b"x" * 100, "damaged"),
    ("table_column_name", "a,my column\n1,2\n", "Column 2 of 'table.csv' is called 'my column'"),
    ("table_column_name", "a,\n1,2\n", "Column 2"),
    ("dataset_column_twice", "a,b,a\n1,2,3\n", "'a'"),
    ("dataset_column_twice", "a,A\n1,2\n", "'A'"),
]


@pytest.mark.parametrize(("code", "content", "said"), REFUSED)
def test_files_that_are_refused(tmp_path: Path, into: Path, code: str, content: str | bytes, said: str) -> None:
    with pytest.raises(InvalidError) as caught:
        read_table([csv_file(tmp_path, content)], into=into)
    assert caught.value.code == code
    assert said in str(caught.value)
    assert caught.value.next_step
    assert SECRET not in printed(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert list(into.iterdir()) == []


def test_a_value_of_the_wrong_type_is_named_by_row_and_not_quoted(tmp_path: Path, into: Path) -> None:
    path = csv_file(tmp_path, "a,b\n" + "1,2\n" * 10 + f"{SECRET},2\n" + "1,2\n" * 10)
    with pytest.raises(InvalidError, match=r"Row 12 of 'table\.csv' .* no int in column 'a'") as caught:
        read_table([path], into=into, column_types={"a": "int"})
    assert SECRET not in printed(caught.value)
    assert list(into.iterdir()) == []


def test_parquet_value_that_does_not_fit_a_given_type(tmp_path: Path, into: Path) -> None:
    path = parquet_file(tmp_path, pa.table({"a": [1, 300]}))
    with pytest.raises(InvalidError) as caught:
        read_table([path], into=into, column_types={"a": "tinyint"})
    assert caught.value.code == "parquet_value"
    assert "300" not in str(caught.value)
    assert list(into.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [lambda raw: raw[: len(raw) // 2], lambda raw: raw[:40] + b"\xff" * 4000 + raw[4040:]],
    ids=["cut", "bits"],
)
def test_damaged_parquet(tmp_path: Path, into: Path, damage: Callable[[bytes], bytes]) -> None:
    path = parquet_file(tmp_path, pa.table({"a": [f"{SECRET}{n}" for n in range(20_000)]}))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InvalidError) as caught:
        read_table([path], into=into)
    assert caught.value.code == "parquet_broken"
    assert SECRET not in printed(caught.value)
    assert list(into.iterdir()) == []


def test_paths_that_are_no_readable_files(tmp_path: Path, into: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, code in [
        (tmp_path / "none.csv", "table_no_file"),
        (tmp_path, "table_not_a_file"),
        (loop, "table_unreadable"),
    ]:
        with pytest.raises(InvalidError) as caught:
            read_table([path], into=into)
        assert caught.value.code == code
    with pytest.raises(InvalidError, match="No file"):
        read_table([], into=into)


def test_a_file_without_permission(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = csv_file(tmp_path, "a\n1\n")

    def denied(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    # The tests may run as root, whom no permission stops; so the operating system's answer is given by hand.
    monkeypatch.setattr(tables_module, "_is_parquet", denied)
    with pytest.raises(InvalidError, match=r"'table\.csv' cannot be read") as caught:
        read_table([path], into=into)
    assert caught.value.code == "table_unreadable"


def test_files_that_do_not_form_one_table(tmp_path: Path, into: Path) -> None:
    first = csv_file(tmp_path, "a,b\n1,2\n", "1.csv")
    other_header = csv_file(tmp_path, "b,a\n1,2\n", "2.csv")
    whole = parquet_file(tmp_path, pa.table({"a": [1]}), "1.parquet")
    text = parquet_file(tmp_path, pa.table({"a": ["1"]}), "2.parquet")
    wider = parquet_file(tmp_path, pa.table({"a": [1], "b": [1]}), "3.parquet")
    for paths, code in [
        ([first, other_header], "table_schemas_differ"),
        ([whole, text], "table_schemas_differ"),
        ([whole, wider], "table_schemas_differ"),
        ([first, whole], "table_mixed"),
    ]:
        with pytest.raises(InvalidError) as caught:
            read_table(paths, into=into)
        assert caught.value.code == code
        assert list(into.iterdir()) == []


@pytest.mark.parametrize(("rename", "types"), [({"z": "y"}, {}), ({}, {"z": "int"})])
def test_options_that_name_no_column(tmp_path: Path, into: Path, rename: dict[str, str], types: dict[str, str]) -> None:
    with pytest.raises(InvalidError, match="no column 'z'"):
        read_table([csv_file(tmp_path, "a\n1\n")], into=into, rename=rename, column_types=types)


def test_a_type_that_does_not_exist(tmp_path: Path, into: Path) -> None:
    with pytest.raises(InvalidError) as caught:
        read_table([csv_file(tmp_path, "a\n1\n")], into=into, column_types={"a": "integer"})
    assert caught.value.code == "column_type"


def grown(path: Path) -> None:
    with path.open("a") as file:
        file.write("3,4\n")


def replaced(path: Path) -> None:
    stamp = path.stat()
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    other.replace(path)


def rewritten(path: Path) -> None:
    stamp = path.stat()
    path.write_bytes(b"a,b\n9,9\n")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))


def shrunk(path: Path) -> None:
    os.truncate(path, 4)


@pytest.mark.parametrize("change", [grown, replaced, rewritten, shrunk, os.unlink])
def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    path = csv_file(tmp_path, "a,b\n1,2\n")
    typed = csv_files.typed_batches

    def changing(*args: Any, **options: Any) -> Iterator[Any]:
        yield from typed(*args, **options)
        change(path)

    monkeypatch.setattr(csv_files, "typed_batches", changing)
    with pytest.raises(InvalidError) as caught:
        read_table([path], into=into)
    assert caught.value.code == "table_changed"
    assert list(into.iterdir()) == []


def test_the_working_directory_must_be_empty_and_private(tmp_path: Path, into: Path) -> None:
    path = csv_file(tmp_path, "a\n1\n")
    read_table([path], into=into)
    kept = sorted(into.iterdir())
    with pytest.raises(InvalidError, match="empty"):
        read_table([path], into=into)
    assert sorted(into.iterdir()) == kept
    public = tmp_path / "public"
    public.mkdir()
    public.chmod(0o755)
    for directory in (public, tmp_path / "none", path):
        with pytest.raises(InvalidError, match="0700"):
            read_table([path], into=directory)


def test_an_interruption_leaves_nothing(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = csv_files.typed_batches

    def interrupted(*args: Any, **options: Any) -> Iterator[Any]:
        yield from typed(*args, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(csv_files, "typed_batches", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read_table([csv_file(tmp_path, "a\n1\n")], into=into)
    assert list(into.iterdir()) == []


def test_a_long_row_is_named_as_such(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "BLOCK_BYTES", 1000)
    with pytest.raises(InvalidError) as caught:
        read_table([csv_file(tmp_path, "a,b\n" + "x" * 5000 + ",1\n2,3\n")], into=into)
    assert caught.value.code == "csv_row_long"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(cells=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), min_size=1))
def test_no_text_is_lost_in_a_csv_file(tmp_path_factory: pytest.TempPathFactory, cells: list[str]) -> None:
    directory = tmp_path_factory.mktemp("property")
    into = directory / "into"
    into.mkdir(mode=0o700)
    quoted = "".join('"{}",1\n'.format(cell.replace('"', '""')) for cell in cells)
    # The first row keeps the column a string, whatever the others hold.
    table = read_table([csv_file(directory, f'c,n\n"text",1\n{quoted}')], into=into)
    assert [row["c"] for row in rows_of(table)] == ["text", *cells]
