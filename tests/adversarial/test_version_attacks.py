"""Attacks on what was accepted: any part of a version, or of a manifest behind it, changed afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.domain.compute import Compute, EngineName, Package, Setting
from jupyter_secure_jobs.domain.inputs import InputType, InputVariable
from jupyter_secure_jobs.domain.job import Assurance, Grant, JobLimits, LogPolicy
from jupyter_secure_jobs.domain.output import OutputPolicy
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.version import Recipient, Version
from jupyter_secure_jobs.trust.manifest import verify_manifest, verify_withdrawal
from tests.support.refusal import refused
from tests.support.world import AUTHOR, COLLEAGUE, LAST_REVIEWER, NOW, REVIEWER, World

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGES: dict[str, Callable[[Version], dict[str, Any]]] = {
    "code": lambda version: {"code": version.code + " -- and more"},
    "input constraint": lambda _: {
        "inputs": (InputVariable(name="month", type=InputType.INTEGER, low="1", high="99"),)
    },
    "input default": lambda version: {"inputs": (replace(version.inputs[0], default=7),)},
    "dataset list shortened": lambda version: {"datasets": version.datasets[:1]},
    "table renamed": lambda version: {"datasets": (replace(version.datasets[0], table="z"), version.datasets[1])},
    "log policy": lambda _: {"log_policy": LogPolicy.FULL},
    "limits": lambda _: {"limits": JobLimits(seconds=7200)},
    "output policy": lambda _: {"output_policy": OutputPolicy(smallest_group=2)},
    "counts": lambda _: {"counts": ("month",)},
    "most runs": lambda version: {"grant": Grant(reruns=True, most_runs=500, until=version.grant.until)},
    "expiry of the reruns": lambda _: {"grant": Grant(reruns=True, most_runs=5, until=NOW + timedelta(days=600))},
    "measurement": lambda _: {"measurement": "sha256:" + "1" * 64},
    "engine": lambda _: {"compute": Compute(engine=EngineName.SPARK)},
    "package": lambda _: {"compute": Compute(packages=(Package(name="p", version="1", wheel="sha256:" + "1" * 64),))},
    "setting": lambda _: {"compute": Compute(settings=(Setting(name="spark.sql.ansi.enabled", value="false"),))},
    "profile": lambda _: {"profile": "Small"},
    "cores": lambda _: {"limits": JobLimits(cores=64)},
    "assurance": lambda _: {"lowest_assurance": Assurance.HARDWARE},
    "description": lambda _: {"description": "Something harmless"},
    "number": lambda _: {"number": 2},
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_after_acceptance_by_the_author(world: World, change: str) -> None:
    """The author signs the changed version as well; the others' decisions name another hash."""
    accepted = envelopes.read(Version, world.version)
    world.version = world.sign(replace(accepted, **CHANGES[change](accepted)), AUTHOR)
    with refused("other_version"):
        world.authorised()


@pytest.mark.parametrize("change", CHANGES)
def test_changed_by_the_server_under_the_old_signature(world: World, change: str) -> None:
    accepted = envelopes.read(Version, world.version)
    changed = world.sign(replace(accepted, **CHANGES[change](accepted)))
    world.version = replace(changed, signatures=world.version.signatures)
    with refused("bad_signature"):
        world.authorised()


def test_version_not_signed_by_its_author(world: World) -> None:
    world.accept(world.sign(world.version_statement(), COLLEAGUE))
    with refused("signature_missing", saying=AUTHOR):
        world.authorised()


def test_version_by_a_non_member(world: World) -> None:
    world.accept(world.sign(world.version_statement(author="mallory"), "mallory"))
    with refused("not_a_member"):
        world.authorised()


def test_version_of_another_workspace(world: World) -> None:
    world.accept(world.sign(world.version_statement(workspace="ws-2"), AUTHOR))
    with refused("other_workspace"):
        world.authorised()


def test_version_under_another_genesis(world: World) -> None:
    world.accept(world.sign(world.version_statement(genesis="sha256:" + "0" * 64), AUTHOR))
    with refused("other_workspace"):
        world.authorised()


def test_version_of_a_stale_epoch(world: World) -> None:
    world.accept(world.sign(world.version_statement(epoch=0), AUTHOR))
    with refused("stale_epoch"):
        world.authorised()


def test_version_that_names_another_roster_of_this_epoch(world: World) -> None:
    world.accept(world.sign(world.version_statement(roster="sha256:" + "0" * 64), AUTHOR))
    with refused("stale_epoch"):
        world.authorised()


def recipients(world: World, *people: tuple[str, str]) -> tuple[Recipient, ...]:
    return tuple(Recipient(member=who, sealing_key=world.keys[key].sealing.public) for who, key in people)


@pytest.mark.parametrize(
    "people",
    [
        pytest.param(((AUTHOR, AUTHOR), (COLLEAGUE, COLLEAGUE), (REVIEWER, REVIEWER)), id="extra member"),
        pytest.param(((AUTHOR, AUTHOR), (COLLEAGUE, COLLEAGUE), ("mallory", "mallory")), id="extra stranger"),
        pytest.param(((AUTHOR, AUTHOR), (COLLEAGUE, "mallory")), id="swapped key"),
        pytest.param(((AUTHOR, AUTHOR), (REVIEWER, COLLEAGUE)), id="swapped name"),
        pytest.param(((AUTHOR, AUTHOR),), id="colleague left out"),
        pytest.param(((REVIEWER, REVIEWER),), id="another organisation"),
    ],
)
def test_extra_or_swapped_recipient_key(world: World, people: tuple[tuple[str, str], ...]) -> None:
    """Even a version that every member accepted gives the result to the author's organisation alone."""
    world.accept(world.sign(world.version_statement(recipients=recipients(world, *people)), AUTHOR))
    with refused("recipients"):
        world.authorised()


def test_manifest_left_out(world: World) -> None:
    del world.manifests[1]
    with refused("manifest_missing", saying="'b'"):
        world.authorised()


def test_manifest_of_another_dataset(world: World) -> None:
    accepted = envelopes.read(Version, world.version)
    swapped = (accepted.datasets[0], replace(accepted.datasets[1], manifest=world.manifests[0].hash))
    world.accept(world.sign(replace(accepted, datasets=swapped), AUTHOR))
    with refused("manifest_missing", saying="'b'"):
        world.authorised()


def test_dataset_rolled_back_or_replaced_after_acceptance(world: World) -> None:
    """A version names its manifests by hash: an earlier or later one, though signed by the owner, is another."""
    other = world.manifest("Beta", version=2, previous=world.manifests[1].hash, rows=2000)
    world.manifests[1] = world.sign(other, REVIEWER)
    with refused("manifest_missing", saying="'b'"):
        world.authorised()


def test_manifest_signed_by_another_organisation(world: World) -> None:
    with refused("signature_missing", saying=REVIEWER):
        verify_manifest(world.sign(world.manifest("Beta"), LAST_REVIEWER), world.trusted())


def test_manifest_without_a_file(world: World) -> None:
    """No engine reads such a table: its runs would end only once they had used up their keys."""
    with refused("no_files"):
        verify_manifest(world.sign(world.manifest("Beta", files=()), REVIEWER), world.trusted())


def test_manifest_published_by_another_organisations_member(world: World) -> None:
    forged = world.sign(world.manifest("Beta", publisher=LAST_REVIEWER), LAST_REVIEWER)
    with refused("signature_missing"):
        verify_manifest(forged, world.trusted())


def test_manifest_signed_by_a_colleague_in_the_publishers_name(world: World) -> None:
    with refused("signature_missing", saying=AUTHOR):
        verify_manifest(world.sign(world.manifest("Alpha"), COLLEAGUE), world.trusted())


def test_manifest_altered_by_the_server(world: World) -> None:
    altered = world.sign(world.manifest("Beta", lowest_assurance=Assurance.SOFTWARE, rows=999_999))
    with refused("bad_signature"):
        verify_manifest(replace(altered, signatures=world.manifests[1].signatures), world.trusted())


@pytest.mark.parametrize("field", ["workspace", "genesis"])
def test_manifest_of_another_workspace(world: World, field: str) -> None:
    with refused("other_workspace"):
        verify_manifest(world.sign(world.manifest("Beta", **{field: "ws-2"}), REVIEWER), world.trusted())


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "a/../b", "a\\b", "", ".", "a//b", "a/", ".x", "a\n"]
)
def test_path_traversal_in_a_manifest(world: World, path: str) -> None:
    raw = world.sign(world.manifest("Beta"))
    assert raw.payload.count(b'"part-00000.parquet"') == 1
    spelled = json.dumps(path).encode()
    forged = replace(raw, payload=raw.payload.replace(b'"part-00000.parquet"', spelled))
    with refused("file_path"):
        verify_manifest(envelopes.countersign(forged, world.keys[REVIEWER].signing), world.trusted())


def test_withdrawal_by_somebody_who_does_not_own_the_dataset(world: World) -> None:
    beta = verify_manifest(world.manifests[1], world.trusted())
    with refused("not_the_owner"):
        verify_withdrawal(world.sign(world.withdrawal(LAST_REVIEWER), LAST_REVIEWER), world.trusted(), beta)


def test_withdrawal_forged_by_the_server(world: World) -> None:
    beta = verify_manifest(world.manifests[1], world.trusted())
    with refused("signature_missing"):
        verify_withdrawal(world.sign(world.withdrawal(REVIEWER), "mallory"), world.trusted(), beta)


@pytest.mark.parametrize("field", ["workspace", "genesis"])
def test_withdrawal_of_another_workspace(world: World, field: str) -> None:
    beta = verify_manifest(world.manifests[1], world.trusted())
    other = world.sign(world.withdrawal(REVIEWER, **{field: "ws-2"}), REVIEWER)
    with refused("other_workspace"):
        verify_withdrawal(other, world.trusted(), beta)


def test_withdrawal_of_another_dataset(world: World) -> None:
    alpha = verify_manifest(world.manifests[0], world.trusted())
    with refused("other_workspace"):
        verify_withdrawal(world.sign(world.withdrawal(REVIEWER), REVIEWER), world.trusted(), alpha)


def test_honest_withdrawal(world: World) -> None:
    beta = verify_manifest(world.manifests[1], world.trusted())
    heard = verify_withdrawal(world.sign(world.withdrawal(REVIEWER), REVIEWER), world.trusted(), beta)
    assert heard.dataset == "dataset-beta"
