"""Tokens and the keys that sign them; that wrong ones are refused is tested at the gate."""

import json
import time
from pathlib import Path

import jwt
import pytest

from footfall_adapters.access_files import signing_key_of, verification_keys_of
from footfall_adapters.environment import SettingsError
from footfall_cli.main import run
from footfall_core.access.grant import EVERY_PROPERTY, Grant
from footfall_core.access.scopes import ALL, Scope, number_of, scope_of
from footfall_core.access.signing_keys import (
    ALGORITHM,
    Jwk,
    new_signing_key,
    read_verification_keys,
    write_verification_keys,
)
from footfall_core.access.tokens import ISSUER, MAX_TOKEN_LENGTH, Signer, Verifier
from footfall_core.clock import Micros
from footfall_core.problems import Unauthenticated
from footfall_local.key_files import KeyFiles

NOW = Micros(1_790_000_000_000_000)
OLD, NEW = (new_signing_key(seed * 32) for seed in (b"o", b"n"))
GRANT = Grant("key-1", "shop", frozenset({Scope.READ, Scope.ERRORS}), Micros(NOW + 1_000_000))


def verifier_of(*keys: Jwk) -> Verifier:
    return Verifier(read_verification_keys(write_verification_keys(keys)))


def signed(claims: dict[str, object], key: Jwk = NEW) -> str:
    signing = jwt.PyJWK.from_dict(key, algorithm=ALGORITHM)
    return jwt.encode(claims, signing, algorithm=ALGORITHM, headers={"kid": key["kid"]})


CLAIMS: dict[str, object] = {"iss": ISSUER, "sub": "shop", "jti": "key-1", "scope": "read", "iat": 1}


@pytest.mark.parametrize("grant", [GRANT, Grant("key-2", EVERY_PROPERTY, ALL, None)])
def test_a_token_says_what_its_grant_says(grant: Grant) -> None:
    assert verifier_of(NEW).grant_of(Signer(NEW).token(grant, NOW)) == grant


def test_signing_keys_rotate_without_a_moment_in_which_a_key_is_refused() -> None:
    by_old, by_new = (Signer(key).token(GRANT, NOW) for key in (OLD, NEW))
    assert verifier_of(OLD).grant_of(by_old) == GRANT
    both = verifier_of(OLD, NEW)
    assert both.grant_of(by_old) == both.grant_of(by_new) == GRANT
    afterwards = verifier_of(NEW)
    assert afterwards.grant_of(by_new) == GRANT
    with pytest.raises(Unauthenticated, match="not in use here"):
        afterwards.grant_of(by_old)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"sub": 7},
        {"sub": "Not An Id"},
        {"sub": ""},
        {"jti": ["key-1"]},
        {"scope": None},
        {"exp": "tomorrow"},
        {"exp": 1.5},
        *({name: ...} for name in CLAIMS),
    ],
)
def test_a_good_signature_under_other_claims_is_no_key(changes: dict[str, object]) -> None:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not ...}
    with pytest.raises(Unauthenticated):
        verifier_of(NEW).grant_of(signed(claims))


def test_a_scope_that_a_newer_version_added_opens_nothing() -> None:
    assert verifier_of(NEW).grant_of(signed(CLAIMS | {"scope": "read fly"})).scopes == {Scope.READ}
    assert verifier_of(NEW).grant_of(signed(CLAIMS | {"scope": ""})).scopes == frozenset()


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.è.ê", "x" * (MAX_TOKEN_LENGTH + 1), "e30.e30.", "\0"])
def test_whatever_is_no_token_is_refused_in_a_sentence(token: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier_of(NEW).grant_of(token)


def test_a_good_signature_is_checked_once_and_a_bad_one_each_time() -> None:
    verifier = verifier_of(NEW)
    token = Signer(NEW).token(GRANT, NOW)
    verifier.grant_of(token)
    began = time.perf_counter()
    for _ in range(1_000):
        verifier.grant_of(token)
    # a check takes some 100 µs
    assert time.perf_counter() - began < 0.05
    bounded = Verifier(read_verification_keys(write_verification_keys([NEW])), remembered=2)
    for number in range(5):
        bounded.grant_of(Signer(NEW).token(Grant(f"key-{number}", "shop", ALL, None), NOW))
    assert bounded._remembered.cache_info().currsize == 2


def test_every_scope_has_its_number_in_the_contract() -> None:
    assert [scope_of(number_of(scope)) for scope in Scope] == list(Scope)
    assert scope_of(0) is scope_of(99) is None


PUBLIC = {name: value for name, value in NEW.items() if name != "d"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("no json", "not JSON"),
        ("[]", "not a set of keys"),
        ('{"keys": []}', "not a set of keys"),
        ('{"keys": [7]}', "no JSON Web Key"),
        (json.dumps({"keys": [NEW]}), "private half"),
        (json.dumps({"keys": [PUBLIC, PUBLIC]}), "two keys"),
        (json.dumps({"keys": [PUBLIC | {"kid": ""}]}), "without a name"),
        (json.dumps({"keys": [PUBLIC | {"x": "AAAA"}]}), "damaged"),
        (json.dumps({"keys": [PUBLIC | {"crv": "X25519"}]}), "not of Ed25519"),
        (json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k", "alg": "HS256"}]}), "not of Ed25519"),
    ],
)
def test_a_file_of_public_keys_that_holds_something_else_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(text)
    with pytest.raises(SettingsError, match=sentence) as error:
        verification_keys_of(file, "FOOTFALL_ACCESS_VERIFICATION_KEYS")
    assert str(error.value).startswith(f"FOOTFALL_ACCESS_VERIFICATION_KEYS: {file}: ")
    assert NEW["d"] not in str(error.value)


def test_the_admin_server_wants_a_private_key(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    with pytest.raises(SettingsError, match="no such file"):
        signing_key_of(file, "V")
    file.write_text(json.dumps(PUBLIC))
    with pytest.raises(SettingsError, match="signing takes a private one"):
        signing_key_of(file, "V")
    file.write_text(json.dumps(NEW))
    assert signing_key_of(file, "V") == NEW


def test_the_command_makes_pairs_and_adds_public_halves_to_those_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = tmp_path / "verification-keys.json"
    for name in ("old.json", "new.json"):
        assert run(["signing-key", "--private", str(tmp_path / name), "--public", str(public)]) == 0
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    old, new = (signing_key_of(tmp_path / name, "V") for name in ("old.json", "new.json"))
    both = Verifier(verification_keys_of(public, "V"))
    assert all(both.grant_of(Signer(key).token(GRANT, NOW)) == GRANT for key in (old, new))
    assert run(["signing-key", "--private", str(tmp_path / "new.json"), "--public", str(public)]) == 2
    assert "exists already" in capsys.readouterr().err


def test_a_machines_keys_are_made_once_and_anew_with_another_signing_key(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path / "keys")
    assert keys.read_development_key() == ""
    keys.make()
    first = keys.read_development_key()
    keys.make()
    assert keys.read_development_key() == first
    assert Verifier(verification_keys_of(keys.verification_keys, "V")).grant_of(first).scopes == ALL
    assert [file.stat().st_mode & 0o777 for file in keys.folder.iterdir()] == [0o600] * 3
    keys.signing_key.unlink()
    keys.make()
    verifier = Verifier(verification_keys_of(keys.verification_keys, "V"))
    assert verifier.grant_of(keys.read_development_key()).is_operators
    with pytest.raises(Unauthenticated):
        verifier.grant_of(first)
