"""What every panel is: a box that refreshes itself, with a text for where no widgets are."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_secure_jobs.domain.errors import SecureJobsError
from kernel_magics.bundle import note, visible
from kernel_magics.panels.follower import follower_of
from kernel_magics.quiet import words
from kernel_magics.rowview import monospaced

if TYPE_CHECKING:
    from kernel_magics.api import SecureJobs
    from kernel_magics.bundle import Bundle


def shown(text: str) -> widgets.Widget:
    """Return others' text as a widget that renders no markup.

    A Label typesets mathematics between dollar signs, so text that could hold some goes into a read-only field.
    """
    clean = visible(text)
    return widgets.Text(value=clean, disabled=True) if set(clean) & set("$\\") else widgets.Label(value=clean)


class Panel(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A box over one connection. A subclass fetches in `fetch` and draws in `draw`; both may run in a thread.

    One thread at a time does so: what was asked for earlier is never drawn over what was asked for later. Closing
    the widget ends its refreshing. Nothing waits for an answer of the front end, so that it works headless.
    """

    def __init__(self, session: SecureJobs, *inside: widgets.Widget) -> None:
        """Fetch once, so that what is saved is right, then follow the events.

        Raises:
            SecureJobsError: as the member side answered.
        """
        self.session = session
        self._turn = threading.RLock()
        self.said = monospaced("")
        self._followed = follower_of(session.client)
        super().__init__(children=(*inside, self.said))
        self.fetch()
        self.draw()
        self._followed.add(self)

    def fetch(self) -> None:
        """Ask for what is shown."""

    def draw(self) -> None:
        """Bring the widgets to what was fetched."""

    def fallback(self) -> Bundle:
        """Return what stands where no widgets are."""
        return note("A panel: shown where widgets are.")

    def say(self, text: str) -> None:
        """Show a message below the panel, or none."""
        self.said.outputs = monospaced(text).outputs if text else ()

    def moved(self) -> None:
        """Refresh, since something may have changed."""
        with self._turn:
            try:
                self.fetch()
            except SecureJobsError as error:
                self.lost(error)
                return
            self.say("")
            self.draw()

    def redraw(self) -> None:
        """Draw what was fetched, in turn with the refreshing."""
        with self._turn:
            self.draw()

    def lost(self, error: SecureJobsError) -> None:
        """Say that what is shown may be old."""
        self.say(f"Not up to date. {words(error)}")

    def close(self) -> None:
        """End the refreshing and close the widgets."""
        self._followed.remove(self)
        for child in self.children:
            child.close()
        super().close()

    def __repr__(self) -> str:
        """Return the fallback's text."""
        return self.fallback().plain

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401 -- Jupyter's own protocol
        made = super()._repr_mimebundle_(**kwargs) or {}
        fallback = self.fallback()
        # Whoever asks for a panel gets a panel: without the reference, no page draws something else in its place.
        return {**made, **fallback.forms()}, fallback.metadata()
