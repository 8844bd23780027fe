"""Prints the API's description from the route tables: OpenAPI 3.1."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic.json_schema import models_json_schema

from jupyter_secure_jobs._version import __version__
from jupyter_secure_jobs.rest.member_routes import MEMBER_ROUTES
from jupyter_secure_jobs.rest.route import BASE, Route
from jupyter_secure_jobs.rest.routes import ROUTES
from jupyter_secure_jobs.wire.base import Problem

_PROBLEM = {
    "description": "A problem",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe() -> dict[str, Any]:
    """Return the OpenAPI document."""
    routes = (*ROUTES, *MEMBER_ROUTES)
    models = [(m, "serialization") for m in dict.fromkeys(r.response for r in routes if r.response)]
    models += [(m, "validation") for m in dict.fromkeys(r.request for r in routes if r.request)]
    models.append((Problem, "serialization"))
    names, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]  # modes are literal strings
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault("/" + route.path, {})[route.method.lower()] = _operation(route, names)
    return {
        "openapi": "3.1.0",
        "info": {"title": "jupyter_secure_jobs", "version": __version__},
        "servers": [{"url": BASE.rstrip("/")}],
        "paths": paths,
        "components": {"schemas": definitions["$defs"]},
    }


def _operation(route: Route, names: Any) -> dict[str, Any]:  # noqa: ANN401 -- pydantic's own mapping
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    parameters += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in route.query]
    if route.response is None:
        content: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    else:
        content = {"application/json": {"schema": names[(route.response, "serialization")]}}
    made: dict[str, Any] = {
        "operationId": route.operation,
        "tags": [str(route.side), str(route.caller)],
        "parameters": parameters,
        "responses": {
            "201" if route.created else "200": {"description": "Done", "content": content},
            "default": _PROBLEM,
        },
    }
    if route.request is not None:
        made["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": names[(route.request, "validation")]}},
        }
    elif route.upload:
        made["requestBody"] = {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    return made


def text() -> str:
    """Return the document as `docs/openapi.json` holds it."""
    return json.dumps(describe(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(text(), end="")  # noqa: T201 -- this module's command prints
