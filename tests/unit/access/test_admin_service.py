"""`AdminService` behind its gate: what properties and keys may be, and how they are listed."""

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message

from footfall.v1 import admin_pb2 as api
from footfall_adapters.sqlite.access import SqliteRegistry
from footfall_core.access.grant import Grant
from footfall_core.access.scopes import Scope
from footfall_core.access.signing_keys import new_signing_key, read_verification_keys, write_verification_keys
from footfall_core.access.tokens import Signer, Verifier
from footfall_core.clock import Micros
from footfall_core.problems import AlreadyExists, InvalidRequest, NotFound, TryAgain
from footfall_server.admin.routes import SERVICE, admin_routes
from footfall_server.hosts.call import Call
from tests.gates import everybody

SIGNING_KEY = new_signing_key(b"a" * 32)
NOW = 1_790_000_000_000_000


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> Micros:
        self.time += 1_000
        return Micros(self.time)


class Admin:
    """The handlers, called by name."""

    def __init__(self, registry: SqliteRegistry) -> None:
        self.registry = registry
        self.clock = Clock()
        numbers = itertools.count(1)
        routes = admin_routes(registry, Signer(SIGNING_KEY), self.clock, lambda: f"key-{next(numbers)}")
        self._handlers: dict[str, Any] = {route.method: route.handler for route in routes}

    async def __call__(self, method: str, request: Message, answer: Callable[[], Any]) -> Any:
        call = Call(f"{SERVICE}/{method}", {}, "", lambda: None, None, everybody({}))  # type: ignore[arg-type]
        found = await self._handlers[call.method](request.SerializeToString(), call)
        return type(answer()).FromString(found)

    async def create(self, property_id: str, **fields: Any) -> api.Property:
        request = api.CreatePropertyRequest(property_id=property_id, property=api.Property(**fields))
        return await self("CreateProperty", request, api.Property)  # type: ignore[no-any-return]

    async def update(self, paths: list[str], property_id: str = "shop", **fields: Any) -> api.Property:
        request = api.UpdatePropertyRequest(property=api.Property(name=f"properties/{property_id}", **fields))
        request.update_mask.paths.extend(paths)
        return await self("UpdateProperty", request, api.Property)  # type: ignore[no-any-return]

    async def create_key(self, parent: str = "properties/shop", **fields: Any) -> api.CreateKeyResponse:
        fields.setdefault("scopes", [api.KEY_SCOPE_READ])
        request = api.CreateKeyRequest(parent=parent, key=api.Key(**fields))
        return await self("CreateKey", request, api.CreateKeyResponse)  # type: ignore[no-any-return]

    async def keys(self, **fields: Any) -> api.ListKeysResponse:
        request = api.ListKeysRequest(**({"parent": "properties/shop"} | fields))
        return await self("ListKeys", request, api.ListKeysResponse)  # type: ignore[no-any-return]

    async def revoke(self, name: str) -> api.Key:
        return await self("RevokeKey", api.RevokeKeyRequest(name=name), api.Key)  # type: ignore[no-any-return]


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[Admin]:
    registry = SqliteRegistry(tmp_path / "admin.sqlite")
    yield Admin(registry)
    registry.close()


def fields_of(problem: InvalidRequest) -> list[str]:
    return [violation.field for violation in problem.violations]


async def test_a_property_has_defaults_and_is_created_once(admin: Admin) -> None:
    made = await admin.create("shop", display_name="Shop")
    assert (made.name, made.time_zone, made.state) == ("properties/shop", "UTC", api.PROPERTY_STATE_ACTIVE)
    assert made.create_time == made.update_time
    assert await admin("GetProperty", api.GetPropertyRequest(name=made.name), api.Property) == made
    with pytest.raises(AlreadyExists):
        await admin.create("shop")
    with pytest.raises(NotFound):
        await admin("GetProperty", api.GetPropertyRequest(name="properties/other"), api.Property)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"time_zone": "Mars/Olympus"}, "property.time_zone"),
        ({"time_zone": "localtime"}, "property.time_zone"),
        ({"currency_code": "eur"}, "property.currency_code"),
        ({"currency_code": "QQQ"}, "property.currency_code"),
        ({"display_name": "x" * 101}, "property.display_name"),
        ({"display_name": "\x1b[2J"}, "property.display_name"),
        ({"allowed_hosts": ["shop.example", "https://shop.example"]}, "property.allowed_hosts[1]"),
        *(
            ({"allowed_hosts": [host]}, "property.allowed_hosts[0]")
            for host in ("", "*", "a..b", "Shop.example", "*.*.a")
        ),
        *(({"allowed_hosts": [host]}, "property.allowed_hosts[0]") for host in ("a:80", "-a", "a/b", "a" * 64)),
        ({"allowed_hosts": ["a.example"] * 101}, "property.allowed_hosts"),
        ({"state": api.PROPERTY_STATE_SUSPENDED}, "property.state"),
        ({"name": "properties/other"}, "property.name"),
    ],
)
async def test_what_a_property_cannot_be_is_named(admin: Admin, fields: dict[str, Any], wrong: str) -> None:
    with pytest.raises(InvalidRequest) as problem:
        await admin.create("shop", **fields)
    assert fields_of(problem.value) == [wrong]
    with pytest.raises(InvalidRequest) as problem:
        await admin.create("Not An Id", **(fields if "name" not in fields else {}))
    assert "property_id" in fields_of(problem.value)


async def test_an_update_changes_what_its_mask_names(admin: Admin) -> None:
    made = await admin.create("shop", display_name="Shop", currency_code="EUR", allowed_hosts=["a.example"])
    changed = await admin.update(["time_zone", "allowed_hosts"], time_zone="Asia/Kolkata", display_name="unnamed")
    assert (changed.time_zone, changed.display_name, list(changed.allowed_hosts)) == ("Asia/Kolkata", "Shop", [])
    assert (changed.currency_code, changed.create_time) == ("EUR", made.create_time)
    assert changed.update_time.ToMicroseconds() > made.update_time.ToMicroseconds()
    suspended = await admin.update(["state"], state=api.PROPERTY_STATE_SUSPENDED)
    assert suspended.state == api.PROPERTY_STATE_SUSPENDED
    # an empty zone is the default one, as at its creation
    assert (await admin.update(["time_zone"])).time_zone == "UTC"


@pytest.mark.parametrize("paths", [[], ["name"], ["create_time"], ["*"], ["nothing"], ["quota.waiting"]])
async def test_a_mask_of_other_fields_is_refused(admin: Admin, paths: list[str]) -> None:
    await admin.create("shop")
    with pytest.raises(InvalidRequest) as problem:
        await admin.update(paths)
    assert fields_of(problem.value) == ["update_mask"]


async def test_a_wrong_update_changes_nothing(admin: Admin) -> None:
    made = await admin.create("shop")
    for fields in ({"state": 0}, {"state": 7}, {"time_zone": "nowhere"}):
        with pytest.raises(InvalidRequest):
            await admin.update(list(fields), **fields)
    assert await admin("GetProperty", api.GetPropertyRequest(name=made.name), api.Property) == made
    with pytest.raises(NotFound):
        await admin.update(["time_zone"], "other", time_zone="UTC")


async def test_a_quota_of_its_own_is_changed_part_by_part_or_as_a_whole(admin: Admin) -> None:
    made = await admin.create("shop", quota=api.PropertyQuota(events_per_second=20, concurrent_reports=0))
    assert made.quota == api.PropertyQuota(events_per_second=20, concurrent_reports=0)
    given = api.PropertyQuota(events_per_second=7, reports_per_second=2)
    # what the mask does not name stays, and what it names and nobody gives is the installation's again
    changed = await admin.update(["quota.reports_per_second", "quota.concurrent_reports"], quota=given)
    assert changed.quota == api.PropertyQuota(events_per_second=20, reports_per_second=2)
    assert (await admin.update(["quota"], quota=given)).quota == given
    assert (await admin.update(["display_name"], display_name="Shop")).quota == given
    assert not (await admin.update(["quota"])).HasField("quota")
    assert not (await admin.update(["quota.burst_seconds"])).HasField("quota")
    assert not (await admin.create("plain", quota=api.PropertyQuota())).HasField("quota")


async def test_what_a_quota_cannot_be_is_named_and_changes_nothing(admin: Admin) -> None:
    wrong = api.PropertyQuota(events_per_second=0.5, bytes_per_second=1, burst_seconds=0)
    named = ["property.quota.events_per_second", "property.quota.bytes_per_second", "property.quota.burst_seconds"]
    with pytest.raises(InvalidRequest) as problem:
        await admin.create("shop", quota=wrong)
    assert fields_of(problem.value) == named
    await admin.create("shop")
    for paths in (["quota"], [f"quota.{part}" for part in ("events_per_second", "bytes_per_second", "burst_seconds")]):
        with pytest.raises(InvalidRequest) as problem:
            await admin.update(paths, quota=wrong)
        assert fields_of(problem.value) == named
    assert admin.registry.register.own_quota("shop") is None


async def test_lists_come_in_pages_that_end(admin: Admin) -> None:
    for number in range(5):
        await admin.create(f"shop-{number}")
        await admin.create_key("properties/shop-0", display_name=str(number))
    names, token = [], ""
    while True:
        request = api.ListPropertiesRequest(page_size=2, page_token=token)
        page = await admin("ListProperties", request, api.ListPropertiesResponse)
        names.append([found.name[-1] for found in page.properties])
        if not (token := page.next_page_token):
            break
    assert names == [["0", "1"], ["2", "3"], ["4"]]
    first = await admin.keys(parent="properties/shop-0", page_size=3)
    # the newest first
    assert [key.display_name for key in first.keys] == ["4", "3", "2"]
    second = await admin.keys(parent="properties/shop-0", page_size=3, page_token=first.next_page_token)
    assert ([key.display_name for key in second.keys], second.next_page_token) == (["1", "0"], "")
    for wrong in ({"page_size": 1_001}, {"page_size": -1}, {"page_token": "x"}):
        with pytest.raises(InvalidRequest):
            await admin.keys(**wrong)
    with pytest.raises(InvalidRequest):
        await admin.keys(parent="properties/shop-1", page_token=first.next_page_token)


async def test_a_keys_token_opens_what_was_asked_for_and_is_kept_nowhere(admin: Admin) -> None:
    await admin.create("shop")
    expires = api.Key()
    expires.expire_time.FromMicroseconds(NOW + 10_500_000)
    made = await admin.create_key(
        scopes=[api.KEY_SCOPE_WRITE, api.KEY_SCOPE_IMPORT, api.KEY_SCOPE_WRITE], expire_time=expires.expire_time
    )
    grant = Verifier(read_verification_keys(write_verification_keys([SIGNING_KEY]))).grant_of(made.token)
    # whole seconds, in the token and in the list alike
    assert grant == Grant("key-1", "shop", frozenset({Scope.WRITE, Scope.IMPORT}), Micros(NOW + 10_000_000))
    assert made.key.expire_time.ToMicroseconds() == NOW + 10_000_000
    assert made.token.encode() not in b"".join(key.SerializeToString() for key in (await admin.keys()).keys)
    assert (await admin.keys()).keys[0].state == api.KEY_STATE_ACTIVE
    admin.clock.time = NOW + 11_000_000
    assert (await admin.keys()).keys[0].state == api.KEY_STATE_EXPIRED
    assert (await admin.revoke(made.key.name)).state == api.KEY_STATE_REVOKED
    assert (await admin.keys()).keys[0].state == api.KEY_STATE_REVOKED


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"scopes": []}, "key.scopes"),
        ({"scopes": [0]}, "key.scopes"),
        ({"scopes": [api.KEY_SCOPE_READ, 99]}, "key.scopes"),
        ({"scopes": [api.KEY_SCOPE_IMPORT]}, "key.scopes"),
        ({"display_name": "x" * 101}, "key.display_name"),
        ({"expire_time": {"seconds": NOW // 1_000_000}}, "key.expire_time"),
        ({"expire_time": {"seconds": -1}}, "key.expire_time"),
    ],
)
async def test_what_a_key_cannot_be_is_named(admin: Admin, fields: dict[str, Any], wrong: str) -> None:
    await admin.create("shop")
    with pytest.raises(InvalidRequest) as problem:
        await admin.create_key(**fields)
    assert fields_of(problem.value) == [wrong]
    assert not (await admin.keys()).keys


async def test_a_key_is_made_for_a_property_that_was_created_or_for_operators(admin: Admin) -> None:
    with pytest.raises(NotFound):
        await admin.create_key()
    made = await admin.create_key("properties/-", scopes=[api.KEY_SCOPE_ADMIN])
    assert made.key.name == "properties/-/keys/key-2"
    assert [key.name for key in (await admin.keys(parent="properties/-")).keys] == [made.key.name]


async def test_a_revocation_is_idempotent_and_of_a_key_that_is_there(admin: Admin) -> None:
    await admin.create("shop")
    await admin.create("other")
    made = await admin.create_key()
    first = await admin.revoke(made.key.name)
    assert await admin.revoke(made.key.name) == first
    assert admin.registry.register.is_revoked(made.key.name)
    for name in ("properties/shop/keys/none", "properties/other/keys/key-1"):
        with pytest.raises(NotFound):
            await admin.revoke(name)
    for name in ("properties/shop", "properties/shop/keys/", "properties/shop/keys/A", "keys/key-1", ""):
        with pytest.raises(InvalidRequest):
            await admin.revoke(name)
    # a development key was made by no server
    assert (await admin.revoke("properties/-/keys/dev-1234")).state == api.KEY_STATE_REVOKED


async def test_what_is_not_stored_is_said(admin: Admin) -> None:
    admin.registry._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(TryAgain):
        await admin.create("shop")
    assert admin.registry.register.property("shop") is None
