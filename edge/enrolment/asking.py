"""What the device asks the room for over HTTPS, and what went wrong in words for whoever stands beside it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from pydantic import ValidationError

from edge.enrolment import identity
from edge.errors import EdgeError
from wire import enrolment as wire

if TYPE_CHECKING:
    import ssl

    from pydantic import BaseModel

    from edge.clock import Clock

_ANSWER_S = 20.0
_ANSWER_BYTES_MAX = 256 * 1024
Answer = TypeVar("Answer", bound="BaseModel")


class AskingError(EdgeError):
    """The room cannot be reached, or refuses; one line."""


def enrol(
    url: str, code: str, keys: identity.Keys, clock: Clock, trust: ssl.SSLContext, *, device_id: str | None = None
) -> wire.Identity:
    """Show the code and this device's public keys; what the room gives is checked.

    Raises:
        AskingError, identity.IdentityError: as they say.
    """
    csr, now = keys.csr(), clock.now()
    proof = keys.prove(wire.proof_bytes(csr, now, code))
    request = wire.Request(code=code, device_id=device_id, device_key=keys.public, csr=csr, proof=proof, clock=now)
    given = _ask(f"{url.rstrip('/')}/api/v1/enrolments", request, wire.Identity, clock, trust, {})
    identity.check(keys, given)
    return given


def renew(url: str, token: str, keys: identity.Keys, clock: Clock, trust: ssl.SSLContext) -> wire.Certificate:
    """The next certificate for the same key.

    Raises:
        AskingError, identity.IdentityError: as they say.
    """
    csr, now = keys.csr(), clock.now()
    request = wire.Renewal(csr=csr, proof=keys.prove(wire.proof_bytes(csr, now)), clock=now)
    address, headers = f"{url.rstrip('/')}/api/v1/enrolments/renewal", {"Authorization": f"Bearer {token}"}
    given = _ask(address, request, wire.Certificate, clock, trust, headers)
    identity.check_certificate(keys, given)
    return given


def _ask(  # noqa: PLR0917 - one question
    address: str,
    request: BaseModel,
    kind: type[Answer],
    clock: Clock,
    trust: ssl.SSLContext,
    headers: dict[str, str],
) -> Answer:
    try:
        answer = httpx.post(
            address,
            content=request.model_dump_json(),
            headers={"Content-Type": "application/json", **headers},
            verify=trust,
            timeout=_ANSWER_S,
            trust_env=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise AskingError(f"{address}: {_why(str(error) or type(error).__name__, clock)}") from None
    if answer.status_code not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        raise AskingError(f"the room refuses ({answer.status_code}): {_detail(answer)}")
    try:
        return kind.model_validate_json(answer.content[:_ANSWER_BYTES_MAX])
    except ValidationError:
        raise AskingError(f"{address} gives no answer of a control room") from None


def _why(said: str, clock: Clock) -> str:
    """A certificate that is not valid yet, or any more, is most often this device's clock."""
    if "not yet valid" in said or "has expired" in said:
        return f"{said}; this device's clock says {clock.now():%Y-%m-%d %H:%M:%S} UTC: is it right (NTP)?"
    return said


def _detail(answer: httpx.Response) -> str:
    try:
        document: Any = json.loads(answer.content[:_ANSWER_BYTES_MAX])
        said = str(document["detail"])
    except (ValueError, KeyError, TypeError):
        said = answer.reason_phrase
    return " ".join(said.split())[:500]
