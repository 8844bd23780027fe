"""A job's card: where it stands, what can be done, and its newest run as it goes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets

from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.domain.lifecycle import Action
from jupyter_secure_jobs.domain.run import ACTIVE
from kernel_magics.cards import job_card, run_card
from kernel_magics.job import decide_where
from kernel_magics.panels.inputs import InputsPanel
from kernel_magics.panels.panel import Panel
from kernel_magics.quiet import words
from kernel_magics.rowview import RowView, monospaced
from kernel_magics.wording import duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.wire.job import ActionWire
    from jupyter_secure_jobs.wire.member_side import LogText
    from jupyter_secure_jobs.wire.run import InputValue, RunWire
    from kernel_magics.bundle import Bundle
    from kernel_magics.job import Job
    from kernel_magics.run import Run

_DOING: Final[dict[str, Callable[[Job], object]]] = {
    Action.SUBMIT: lambda job: job.submit(),
    Action.CANCEL_REVIEW: lambda job: job.cancel_review(),
    Action.CANCEL: lambda job: job.cancel(),
    Action.NEW_DRAFT: lambda job: job.new_draft(),
    Action.DISCARD_DRAFT: lambda job: job.discard_draft(),
    Action.ARCHIVE: lambda job: job.archive(),
    Action.UNARCHIVE: lambda job: job.unarchive(),
    Action.DELETE: lambda job: job.delete(),
    Action.REVOKE: lambda job: job.revoke(),
    Action.WITHDRAW: lambda job: job.withdraw(),
}
_ASKED_TWICE: Final = frozenset({Action.DELETE, Action.REVOKE, Action.WITHDRAW, Action.DISCARD_DRAFT})
_DECIDING: Final = frozenset({Action.ACCEPT, Action.DECLINE})
_STARTING: Final = frozenset({Action.TEST, Action.RUN})
_BUTTONS: Final = (*_DOING, *_STARTING, *_DECIDING, Action.VIEW_RESULTS, Action.VIEW_LOGS)
_TICK: Final = 1.0


class JobPanel(Panel):
    """The card of one job. Buttons are what the server offers; a refused one says why when pointed at.

    A test that was started here is followed to its end: then its rows can be shown, or its log stands there.
    """

    def __init__(self, job: Job) -> None:
        """Take the job; it is asked for anew."""
        self.job = job
        self._body = monospaced("")
        self._buttons = widgets.HBox(layout=widgets.Layout(flex_flow="row wrap"))
        self._below = widgets.VBox()
        self._offered: list[ActionWire] | None = None
        self._sure: str | None = None
        self._over = threading.Event()
        self._counting = False
        self._test: Run | None = None
        self._awaited: Run | None = None
        self._outcome: widgets.Widget | None = None
        super().__init__(job.session, self._body, self._buttons, self._below)

    def fetch(self) -> None:
        """Ask for the job, and for the test that was started here until it has ended."""
        self.job.refresh()
        test = self._awaited
        if test is not None and (test.ended or test.refresh().ended):
            self._outcome = RowView(test) if test.wire.has_result else _log(test.log())
            self._awaited = None

    def draw(self) -> None:
        """Draw the text, and the buttons if they changed."""
        self._body.outputs = monospaced(self._text()).outputs
        if self.job.actions != self._offered:
            self._offered, self._sure = self.job.actions, None
            old = self._buttons.children
            self._buttons.children = tuple(self._button(offer) for offer in self._offered if offer.name in _BUTTONS)
            for button in old:
                button.close()
        if self._outcome is not None:
            outcome, self._outcome = self._outcome, None
            self._show(outcome)
        self._count()

    def fallback(self) -> Bundle:
        """Return the card."""
        return job_card(self.job.wire, assurance=self.session.assurance, member=self.session.acting_as)

    def close(self) -> None:
        """End the refreshing and the count of seconds, and close the widgets."""
        self._over.set()
        super().close()

    def _runs(self) -> list[RunWire]:
        """Return the runs that are shown: the newest job run, and the test that was started here."""
        newest, test = self.job.wire.newest_run, self._test
        return [run for run in (newest, test.wire if test is not None else None) if run is not None]

    def _text(self) -> str:
        text = self.fallback().plain
        for run in self._runs():
            text += f"\n\n{run_card(run).plain}"
            if run.status in ACTIVE:
                since = run.started or run.created
                elapsed = max(0, int((datetime.now(UTC) - since).total_seconds() * 1000))
                text += f"\n  {run.status} for {duration(elapsed)}"
        return text

    def _active(self) -> bool:
        return any(run.status in ACTIVE for run in self._runs())

    def _count(self) -> None:
        """Count the seconds of an active run in a thread of their own; it ends with the run or the panel."""
        if self._counting or not self._active():
            return
        self._counting = True
        threading.Thread(target=self._counted, name="secure-jobs seconds", daemon=True).start()

    def _counted(self) -> None:
        while not self._over.wait(_TICK):
            with self._turn:
                if not self._active():
                    self._counting = False
                    return
                self._body.outputs = monospaced(self._text()).outputs

    def _button(self, offer: ActionWire) -> widgets.Button:
        button = widgets.Button(
            description=offer.label,
            disabled=not offer.allowed,
            tooltip=offer.reason or offer.label,
            layout=widgets.Layout(width="auto"),
        )
        button.on_click(lambda pressed: self._pressed(offer, pressed))
        return button

    def _pressed(self, offer: ActionWire, button: widgets.Button) -> None:
        twice = offer.name in _ASKED_TWICE or "confirm" in offer.needs
        if twice and self._sure != offer.name:
            self._sure = offer.name
            button.description = f"Really: {offer.label}?"
            return
        try:
            said = self._do(offer)
        except SecureJobsError as error:
            self.say(words(error))
            return
        self.moved()
        self.say(said)

    def _do(self, offer: ActionWire) -> str:
        if offer.name in _DECIDING:
            return f"A kernel cannot decide. {decide_where(self.job.name)}"
        if offer.name in _STARTING:
            self._ask(offer)
            return ""
        if offer.name == Action.VIEW_RESULTS:
            self._show(RowView(self.job.result_run()))
            return ""
        if offer.name == Action.VIEW_LOGS:
            self._show(_log(self.job.view_logs()))
            return ""
        _DOING[offer.name](self.job)
        if offer.name == Action.DELETE:
            self.close()
        return ""

    def _ask(self, offer: ActionWire) -> None:
        """Show the input form with its start button; without inputs, start at once."""
        if not self.job.wire.version.inputs:
            self._start(offer, {})
            return
        form = InputsPanel(self.job)
        button = widgets.Button(
            description=offer.label, button_style="primary", layout=widgets.Layout(width="max-content")
        )

        def started(_: widgets.Button) -> None:
            try:
                self._start(offer, form.values())
            except SecureJobsError as error:
                self.say(words(error))
                return
            self.moved()

        button.on_click(started)
        self._show(form, button)

    def _start(self, offer: ActionWire, values: dict[str, InputValue]) -> None:
        started = self.job.test(**values) if offer.name == Action.TEST else self.job.run(**values)
        with self._turn:  # its outcome comes after the form is gone
            if started.synthetic:
                self._test = self._awaited = started
            self._show()

    def _show(self, *below: widgets.Widget) -> None:
        old = self._below.children
        self._below.children = below
        for widget in old:
            widget.close()


def _log(log: LogText) -> widgets.Output:
    return monospaced(log.text or log.empty_because or "The log is empty.")
