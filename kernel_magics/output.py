"""Output policies on the magics' lines: the same four options for an owner's dataset and an author's job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.wire.output import OutputPolicyWire

if TYPE_CHECKING:
    import argparse

    from kernel_magics.arguments import Arguments


def output_arguments(parser: Arguments) -> None:
    """Add the options."""
    parser.add_argument("--smallest-group", type=int, metavar="N")
    parser.add_argument("--round-counts", type=int, metavar="N")
    parser.add_argument("--most-rows", type=int, metavar="N")
    parser.add_argument("--withhold", default="", metavar="COLUMN,COLUMN")


def output_policy(arguments: argparse.Namespace) -> OutputPolicyWire | None:
    """Return the policy, or None if no option was given.

    Raises:
        InvalidError: a number or a name means nothing.
    """
    policy = OutputPolicyWire(
        smallest_group=arguments.smallest_group,
        round_counts_to=arguments.round_counts,
        most_rows=arguments.most_rows,
        withheld_columns=names(arguments.withhold),
    )
    policy.policy()
    return None if policy == OutputPolicyWire() else policy


def names(text: str) -> list[str]:
    """Return the names of a list with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]
