"""Hints for a reviewer on a version's text: what to look at, and in which line. They are never verdicts."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.member.chance import CHANCE
from jupyter_secure_jobs.wire.member_side import NoteWire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jupyter_secure_jobs.domain.output import OutputRules
    from jupyter_secure_jobs.flow.sql import Followed
    from jupyter_secure_jobs.protocol.dataset import Manifest
    from jupyter_secure_jobs.protocol.version import Version

MOST_LINES: Final = 5
LONG_LINE: Final = 300
_FRACTIONS: Final = ("float", "double", "decimal")
_MEANS: Final = ("avg", "stddev", "stddev_pop", "variance", "corr", "median", "quantile")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    """A pattern in the text and what it says to a reviewer; `unless`: a pattern elsewhere that makes it moot."""

    found: re.Pattern[str]
    text: str
    unless: re.Pattern[str] | None = None
    only: Language | None = None


def _pattern(found: str, text: str, *, unless: str | None = None, only: Language | None = None) -> _Pattern:
    return _Pattern(
        found=re.compile(found, re.IGNORECASE),
        text=text,
        unless=re.compile(unless, re.IGNORECASE) if unless is not None else None,
        only=only,
    )


_PATTERNS: Final = (
    _pattern(
        r"\bselect\s+(?:distinct\s+)?(?:\w+\s*\.\s*)?\*|\bselect\(\s*[\"']\*",
        "SELECT *: every column of the table can leave in the result.",
    ),
    _pattern(r"\bprint\s*\(", "It prints: printed text goes into the sealed log of the author's organisation."),
    _pattern(
        r"\b(?:collect_list|collect_set|array_agg|listagg|string_agg|group_concat|to_json|first|any_value|min_by|max_by)\s*\(",
        "It gathers or picks values as they are: a group's single values can leave in one cell.",
    ),
    _pattern(
        r"\blimit\b",
        "LIMIT without an order: which rows leave is left to chance, and a repeated test may give others.",
        unless=r"\border\s+by\b|\borderBy\(|\.sort\(",
    ),
    _pattern(
        rf"\b(?:{'|'.join(CHANCE)}|time_ns)\s*\("
        r"|\bcurrent_(?:timestamp|date)\b|\blocaltimestamp\b|\btablesample\b|\.sample\(",
        "It depends on chance or on the time: a test of your own may not give the author's result.",
    ),
    _pattern(
        r"\budf\b|\bpandas_udf\b|\b(?:map|apply)In(?:Pandas|Arrow)\b|\bcogroup\b|\.udtf\b",
        "A function of the author's own computes values: only reading it shows what it tells.",
        only=Language.PYTHON,
    ),
    _pattern(
        r"\.(?:toPandas|toArrow|collect|toLocalIterator|foreach\w*|take|head|tail)\s*\(",
        "Rows pass through Python: what it makes of them cannot be followed here.",
        only=Language.PYTHON,
    ),
    _pattern(
        r"\b(?:exec|eval|compile|getattr|setattr|globals|vars|__import__)\s*\(|\b__\w+__\b",
        "It builds names or code when it runs: what it reads does not stand in its text.",
        only=Language.PYTHON,
    ),
)
_GROUPING: Final = re.compile(r"group\s*by|\.groupBy\(", re.IGNORECASE)
_AGGREGATE: Final = re.compile(r"count\s*\(|sum\s*\(|avg\s*\(", re.IGNORECASE)
_SMALLEST: Final = re.compile(r"having\b|\.(?:where|filter)\(", re.IGNORECASE)
_MEAN: Final = re.compile(r"\b(?:avg|mean|stddev\w*|var_\w+|variance|corr|median|percentile\w*)\s*\(", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d]\w*")


def hints(
    version: Version, rules: OutputRules, followed: Followed, manifests: Mapping[str, Manifest]
) -> list[NoteWire]:
    """Return hints on a version, those that deceive the eye first, then in the order of the lines."""
    code = version.code
    patterns = [each for each in _PATTERNS if each.only in (None, version.language)]
    found = [note for pattern in patterns for note in _lines(pattern, code)]
    grouping = _GROUPING.search(code)
    if grouping and rules.smallest_group is None and not _SMALLEST.search(code):
        text = "It groups rows without a smallest group size: a group of one row tells of one person or thing."
        found.append(NoteWire(text=text, line=_line(code, grouping.start())))
    if not grouping and not _AGGREGATE.search(code):
        found.append(NoteWire(text="It does not aggregate: rows of the data themselves can leave in the result."))
    found += _unrounded(version, followed, manifests)
    return [*_deceiving(code), *sorted(found, key=lambda note: note.line or 0)]


def _line(code: str, start: int) -> int:
    return code.count("\n", 0, start) + 1


def _lines(pattern: _Pattern, code: str) -> Iterator[NoteWire]:
    if pattern.unless is not None and pattern.unless.search(code):
        return
    lines = dict.fromkeys(_line(code, match.start()) for match in pattern.found.finditer(code))
    for number, line in enumerate(lines):
        if number == MOST_LINES:
            yield NoteWire(text=f"{pattern.text} There are {len(lines) - MOST_LINES} more such lines.", line=line)
            return
        yield NoteWire(text=pattern.text, line=line)


def _unrounded(version: Version, followed: Followed, manifests: Mapping[str, Manifest]) -> Iterator[NoteWire]:
    """Exact means and sums tell of single rows: the same group with one row less differs by that row."""
    code = version.code
    advice = "unrounded: from two such values of nearly the same rows, one row's own can be worked out."
    if followed.rows is None:
        for number, line in enumerate(code.split("\n"), start=1):
            if _MEAN.search(line) and "round" not in line.lower():
                yield NoteWire(text=f"A mean or the like leaves {advice}", line=number)
                return
        return
    types: dict[tuple[str, str], str] = {}
    for read in version.datasets:
        types |= {(read.table, each.name): each.type for each in manifests[read.manifest].columns}
    for each in followed.rows.attributes:
        fractions = any(types[source.table, source.column].startswith(_FRACTIONS) for source in each.sources)
        if each.how in _MEANS or (each.how == "sum" and fractions):
            place = _MEAN.search(code) if each.how in _MEANS else re.search(r"\bsum\s*\(", code, re.IGNORECASE)
            where = _line(code, place.start()) if place else None
            yield NoteWire(text=f"Column {each.label} ({each.how}) leaves {advice}", line=where)


def _deceiving(code: str) -> Iterator[NoteWire]:
    """Yield what makes a text read as another: hidden characters, mixed alphabets, what stands beyond the edge.

    Source: Boucher and Anderson, "Trojan Source: Invisible Vulnerabilities", 2021.
    """
    notes = 0
    for number, line in enumerate(code.split("\n"), start=1):
        if notes >= MOST_LINES * 4:
            yield NoteWire(text="More lines hold hidden or look-alike characters, or are very long.", line=number)
            return
        for text in _deceptions(line):
            notes += 1
            yield NoteWire(text=text, line=number)


def _deceptions(line: str) -> Iterator[str]:
    if len(line) > LONG_LINE:
        yield f"A line of {len(line):,} characters: a part of it may stand outside of what you see."
    if line.isascii():
        return
    hidden = sorted({each for each in line if _hidden(each)})
    if hidden:
        codes = ", ".join(f"U+{ord(each):04X}" for each in hidden[:MOST_LINES])
        yield f"Hidden characters ({codes}): the line may read otherwise than it runs."
    words = [word for word in dict.fromkeys(_WORD.findall(line)) if _mixed(word)]
    if words:
        shown = ", ".join(word.encode("ascii", "backslashreplace").decode()[:60] for word in words[:MOST_LINES])
        yield f"Letters that look like others ({shown}): two names may look like one."


def _hidden(character: str) -> bool:
    kind = unicodedata.category(character)
    return (kind in {"Cf", "Cc", "Co", "Cn", "Zl", "Zp"} and character != "\t") or (kind == "Zs" and character != " ")


def _mixed(word: str) -> bool:
    """Whether a word mixes alphabets, or has letters that are another's in another form, such as full width."""
    alphabets = {unicodedata.name(each, "?").split(" ")[0] for each in word if each.isalpha()}
    return len(alphabets) > 1 or unicodedata.normalize("NFKC", word) != word
