"""A room with a broker as a town has it, and devices that are let in as a town lets them in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from control_room.broker_access.keeping import Keeping
from edge.enrolment.identity import Keys
from tests.control_room import door as doors
from tests.control_room import secure_broker, services
from tests.control_room.enrolment.asking import code_for, enrol
from tests.control_room.secure_broker import Client
from wire.enrolment import Identity


@dataclass
class Town:
    """A room whose worker keeps the accounts."""

    door: doors.Door
    broker: secure_broker.SecureBroker
    folder: Path
    keeping: Keeping

    def enrol(self, device_id: str) -> Identity:
        keys = Keys.make()
        code = code_for(self.door.as_person("anna"), device_id)
        answer = enrol(self.door.client(), code, keys, self.door.clock())
        secure_broker.save(self.folder / device_id, keys, answer.json())
        return Identity.model_validate(answer.json())

    def connect(self, given: Identity, *, certificate_of: str | None = None, client_id: str = "") -> Client:
        trust = self.broker.trust(self.folder / (certificate_of or given.device_id))
        return Client(given.device_id, given.mqtt_password, self.broker.tls_port, trust, client_id)

    def connected(self, given: Identity) -> Client:
        """Once the worker has made its account."""

        def made() -> bool:
            client = self.connect(given)
            if client.connected() != "Success":
                client.close()
                return False
            found.append(client)
            return True

        found: list[Client] = []
        services.wait_until(made, 120, f"an account of {given.device_id}")
        return found[0]
