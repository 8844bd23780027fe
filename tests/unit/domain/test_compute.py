"""What a job may ask to be computed with, and what the answer to a wrong wish says."""

from __future__ import annotations

import zoneinfo

import pytest

from jupyter_secure_jobs.domain.compute import SETTINGS, Setting, time_zones
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.job import GIB, JobLimits
from tests.support.refusal import refused

ZONE = "spark.sql.session.timeZone"
MIB = 1024**2


def test_every_time_zone_of_the_list_has_a_name_that_the_rules_take() -> None:
    for zone in time_zones():
        assert Setting(name=ZONE, value=zone).value == zone
    # What both engines were seen to take; a newer machine may know more, and has all of these.
    assert time_zones() <= zoneinfo.available_timezones()
    assert len(time_zones()) > 500


@pytest.mark.parametrize("zone", ["UTC", "GMT", "Etc/GMT+5", "Japan", "America/Port-au-Prince", "+02:00", "-18:00"])
def test_time_zones_and_distances_that_the_engines_take(zone: str) -> None:
    assert Setting(name=ZONE, value=zone).value == zone


@pytest.mark.parametrize("name", SETTINGS)
def test_refusal_of_a_value_says_in_words_what_is_taken(name: str) -> None:
    with pytest.raises(InvalidError) as error:
        Setting(name=name, value="Europe/Atlantis")
    assert error.value.next_step.startswith("Give it ")
    assert not {"[", "|", "\\"} & set(error.value.next_step)


def test_limit_outside_its_range_is_told_in_the_unit_that_people_use() -> None:
    with refused("limit", kind=InvalidError, saying="memory must be from 512 MiB to 1,048,576 MiB; 1 MiB is outside"):
        JobLimits(memory_bytes=MIB)
    with refused("limit", kind=InvalidError, saying="the result must be from 1,024 bytes to 65,536 MiB; 1 bytes"):
        JobLimits(result_bytes=1)
    with refused("limit", kind=InvalidError, saying="cores must be from 1 to 256; 257 is outside"):
        JobLimits(cores=257)
    assert JobLimits(memory_bytes=GIB // 2, cores=1)
