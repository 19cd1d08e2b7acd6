"""A device that asks to be enrolled, as `talaia-edge enrol` does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from edge.enrolment.identity import Keys
from wire import enrolment as wire


def code_for(administrator: httpx.Client, device_id: str) -> str:
    """The device is added where it is not there."""
    administrator.post("/api/v1/devices", json={"device_id": device_id, "name": device_id.title()})
    answer = administrator.post(f"/api/v1/devices/{device_id}/enrolment-code")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


def request(code: str, keys: Keys, clock: datetime, **changes: Any) -> dict[str, Any]:
    csr = keys.csr()
    proof = keys.prove(wire.proof_bytes(csr, clock, code))
    asked = wire.Request(code=code, device_key=keys.public, csr=csr, proof=proof, clock=clock)
    return {**asked.model_dump(mode="json"), **changes}


def enrol(client: httpx.Client, code: str, keys: Keys, clock: datetime, **changes: Any) -> httpx.Response:
    return client.post("/api/v1/enrolments", json=request(code, keys, clock, **changes))
