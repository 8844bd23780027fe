"""The tables of routes name each operation and each address once: of two rows, the second would never be called."""

from __future__ import annotations

from collections import Counter

import pytest

from jupyter_secure_jobs.rest.member_routes import MEMBER_ROUTES
from jupyter_secure_jobs.rest.routes import ROUTES


@pytest.mark.parametrize("table", [ROUTES, MEMBER_ROUTES], ids=["workspace server", "member side"])
def test_nothing_stands_twice(table: tuple[object, ...]) -> None:
    for what in (lambda route: route.operation, lambda route: (route.method, route.path)):
        assert [each for each, times in Counter(map(what, table)).items() if times > 1] == []
