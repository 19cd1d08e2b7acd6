"""What carries messages and answers to the broker, and hears the room."""

from edge.publish.connection import BrokerError, BrokerSettings
from edge.publish.in_flight import IN_FLIGHT_MAX, InFlight
from edge.publish.publisher import METRICS_EVERY_S, Answer, Commands, Publisher
from edge.publish.traced import Traced

__all__ = [
    "IN_FLIGHT_MAX",
    "METRICS_EVERY_S",
    "Answer",
    "BrokerError",
    "BrokerSettings",
    "Commands",
    "InFlight",
    "Publisher",
    "Traced",
]
