"""Figures for Prometheus; none of them names a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """A registry of its own, so that several products can run in one process, as tests do."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.received = Counter("chuishao_updates_received", "Updates on disk", ["channel"], registry=registry)
        self.handled = Counter("chuishao_updates_handled", "Updates handled", ["result"], registry=registry)
        self.sent = Counter("chuishao_sends", "Calls to the far end", ["lane", "result"], registry=registry)
        self.escalations = Counter("chuishao_escalations", "Rungs of the ladder taken", registry=registry)
        self.group = Histogram(
            "chuishao_commit_units", "Units in one commit", buckets=(1, 2, 4, 8, 16, 32, 64), registry=registry
        )
        self.to_phone = Histogram(
            "chuishao_alert_seconds",
            "From the outbox to the phone",
            ["lane"],
            buckets=(0.005, 0.02, 0.1, 0.5, 1, 2, 5, 15, 60, 600),
            registry=registry,
        )
        self.inbox_waiting = Gauge("chuishao_inbox_waiting", "Updates not handled yet", registry=registry)
        self.outbox_waiting = Gauge("chuishao_outbox_waiting", "Rows not sent yet", registry=registry)
        self.inbox_age = Gauge("chuishao_inbox_age_seconds", "Age of the oldest unhandled update", registry=registry)
        self.outbox_age = Gauge(
            "chuishao_outbox_age_seconds", "Age of the oldest due row that isn't sent", ["lane"], registry=registry
        )
        self.loop_lag = Gauge("chuishao_loop_lag_seconds", "How late the event loop runs", registry=registry)
        self.limiter_wait = Histogram(
            "chuishao_limiter_seconds",
            "Waiting for the sending limits",
            ["lane"],
            buckets=(0.001, 0.05, 0.2, 1, 5, 30),
            registry=registry,
        )
        self.acknowledged = Histogram(
            "chuishao_acknowledge_seconds",
            "From the alert to somebody's 收到",
            buckets=(10, 30, 60, 120, 300, 900, 3600),
            registry=registry,
        )
        self.attempts = Histogram(
            "chuishao_send_attempts", "Attempts until a message was sent", buckets=(1, 2, 3, 5, 10), registry=registry
        )
        self.deliveries = Counter("chuishao_deliveries", "Messages that arrived", ["kind"], registry=registry)
        self.strangers = Counter("chuishao_strangers", "Messages and taps of strangers", registry=registry)
        self.dead_letters = Gauge("chuishao_dead_letters", "Updates given up", registry=registry)

    def observe(self, name: str, figure: float) -> None:
        """Hears what the database measures: how large a commit was, how long an alert waited, that one climbed on."""
        if name == "group":
            self.group.observe(figure)
        elif name == "answered":
            self.acknowledged.observe(figure)
        elif name == "stranger":
            self.strangers.inc(figure)
        elif name == "escalated":
            self.escalations.inc(figure)
        else:
            raise KeyError(name)

    def page(self) -> bytes:
        """Returns all metrics in the format that Prometheus reads."""
        return generate_latest(self.registry)
