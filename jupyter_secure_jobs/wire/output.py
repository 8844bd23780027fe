"""Output policies as they cross the wire."""

from __future__ import annotations

from jupyter_secure_jobs.domain.output import OutputPolicy, describe_policy
from jupyter_secure_jobs.wire.base import Wire


class OutputPolicyWire(Wire):
    """What an owner or an author asks of results; null and empty mean nothing.

    `smallest_group`: rows with a declared count below it are withheld. `round_counts_to`: declared counts are rounded
    to multiples of it. `most_rows`: a result with more fails. `withheld_columns`: columns that do not leave.
    """

    smallest_group: int | None = None
    round_counts_to: int | None = None
    most_rows: int | None = None
    withheld_columns: list[str] = []

    def policy(self) -> OutputPolicy:
        """Return the policy as a checked domain value.

        Raises:
            InvalidError: a number or a name means nothing.
        """
        return OutputPolicy(
            smallest_group=self.smallest_group,
            round_counts_to=self.round_counts_to,
            most_rows=self.most_rows,
            withheld_columns=tuple(self.withheld_columns),
        )

    @classmethod
    def of(cls, policy: OutputPolicy) -> OutputPolicyWire:
        """Return a policy as it is sent."""
        return cls(
            smallest_group=policy.smallest_group,
            round_counts_to=policy.round_counts_to,
            most_rows=policy.most_rows,
            withheld_columns=list(policy.withheld_columns),
        )

    def words(self) -> str:
        """Return what it asks in a line, or `none`."""
        return "; ".join(describe_policy(self.policy())) or "none"


class OwnerPolicyWire(Wire):
    """The policy of one dataset, beside the name of who asks."""

    asked_by: str
    policy: OutputPolicyWire
