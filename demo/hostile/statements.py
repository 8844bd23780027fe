"""Attacks with statements: a run for which something is missing, altered, reused or made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from demo.hostile.attack import Attack, Refusal, everybody
from demo.hostile.forging import Json, altered, hash_of, in_the_name_of, said, signed
from demo.place import BEN, MIA, WEI

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.hostile.scene import Scene
    from demo.place import Member


def _others(dossier: Json, who: Member) -> list[Json]:
    return [each for each in dossier["decisions"] if said(each)["member"] != who.email]


def _of(dossier: Json, who: Member) -> Json:
    found: Json = next(each for each in dossier["decisions"] if said(each)["member"] == who.email)
    return found


def _base(scene: Scene, **changes: Any) -> Json:  # noqa: ANN401 -- parts of a dossier
    return {**scene.prepared.dossier, **changes}


def _decisions(change: Callable[[Scene, Json], list[Json]]) -> Callable[[Scene], Json]:
    return lambda scene: _base(scene, decisions=change(scene, scene.prepared.dossier))


def _version(change: Callable[[Scene, Json], None]) -> Callable[[Scene], Json]:
    """Change the accepted version under the author's signature."""
    return lambda scene: _base(
        scene, version=altered(scene.prepared.dossier["version"], lambda words: change(scene, words))
    )


def _version_with_author(change: Callable[[Scene, Json], None]) -> Callable[[Scene], Json]:
    """Change the accepted version and let the author, who works together with the server, sign it and its order."""

    def make(scene: Scene) -> Json:
        dossier = scene.prepared.dossier
        version = signed(dossier["version"], [scene.author], lambda words: change(scene, words))
        return _base(scene, version=version, order=signed(dossier["order"], [scene.author], version=hash_of(version)))

    return make


def _code(_scene: Scene, version: Json) -> None:
    version["code"] = "SELECT * FROM airports"


def _constraint(_scene: Scene, version: Json) -> None:
    version["inputs"][0]["low"] = "-9999"


def _log_policy(_scene: Scene, version: Json) -> None:
    version["log_policy"] = "full"


def _limits(_scene: Scene, version: Json) -> None:
    version["limits"]["result_bytes"] *= 10


def _runs(_scene: Scene, version: Json) -> None:
    version["grant"]["most_runs"] *= 5


def _table(_scene: Scene, version: Json) -> None:
    version["datasets"].append({**version["datasets"][0], "table": "one_more"})


def _recipient(scene: Scene, version: Json) -> None:
    version["recipients"].append({"member": MIA.email, "sealing_key": scene.keys[MIA.email]["sealing"]})


def _recipient_key(scene: Scene, version: Json) -> None:
    version["recipients"][0]["sealing_key"] = scene.mallory_sealing.public


def _older(scene: Scene, version: Json) -> None:
    older = scene.prepared.older
    for read in version["datasets"]:
        if read["dataset"] == said(older)["dataset"]:
            read["manifest"] = hash_of(older)


def _with_older(scene: Scene) -> list[Json]:
    older = scene.prepared.older
    manifests = scene.prepared.dossier["manifests"]
    return [older if said(each)["dataset"] == said(older)["dataset"] else each for each in manifests]


def _older_with_author(scene: Scene) -> Json:
    return {**_version_with_author(_older)(scene), "manifests": _with_older(scene)}


def _key_to_server(scene: Scene) -> Json:
    def change(words: Json) -> None:
        words["keys"][0]["recipient"] = scene.mallory_sealing.public

    first, *rest = scene.prepared.dossier["manifests"]
    return _base(scene, manifests=[altered(first, change), *rest])


def _declined(scene: Scene) -> Json:
    return scene.dossier(scene.prepared.declined)


def _decline_rewritten(scene: Scene) -> Json:
    dossier = _declined(scene)
    rewritten = altered(_of(dossier, MIA), verdict="accept")
    return {**dossier, "decisions": [*_others(dossier, MIA), rewritten]}


def _earlier_submission(scene: Scene) -> Json:
    dossier = scene.dossier(scene.prepared.resubmitted)
    return {**dossier, "decisions": [*dossier["decisions"], *scene.prepared.earlier]}


def _of_another_job(scene: Scene) -> Json:
    dossier = scene.dossier(scene.prepared.declined)
    return {**dossier, "decisions": [*_others(dossier, MIA), _of(scene.prepared.dossier, MIA)]}


def next_roster(scene: Scene) -> Json:
    """Return a roster with a member of the server's making, which nobody else signed."""
    first = scene.prepared.dossier["rosters"][-1]
    made_up = {
        "email": "eve@server.example",
        "organisation": said(first)["members"][0]["organisation"],
        "keys": {"signing": scene.mallory.public, "sealing": scene.mallory_sealing.public},
    }
    now = said(first)
    follows = {"epoch": now["epoch"] + 1, "genesis": hash_of(scene.prepared.dossier["rosters"][0]),
               "previous": hash_of(first), "members": [*now["members"], made_up]}  # fmt: skip
    return signed(first, [scene.mallory], **follows)


def _member_added(scene: Scene) -> Json:
    return _base(scene, rosters=[*scene.prepared.dossier["rosters"], next_roster(scene)])


def _member_key_swapped(scene: Scene) -> Json:
    def change(words: Json) -> None:
        words["members"][-1]["keys"]["signing"] = scene.mallory.public

    first, *rest = scene.prepared.dossier["rosters"]
    return _base(scene, rosters=[altered(first, change), *rest])


def _worker_added(scene: Scene) -> Json:
    last = scene.prepared.dossier["workers"][-1]
    extra = {**said(last)["workers"][0], "name": "worker-of-the-server", "platform_key": scene.mallory.public}
    follows = {"epoch": said(last)["epoch"] + 1, "previous": hash_of(last),
               "workers": [*said(last)["workers"], extra]}  # fmt: skip
    return _base(scene, workers=[*scene.prepared.dossier["workers"], signed(last, [scene.mallory], **follows)])


def _order(change: Callable[[Scene, Json], Json]) -> Callable[[Scene], Json]:
    return lambda scene: _base(scene, order=change(scene, scene.prepared.dossier["order"]))


def _row(name: str, sentence: str, code: str, make: Callable[[Scene], Json]) -> Attack:
    def run(scene: Scene) -> list[Refusal]:
        return scene.resisted(make(scene))

    return Attack(name=name, sentence=sentence, expected=everybody(code), run=run)


STATEMENTS: Final = (
    _row("decision_missing", "Mia's decision is left out.", "not_accepted",
         _decisions(lambda s, d: _others(d, MIA))),
    _row("decision_forged", "The server signs Mia's decision with a key of its own.", "signature_missing",
         _decisions(lambda s, d: [*_others(d, MIA), signed(_of(d, MIA), [s.mallory])])),
    _row("decision_forged_in_name", "The server signs it, and says that the key is Mia's.", "bad_signature",
         _decisions(lambda s, d: [*_others(d, MIA), in_the_name_of(signed(_of(d, MIA), [s.mallory]),
                                                                   s.keys[MIA.email]["signing"])])),
    _row("decision_twice", "Wei's decision is counted for Mia too.", "decided_twice",
         _decisions(lambda s, d: [*_others(d, MIA), _of(d, WEI)])),
    _row("declined_counted_as_accepted", "Mia declined; the server says that all accepted.", "declined", _declined),
    _row("decline_rewritten", "Mia's decline is rewritten under her signature.", "bad_signature", _decline_rewritten),
    _row("decision_of_earlier_submission", "Decisions of an earlier submission of the same text count again.",
         "other_version", _earlier_submission),
    _row("decision_of_another_job", "Mia's acceptance of another job counts for one that she declined.",
         "other_version", _of_another_job),
    _row("code_swapped", "Other code stands under the author's signature.", "bad_signature", _version(_code)),
    _row("code_swapped_by_server", "Other code is signed by the server as the author.", "signature_missing",
         lambda s: _base(s, version=signed(s.prepared.dossier["version"], [s.mallory], lambda v: _code(s, v)))),
    _row("code_swapped_with_author", "The author works with the server and signs other code after the acceptance.",
         "other_version", _version_with_author(_code)),
    _row("input_constraint_widened", "An input may have values that nobody accepted.", "bad_signature",
         _version(_constraint)),
    _row("input_constraint_widened_with_author", "The author signs a wider constraint after the acceptance.",
         "other_version", _version_with_author(_constraint)),
    _row("log_policy_opened", "The log policy becomes full.", "bad_signature", _version(_log_policy)),
    _row("limits_raised", "The result may be ten times as large.", "bad_signature", _version(_limits)),
    _row("runs_raised_with_author", "The author signs for more runs after the acceptance.", "other_version",
         _version_with_author(_runs)),
    _row("table_added", "The job reads one table more.", "bad_signature", _version(_table)),
    _row("table_added_with_author", "The author signs for one table more after the acceptance.", "other_version",
         _version_with_author(_table)),
    _row("recipient_added", "Mia, of another organisation, may open the result.", "bad_signature",
         _version(_recipient)),
    _row("recipient_added_with_author", "The author signs for a recipient of another organisation.", "recipients",
         _version_with_author(_recipient)),
    _row("recipient_key_swapped", "The result is to be sealed to a key of the server's.", "bad_signature",
         _version(_recipient_key)),
    _row("recipient_key_swapped_with_author", "The author signs for a key of the server's.", "recipients",
         _version_with_author(_recipient_key)),
    _row("dataset_version_swapped", "An older version of a dataset stands for the accepted one.", "manifest_missing",
         lambda s: _base(s, manifests=_with_older(s))),
    _row("dataset_version_swapped_with_author", "The author signs for the older dataset.", "other_version",
         _older_with_author),
    _row("manifest_rewritten", "A dataset's key is said to be sealed to the server.", "bad_signature",
         _key_to_server),
    _row("member_added", "The server adds a member of its own making to the roster.", "signature_missing",
         _member_added),
    _row("member_key_swapped", "A member's key in the roster becomes the server's.", "other_genesis",
         _member_key_swapped),
    _row("worker_added", "The server enrols a worker of its own.", "signature_missing", _worker_added),
    _row("order_forged", "The server orders a run by itself.", "signature_missing",
         _order(lambda s, order: signed(order, [s.mallory], nonce="made-up"))),
    _row("order_inputs_changed", "An order has other input values.", "bad_signature",
         _order(lambda s, order: altered(order, inputs={"lowest": 9999}))),
    _row("order_by_another_member", "A member who is not the author orders the run.", "not_the_author",
         _order(lambda s, order: signed(order, [s.ring(BEN.email).signing], member=BEN.email))),
    _row("order_of_another_job", "An order for another job starts this one.", "other_version",
         lambda s: _base(s, order=s.order(s.prepared.declined))),
    _row("order_outside_constraint", "The author orders with a value that was not accepted.", "input_value",
         _order(lambda s, order: signed(order, [s.author], inputs={"lowest": -5}))),
)  # fmt: skip
