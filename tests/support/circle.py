"""A workspace of its own on the running parts, whose members and workers a test may change as it likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.keyservice.state import State
from jupyter_secure_jobs.member import changing, founding
from jupyter_secure_jobs.member.changing import Wish
from jupyter_secure_jobs.member.context import acting as acting_of
from jupyter_secure_jobs.member.identity import CARD_FILE, Card, card_of
from tests.support.parts import ANA, BEN, MEMBERS, MIA, ORGANISATIONS, WEI, Draft, Parts

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.wire.job import JobDetailWire

FLIGHTS = "flight,month,delay\n" + "".join(f"{number},{number % 12 + 1},{number % 7 * 5}\n" for number in range(24))
WEATHER = "month,wind\n" + "".join(f"{month},{month * 3}\n" for month in range(1, 13))


class Circle(Parts):
    """The processes are those of `running`; members, recovery keys and the workspace are new."""

    def __init__(self, running: Parts, home: Path) -> None:
        """Found the workspace with the four members, and publish two datasets."""
        self.__dict__.update(running.__dict__)
        self.home, self.genesis = home, ""
        self.datasets: dict[str, str] = {}
        self._acting: dict[str, Acting] = {}
        self._everybody: list[Acting] = []
        self.recoveries = {name: self._ring_of("recovery", name, name) for name in ORGANISATIONS}
        for email, organisation in MEMBERS.items():
            self._acting[email] = self.newcomer(email, organisation)
        self._found_circle()
        self.publish(ANA, "flights", FLIGHTS)
        self.publish(WEI, "weather", WEATHER)

    def _ring_of(self, kind: str, name: str, organisation: str) -> KeyRing:
        return keyfile.new_ring({"kind": kind, "name": name, "organisation": organisation})

    def newcomer(self, email: str, organisation: str, *, kind: str = "member", ring: KeyRing | None = None) -> Acting:
        """Return somebody with fresh keys in a folder of their own, known to nobody yet."""
        folder = self.home / f"{email}-{len(list(self.home.iterdir()))}"
        folder.mkdir()
        made = acting_of(folder, ring or self._ring_of(kind, email, organisation), self.url)
        self._everybody.append(made)
        return made

    def recovery(self, organisation: str) -> Acting:
        """Return who acts with an organisation's recovery key."""
        return self.newcomer(organisation, organisation, ring=self.recoveries[organisation])

    def worker_card(self) -> Card:
        """Return the card of the worker that runs."""
        return Card.read(self.worker_folder / CARD_FILE)

    def new_worker(self, name: str) -> Card:
        """Return the card of a worker that nobody runs."""
        return card_of(self._ring_of("worker", name, ""), measurement=self.worker_card().measurement)

    def _found_circle(self) -> None:
        cards = [self._acting[email].card for email in (BEN, WEI, MIA)]
        cards += [card_of(ring) for ring in self.recoveries.values()]
        cards += [Card.read(self.service_folder(name) / CARD_FILE) for name in ORGANISATIONS]
        cards.append(self.worker_card())
        invitation = founding.found(self.acting(ANA), self.name("Circle"), cards)
        self.workspace, self.genesis = invitation.workspace, invitation.genesis
        for email in (BEN, WEI, MIA):
            founding.accept(self.acting(email), self.workspace, genesis=self.genesis)
        for name in ORGANISATIONS:
            state = State(self.service_folder(name) / "state.sqlite")
            state.pin(self.workspace, self.genesis)
            state.close()

    def close(self) -> None:
        """Close every connection."""
        for each in self._everybody:
            each.client.connection.close()

    # -- changing -------------------------------------------------------------------------------------------------

    def people(self) -> tuple[str, ...]:
        """Return the members in force, as the author's side verifies them."""
        first = next(iter(self._acting.values()))
        return tuple(member.email for member in first.rosters(self.workspace).newest.members)

    def sign(self, *signers: Acting) -> tuple[str, ...]:
        """Let each look at the change that waits and sign what was shown; return who is missing then."""
        missing: tuple[str, ...] = ()
        for each in signers:
            seen = changing.look_at_change(each, self.workspace, genesis=self.genesis)
            missing = changing.accept_change(each, self.workspace, shown=seen.hash, genesis=self.genesis)
        return missing

    def change(self, wish: Wish | None = None, *more: Acting, by: str = ANA, **wishes: Any) -> None:
        """Propose a change, and let all members sign it, and `more` whose keys are new."""
        proposed = changing.propose(self.acting(by), self.workspace, wish or Wish(**wishes))
        assert proposed is not None
        assert self.sign(*(each for email, each in self._acting.items() if email != by), *more) == ()

    def join(self, who: Acting) -> None:
        """Let somebody join, with everybody's signature."""
        self.change(Wish(add=(who.card,)), who)
        self._acting[who.email] = who

    def epoch_at(self, organisation: str) -> tuple[int, int]:
        """Return how many rosters and worker lists a key service has heard of."""
        state = State(self.service_folder(organisation) / "state.sqlite")
        try:
            pin = state.pinned(self.workspace)
            assert pin is not None
            return pin.epoch, pin.workers
        finally:
            state.close()

    def released(self, version: str, organisation: str = "Airline") -> int:
        """Return for how many orders of a version a key service gave keys."""
        with self.key_service(organisation) as service:
            return service._state.used(version)

    def accepted(self, draft: Draft | None = None) -> JobDetailWire:
        """Create a job that everybody in force has accepted."""
        job = self.submitted(draft)
        return self.accept(job.id)

    def accept(self, job: str) -> JobDetailWire:
        """Let everybody else in force accept a job under review."""
        for who in self.people():
            if who != ANA:
                self.decide(who, job)
        return self.job(job)
