"""What the admin server serves."""

from collections.abc import Callable

from footfall_core.access.ports import Registry
from footfall_core.access.tokens import Signer
from footfall_core.clock import Clock
from footfall_server.admin.keys import Keys
from footfall_server.admin.properties import Properties
from footfall_server.hosts.call import Route

SERVICE = "/footfall.v1.AdminService"


def admin_routes(registry: Registry, signer: Signer, clock: Clock, new_id: Callable[[], str]) -> list[Route]:
    """Return the methods of `AdminService`.

    Args:
        registry: where properties and keys are stored.
        signer: signs tokens.
        clock: the time.
        new_id: returns an id that was never used, and that nobody can guess.
    """
    properties, keys = Properties(registry, clock), Keys(registry, signer, clock, new_id)
    return [
        Route(f"{SERVICE}/CreateProperty", properties.create),
        Route(f"{SERVICE}/GetProperty", properties.get),
        Route(f"{SERVICE}/ListProperties", properties.list),
        Route(f"{SERVICE}/UpdateProperty", properties.update),
        Route(f"{SERVICE}/CreateKey", keys.create),
        Route(f"{SERVICE}/ListKeys", keys.list),
        Route(f"{SERVICE}/RevokeKey", keys.revoke),
    ]
