"""Waiting by long polls."""

from __future__ import annotations

import httpx
import pytest

from jupyter_secure_jobs.client import Client, Connection
from jupyter_secure_jobs.domain.errors import NotFoundError


def client(answer: httpx.Response | Exception, asked: list[httpx.Request]) -> Client:
    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Client(Connection("http://127.0.0.1/x/", transport=httpx.MockTransport(handle), pause=lambda _: None))


def test_a_silent_server_means_that_nothing_changed() -> None:
    asked: list[httpx.Request] = []
    assert client(httpx.ReadTimeout("silent"), asked).events(7) == 7
    assert len(asked) == 1


def test_the_client_waits_longer_than_the_server() -> None:
    asked: list[httpx.Request] = []
    assert client(httpx.Response(200, json={"seq": 8}), asked).events(7) == 8
    assert float(asked[0].url.params["wait"]) == 25
    assert asked[0].extensions["timeout"]["read"] > 25


def test_an_error_is_not_taken_for_silence() -> None:
    with pytest.raises(NotFoundError):
        client(httpx.Response(404), []).events(7)
