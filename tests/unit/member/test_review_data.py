"""What a review tells a member of their own data: flow, marks, hints with lines, and the text accepted before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.cli import decide
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.member.review import describe
from jupyter_secure_jobs.wire.member_side import FlowColumnWire, FlowWire, SourceWire
from kernel_magics import cards

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.member_side import ReviewStatement
    from tests.support.world import World


def reviewed(
    world: World, code: str, *, language: Language = Language.SQL, before: str | None = None, organisation: str = "Beta"
) -> ReviewStatement:
    """Return the review of a text on table a (Alpha's) and table b (Beta's), both with columns month and carrier."""
    run = world.authorised()
    previous = replace(run.version, code=before) if before is not None else None
    version = replace(run.version, code=code, language=language, number=2 if before is not None else 1)
    return describe(
        version,
        run.version_hash,
        manifests=run.manifests,
        previous=previous,
        organisation=organisation,
        author_organisation="Alpha",
        members=4,
    )


def test_flow_says_whose_each_column_is(world: World) -> None:
    seen = reviewed(world, "SELECT a.month, max(b.carrier) AS c FROM a JOIN b USING (month) GROUP BY a.month")
    columns = {each.output: (each.how, [(s.table, s.owner, s.yours) for s in each.sources])
               for each in seen.flow.columns}  # fmt: skip
    assert seen.flow.known
    assert columns == {"month": ("as it is", [("a", "Alpha", False)]), "c": ("max", [("b", "Beta", True)])}
    assert [(each.table, each.column) for each in seen.flow.conditions] == [("a", "month"), ("b", "month")]


def marked(seen: ReviewStatement) -> list[tuple[str, str]]:
    lines = seen.code.split("\n")
    return [(lines[each.line - 1][each.column - 1 : each.column - 1 + each.length], each.what) for each in seen.marks]


def test_own_columns_are_marked_in_their_places_and_no_others(world: World) -> None:
    code = "SELECT 'é' AS é, a.month,\n       b.month AS m\nFROM a JOIN b ON a.carrier = b.CARRIER"
    quoted = code.replace("AS é", "AS `é`")
    assert marked(reviewed(world, quoted)) == [("month", "b.month"), ("b", "b"), ("CARRIER", "b.carrier")]


def test_where_the_flow_is_unknown_names_are_marked_wherever_they_stand(world: World) -> None:
    seen = reviewed(world, "SELECT * FROM b\nPIVOT (max(carrier) FOR month IN (1))")
    assert not seen.flow.known
    assert "PIVOT" in seen.flow.why.upper()
    assert marked(seen) == [("b", "b"), ("carrier", "b.carrier"), ("month", "b.month")]


PYTHON = 'df = spark.table("b")\nday = df.where(df.month == 7).select("""x\n  carrier""")\nday'


def test_python_is_unknown_and_tells_what_it_names(world: World) -> None:
    seen = reviewed(world, PYTHON, language=Language.PYTHON)
    assert not seen.flow.known
    assert "not run here" in seen.flow.why
    assert {(each.table, each.column) for each in seen.flow.conditions if each.yours} == {
        ("b", "month"),
        ("b", "carrier"),
    }
    assert marked(seen) == [("b", "b"), ("month", "b.month"), ("carrier", "b.carrier")]


def test_name_written_with_escapes_is_told(world: World) -> None:
    seen = reviewed(world, 'spark.table("a").select("c\\x61rrier")', language=Language.PYTHON)
    assert ("a", "carrier") in {(each.table, each.column) for each in seen.flow.conditions}


def test_python_that_is_one_sql_text_is_followed(world: World) -> None:
    seen = reviewed(world, 'spark.sql("""SELECT max(carrier) AS c FROM b""")', language=Language.PYTHON)
    assert [(each.output, each.how) for each in seen.flow.columns] == [("c", "max")]


TRICKS = {
    "a session of another kind": "spark = other\nspark.sql('SELECT 1 AS x')",
    "a text that is made": "spark.sql('SELECT ' + name)",
    "a text with holes": "spark.sql(f'SELECT {name} AS x FROM b')",
    "values in the text": "spark.sql('SELECT {x} AS y', x='carrier')",
    "arguments of its own": "spark.sql('SELECT :x AS y', args={'x': spark.table('b').first()[1]})",
    "another result after it": "result = spark.sql('SELECT 1 AS x')\nresult = spark.table('b')",
    "more after it": "spark.sql('SELECT 1 AS x').crossJoin(spark.table('b'))",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_python_with_anything_beside_the_sql_is_unknown(world: World, trick: str) -> None:
    assert not reviewed(world, TRICKS[trick], language=Language.PYTHON).flow.known


@pytest.mark.parametrize("code", ["(" * 5000 + ")" * 5000, "'''", "x = (", "\\", "a" * 200_000 + " = 1"])
def test_python_that_does_not_parse_or_is_huge_is_unknown(world: World, code: str) -> None:
    seen = reviewed(world, code, language=Language.PYTHON)
    assert not seen.flow.known
    assert seen.flow.why


def test_text_accepted_before_comes_along(world: World) -> None:
    seen = reviewed(world, "SELECT 1 AS x", before="SELECT 2 AS x")
    assert (seen.previous_code, seen.previous_number) == ("SELECT 2 AS x", 1)
    assert reviewed(world, "SELECT 1 AS x").previous_code is None


HINTS = {
    "star": ("SELECT\n*\nFROM a", 1, "every column of the table"),
    "star of one": ("SELECT 1,\n(SELECT b.* FROM b LIMIT 1)", 2, "every column of the table"),
    "group": ("SELECT month, count(*)\nFROM a\nGROUP BY month", 3, "without a smallest group"),
    "limit": ("SELECT month FROM a\nLIMIT 3", 2, "left to chance"),
    "list": ("SELECT 1 AS x,\n collect_list(carrier) AS c FROM a", 2, "single values can leave"),
    "chance": ("SELECT month FROM a\nWHERE rand() < 0.5", 2, "depends on chance"),
    "local time": ("SELECT\nlocaltimestamp() AS d", 2, "depends on chance or on the time"),
    "time": ("SELECT\ncurrent_date AS d", 2, "depends on chance or on the time"),
    "mean": ("SELECT\navg(month) AS m FROM a", 2, "Column m (avg) leaves unrounded"),
    "turned text": ("SELECT month -- \u202e x\nFROM a", 1, "Hidden characters (U+202E)"),
    "nothing wide": ("SELECT month,\n'a\u200bb' AS x FROM a", 2, "Hidden characters (U+200B)"),
    "mixed letters": ("SELECT month AS `m\u043enth` FROM a", 1, "Letters that look like others (m\\u043enth)"),
    "far right": ("SELECT month" + " " * 400 + ", carrier FROM a", 1, "characters: a part of it may stand outside"),
}


@pytest.mark.parametrize("hint", HINTS)
def test_hint_names_its_line(world: World, hint: str) -> None:
    code, line, words = HINTS[hint]
    notes = [note for note in reviewed(world, code).notes if words in note.text]
    assert [note.line for note in notes] == [line]


PYTHON_HINTS = {
    "udf": ("from pyspark.sql.functions import col\n@udf\ndef f(x): return x", 2, "function of the author's own"),
    "pandas": ("df = spark.table('a')\nresult = df.toPandas()", 2, "pass through Python"),
    "made": ("result = spark.table('a')\ngetattr(result, 'col' + 'lect')", 2, "builds names or code"),
    "print": ("x = 1\nprint(x)", 2, "printed text goes into"),
}


@pytest.mark.parametrize("hint", PYTHON_HINTS)
def test_hint_on_python_names_its_line(world: World, hint: str) -> None:
    code, line, words = PYTHON_HINTS[hint]
    notes = [note for note in reviewed(world, code, language=Language.PYTHON).notes if words in note.text]
    assert [note.line for note in notes] == [line]


def test_rounded_mean_in_plain_letters_gets_no_hint_on_either(world: World) -> None:
    seen = reviewed(world, "SELECT round(avg(month)) AS `Größe` FROM a HAVING count(*) > 9")
    assert [note.text for note in seen.notes] == []


def test_many_hints_of_one_kind_are_counted(world: World) -> None:
    seen = reviewed(world, "\n".join(["print(1)"] * 50), language=Language.PYTHON)
    printed = [note for note in seen.notes if "It prints" in note.text]
    assert len(printed) == 6
    assert "There are 45 more such lines." in printed[-1].text


def test_terminal_and_card_show_the_flow_and_the_lines(world: World) -> None:
    seen = reviewed(world, "SELECT carrier AS c\nFROM b WHERE month = 1 LIMIT 2")
    for text in (decide.show(seen), cards.review_card(seen).plain):
        assert "b.carrier (yours)" in text
        assert "These decide which rows count: b.month (yours)" in text
        assert "line 2: LIMIT without an order" in text
    unknown = reviewed(world, PYTHON, language=Language.PYTHON)
    for text in (decide.show(unknown), cards.review_card(unknown).plain):
        assert "Which columns flow into the result is unknown. Python is not run here" in text


OWN = SourceWire(table="b", column="carrier", owner="Beta", yours=True)
COLUMN = FlowColumnWire(output="c", how="max", sources=[OWN])


@pytest.mark.parametrize(
    ("flow", "there", "missing"),
    [
        (
            FlowWire(known=True, why="", columns=[COLUMN], conditions=[OWN]),
            ["Which columns flow into the result", "max", "These decide which rows count: b.carrier (yours)"],
            ["claim", "unknown", "The code names"],
        ),
        (
            FlowWire(known=False, why="A worker saw the plan.", columns=[COLUMN], conditions=[OWN]),
            ["a claim, not a finding. A worker saw the plan.", "What the plan said (a claim)", "max",
             "b.carrier (yours)", "as if every column could leave", "The plan said that these decide"],
            ["Which columns flow into the result", "unknown"],
        ),
        (
            FlowWire(known=False, why="It is Python.", conditions=[OWN]),
            ["Which columns flow into the result is unknown. It is Python.", "The code names: b.carrier (yours)",
             "as if every column could leave"],
            ["claim", "decide which rows count"],
        ),
    ],
    ids=["known", "claimed", "unknown"],
)  # fmt: skip
def test_terminal_and_notebook_tell_a_claim_from_a_finding(
    world: World, flow: FlowWire, there: list[str], missing: list[str]
) -> None:
    seen = reviewed(world, "SELECT 1 AS c FROM b").model_copy(update={"flow": flow, "notes": []})
    for text in (decide.show(seen), cards.review_card(seen).plain):
        for words in there:
            assert words in text
        for words in missing:
            assert words not in text
