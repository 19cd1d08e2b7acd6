"""What `make run` asks the control room over HTTP: whether it is ready, and whether the cameras are live."""

from dataclasses import dataclass

import httpx

TIMEOUT_S = 10.0


def readiness(url: str) -> dict[str, object] | None:
    """The answer of /readyz where it is 200, else None."""
    try:
        answer = httpx.get(f"{url}/readyz", timeout=TIMEOUT_S, trust_env=False)
        content = answer.json() if answer.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def answers(url: str) -> bool:
    """Whether the room serves at all (/healthz); it is ready later, when its worker is."""
    try:
        return httpx.get(f"{url}/healthz", timeout=TIMEOUT_S, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@dataclass(frozen=True)
class CameraState:
    name: str
    state: str
    reason: str


class Visitor:
    """Somebody logged in with run.json's account, in order to see what the screen shows."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/api/v1", timeout=TIMEOUT_S, trust_env=False)
        self._account = {"user": user, "password": password}
        self._csrf_token = ""

    def camera_states(self, device_id: str) -> list[CameraState]:
        """The device's cameras as they are now; none while the room does not answer."""
        try:
            if not self._csrf_token:
                entered = self._client.post("/session", json=self._account).raise_for_status()
                self._csrf_token = entered.json()["csrf_token"]
            listed = self._client.get("/cameras").raise_for_status().json()
        except (httpx.HTTPError, ValueError, KeyError):
            return []
        items = listed["items"] if isinstance(listed, dict) else listed
        return [
            CameraState(item["name"], item["state"], item.get("reason") or "")
            for item in items
            if item["device_id"] == device_id
        ]

    def leave(self) -> None:
        try:
            if self._csrf_token:
                self._client.delete("/session", headers={"X-CSRF-Token": self._csrf_token})
        except httpx.HTTPError:
            return
        finally:
            self._client.close()
