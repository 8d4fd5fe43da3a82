"""Where Redis is, and how long it may hold up an answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RedisSettings:
    """The Redis that servers share: the cache of answers, and the quotas."""

    url: str
    """URL, `redis://host:port/0`; may hold a password."""
    key_prefix: str = "footfall:"
    """Put before every key, so that several systems may share a Redis."""
    wait_ms: int = 50
    """How long a report waits for the cache before it goes on without. Milliseconds."""
    quota_wait_ms: int = 50
    """How long a batch or a report waits for Redis to hand out some of its property's quota, which is a few times a
    second, before the server goes on with a quota of its own. Milliseconds."""
    pause_ms: int = 1_000
    """How long requests do not ask a Redis that did not answer. Milliseconds."""
    life_ms: int = 1_000
    """How long an answer is kept, and so how old one may be. Milliseconds."""
    max_answer_bytes: int = 1024 * 1024
    """Answers over this size are not kept: moving them would hold up everyone else's."""
