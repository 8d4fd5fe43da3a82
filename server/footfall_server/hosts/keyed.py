"""The gate of a server whose callers send keys."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NoReturn

from footfall.v1.admin_pb2 import Property
from footfall_core import telemetry
from footfall_core.access.admission import admit, check_valid, token_of
from footfall_core.access.grant import Grant
from footfall_core.access.needs import Need
from footfall_core.access.ports import Access
from footfall_core.access.scopes import Scope
from footfall_core.access.tokens import Verifier
from footfall_core.clock import Clock
from footfall_core.problems import PermissionDenied, TryAgain, Unauthenticated

LONGEST_TIMER_SECONDS = 10 * 365 * 86_400.0
"""A key that is valid for longer than that outlives every process."""


class _Counting:
    """Counts what is refused within a block."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, problem: BaseException | None, __: object) -> None:
        if isinstance(problem, Unauthenticated | PermissionDenied):
            telemetry.CALLS_REFUSED.labels(problem.reason).inc()


_COUNTING = _Counting()


class KeyedGate:
    """A `Gate`; to be made and used on one event loop."""

    def __init__(self, verifier: Verifier, access: Access, clock: Clock) -> None:
        self.verifier = verifier
        self.access = access
        self.clock = clock
        self._lasting: dict[KeyPermit, asyncio.Timeout] = {}
        access.on_change(self._look_again)

    def __call__(self, metadata: Mapping[str, str]) -> "KeyPermit":
        """See `Gate`."""
        return KeyPermit(self, metadata.get("authorization"), metadata.get("origin", ""))

    def keep(self, permit: "KeyPermit", timeout: asyncio.Timeout) -> None:
        """Look at a permit again after each change, until `forget`, and end its timeout when it does not hold."""
        self._lasting[permit] = timeout

    def forget(self, permit: "KeyPermit") -> None:
        """End what `keep` began."""
        del self._lasting[permit]

    def _look_again(self) -> None:
        now = asyncio.get_running_loop().time()
        for permit, timeout in tuple(self._lasting.items()):
            if timeout.expired():
                continue  # it is being ended already
            try:
                permit.check()
            except (Unauthenticated, PermissionDenied):
                timeout.reschedule(now)


class KeyPermit:
    """A `Permit` by the key that the call was sent with."""

    def __init__(self, gate: KeyedGate, authorization: str | None, origin: str) -> None:
        self._gate = gate
        self._authorization = authorization
        self._origin = origin
        self._grant: Grant | None = None
        self._need: Need | None = None
        self._property = Property()

    @property
    def key_id(self) -> str:
        """See `Permit`."""
        return self._grant.key_id if self._grant else ""

    @property
    def property(self) -> Property:
        """See `Permit`."""
        return self._property

    def authenticate(self) -> None:
        """See `Permit`."""
        with _COUNTING:
            self._grant = self._gate.verifier.grant_of(token_of(self._authorization))
            self._check_valid()

    def enter(self, need: Need) -> None:
        """See `Permit`."""
        with _COUNTING:
            self._property = self._admit(need)
        self._need = need

    def admit(self, need: Need) -> None:
        """See `Permit`."""
        with _COUNTING:
            self._check_valid()
            self._admit(need)

    def may(self, scope: Scope) -> bool:
        """See `Permit`."""
        return scope in self._known().scopes

    def check(self) -> None:
        """Check that a call that was let in would be let in now.

        Raises:
            Unauthenticated, PermissionDenied: it would not.
        """
        self._check_valid()
        if self._need is not None:
            self._admit(self._need)

    @asynccontextmanager
    async def lasting(self) -> AsyncIterator[None]:
        """See `Permit`."""
        try:
            async with asyncio.timeout(self._seconds_left()) as timeout:
                self._gate.keep(self, timeout)
                try:
                    yield
                finally:
                    self._gate.forget(self)
        except TimeoutError:
            if timeout.expired():
                with _COUNTING:
                    self._end()
            raise

    def _end(self) -> NoReturn:
        """Say why a block was ended."""
        self.check()
        grant = self._known()
        if grant.expires is not None:
            # the timer's clock may be a moment ahead of the other
            check_valid(grant, self._gate.access.register, grant.expires)
        raise TryAgain("The property was suspended for a moment; call again.")

    def _admit(self, need: Need) -> Property:
        return admit(self._known(), need, self._origin, self._gate.access.register)

    def _check_valid(self) -> None:
        check_valid(self._known(), self._gate.access.register, self._gate.clock.now())

    def _known(self) -> Grant:
        assert self._grant is not None, "nobody has asked who calls"
        return self._grant

    def _seconds_left(self) -> float | None:
        expires = self._known().expires
        if expires is None:
            return None
        return min((expires - self._gate.clock.now()) / 1e6, LONGEST_TIMER_SECONDS)
