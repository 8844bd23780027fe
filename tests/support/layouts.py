"""JupyterLab's layouts, kept apart for each browser context of one Lab."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Route


def own_layouts() -> Callable[[Route], None]:
    """Keep JupyterLab's layouts in the browser context: members at one Lab do not open each other's tabs."""
    kept: dict[str, str] = {}

    def answer(route: Route) -> None:
        where = route.request.url.split("?")[0]
        if route.request.method == "PUT":
            kept[where] = route.request.post_data or "{}"
            route.fulfill(status=204)
        else:
            empty = json.dumps({"data": {}, "metadata": {"id": where.rpartition("/")[2]}})
            route.fulfill(content_type="application/json", body=kept.get(where, empty))

    return answer
