"""In words, what a review says of the columns that flow into the result: found out, claimed, or unknown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowWords:
    """What stands around the columns: `caption` above them, `warning` before all, `lead` before what decides on rows.

    An empty caption means that there are no columns to show; an empty warning, that there is nothing to warn of.
    """

    caption: str
    warning: str
    lead: str


def flow_words(*, known: bool, columns: bool, why: str) -> FlowWords:
    """Return the words for a flow that is `known`, or for one with `columns` all the same: those are a claim."""
    if known:
        return FlowWords(
            caption="Which columns flow into the result", warning=why, lead="These decide which rows count"
        )
    careful = "Read the code as if every column could leave."
    if columns:
        said = "What flows into the result is a claim, not a finding."
        return FlowWords(
            caption="What the plan said (a claim)",
            warning=_joined(said, why, careful),
            lead="The plan said that these decide which rows count, or the code names them",
        )
    said = "Which columns flow into the result is unknown."
    return FlowWords(caption="", warning=_joined(said, why, careful), lead="The code names")


def _joined(*sentences: str) -> str:
    return " ".join(each for each in sentences if each)
