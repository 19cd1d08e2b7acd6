"""A small ONVIF device on loopback: SOAP over HTTP, and answers to WS-Discovery's question over UDP."""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from wsdiscovery import QName, Scope  # type: ignore[import-untyped]
from wsdiscovery.actions import (  # type: ignore[import-untyped]
    constructProbeMatch,
    createProbeMatchMessage,
    parseProbeMessage,
)
from wsdiscovery.service import Service  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES_PX = {"main": (1920, 1080), "sub": (704, 576), "thumb": (176, 144)}
_NAMES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"'
)


class OnvifCamera:
    """Serves until it is closed; `user` None lets everybody ask."""

    def __init__(self, streams: dict[str, str], *, user: str | None = None) -> None:
        self.streams = streams
        self.user = user
        self.asked: list[str] = []
        device = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, answer = device.answer(body)
                self.send_response(status)
                self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def location(self) -> str:
        return f"onvif://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, body: str) -> tuple[int, bytes]:
        inside = body.split(":Body>", 1)[1]
        found = re.search(r"<(?:\w+:)?(Get\w+)", inside)
        operation = found.group(1) if found else ""
        self.asked.append(operation)
        if self.user is not None and operation != "GetSystemDateAndTime" and f">{self.user}<" not in body:
            return 400, self._fault("Sender not Authorized")
        contents: dict[str, Callable[[], str]] = {
            "GetServices": self._services,
            "GetSystemDateAndTime": self._time,
            "GetDeviceInformation": self._information,
            "GetProfiles": self._profiles,
            "GetStreamUri": lambda: self._stream(body),
        }
        content = contents.get(operation)
        if content is None:
            return 400, self._fault("Action not supported")
        return 200, self._envelope(content())

    @staticmethod
    def _envelope(content: str) -> bytes:
        return f"<?xml version='1.0'?><s:Envelope {_NAMES}><s:Body>{content}</s:Body></s:Envelope>".encode()

    def _fault(self, reason: str) -> bytes:
        return self._envelope(
            "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>"
            f"<s:Reason><s:Text xml:lang='en'>{reason}</s:Text></s:Reason></s:Fault>"
        )

    def _services(self) -> str:
        def one(name: str) -> str:
            return (
                f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tds:Namespace>"
                f"<tds:XAddr>http://127.0.0.1:{self.port}/onvif/{name}</tds:XAddr>"
                "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
            )

        return f"<tds:GetServicesResponse>{one('device')}{one('media')}</tds:GetServicesResponse>"

    @staticmethod
    def _time() -> str:
        """Its clock stands: noon of the first of March."""
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
            "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime><tt:Time><tt:Hour>12</tt:Hour>"
            "<tt:Minute>0</tt:Minute><tt:Second>0</tt:Second></tt:Time><tt:Date><tt:Year>2026</tt:Year>"
            "<tt:Month>3</tt:Month><tt:Day>1</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime>"
            "</tds:GetSystemDateAndTimeResponse>"
        )

    @staticmethod
    def _information() -> str:
        return (
            "<tds:GetDeviceInformationResponse><tds:Manufacturer>Talaia</tds:Manufacturer><tds:Model>Test</tds:Model>"
            "<tds:FirmwareVersion>1.0</tds:FirmwareVersion><tds:SerialNumber>1</tds:SerialNumber>"
            "<tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>"
        )

    def _profiles(self) -> str:
        def one(token: str, size_px: tuple[int, int]) -> str:
            return (
                f"<trt:Profiles token='{token}' fixed='true'><tt:Name>{token}</tt:Name>"
                f"<tt:VideoEncoderConfiguration token='{token}'><tt:Name>{token}</tt:Name><tt:UseCount>1</tt:UseCount>"
                f"<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{size_px[0]}</tt:Width>"
                f"<tt:Height>{size_px[1]}</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality>"
                "<tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>"
                "<tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl></tt:VideoEncoderConfiguration>"
                "</trt:Profiles>"
            )

        sound = "<trt:Profiles token='sound' fixed='true'><tt:Name>sound</tt:Name></trt:Profiles>"
        listed = "".join(one(token, SIZES_PX[token]) for token in self.streams)
        return f"<trt:GetProfilesResponse>{sound}{listed}</trt:GetProfilesResponse>"

    def _stream(self, body: str) -> str:
        token = re.search(r"ProfileToken>(\w+)<", body)
        url = self.streams[token.group(1)] if token else ""
        return (
            f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{url}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
            "<tt:Timeout>PT60S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
        )


@contextmanager
def answering_probes(addresses: list[str]) -> Iterator[tuple[int, Event]]:
    """A device on loopback that answers WS-Discovery's question with these addresses; its port, and when it has."""
    answered = Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = Thread(target=_answer_one, args=(listening, addresses, answered), daemon=True)
        thread.start()
        yield listening.getsockname()[1], answered
        thread.join(60)


def _answer_one(listening: socket.socket, addresses: list[str], answered: Event) -> None:
    from xml.dom import minidom  # noqa: PLC0415 - only here

    question, asker = listening.recvfrom(65_535)
    asked = parseProbeMessage(minidom.parseString(question))  # noqa: S318 - our own question
    kind = QName("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter", "dn")
    scopes = [Scope("onvif://www.onvif.org/name/Pla%C3%A7a"), Scope("onvif://www.onvif.org/hardware/Test")]
    service = Service([kind], scopes, addresses, "urn:uuid:0b6d7a6e-4c1f-4b80-9d1c-2a3c5d7e9f10", "1")
    listening.sendto(b"no answer at all", asker)
    listening.sendto(createProbeMatchMessage(constructProbeMatch([service], asked.getMessageId())).encode(), asker)
    answered.set()
    listening.sendto(b"whoever waits looks at the clock", asker)
