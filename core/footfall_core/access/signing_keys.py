"""The pairs of keys that sign and verify tokens: JSON Web Keys of Ed25519 (RFC 7517, RFC 8037).

Whoever has the private half makes tokens. The public half only verifies them: a set of those (a JWKS) is what servers
get, several at once while signing keys change.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from jwt.utils import base64url_encode

from footfall_core.access.thumbprint import thumbprint

ALGORITHM = "EdDSA"

Jwk: TypeAlias = dict[str, str]
"""A JSON Web Key."""


class SigningKeyError(ValueError):
    """A file of signing keys holds something else; one sentence, which never repeats what it holds."""


def new_signing_key(secret: bytes) -> Jwk:
    """Return a private key made of 32 random bytes, named by its public half's thumbprint."""
    private = Ed25519PrivateKey.from_private_bytes(secret)
    public = base64url_encode(private.public_key().public_bytes_raw()).decode()
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": ALGORITHM,
        "use": "sig",
        "kid": thumbprint(public),
        "x": public,
        "d": base64url_encode(secret).decode(),
    }


def public_half(signing_key: Jwk) -> Jwk:
    """Return what verifies the tokens that a key signs."""
    return {name: value for name, value in signing_key.items() if name != "d"}


def read_signing_key(text: str) -> Jwk:
    """Return the private key in a file's text.

    Raises:
        SigningKeyError: it holds none.
    """
    key = _checked(_json(text))
    if "d" not in key:
        raise SigningKeyError("it holds a public key, and signing takes a private one")
    return key


def read_verification_keys(text: str) -> dict[str, jwt.PyJWK]:
    """Return the public keys in a JWKS by name.

    Raises:
        SigningKeyError: it holds none, or a private one.
    """
    found = _json(text)
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list) or not keys:
        raise SigningKeyError('it is not a set of keys: {"keys": [...]} with at least one')
    verifying: dict[str, jwt.PyJWK] = {}
    for each in keys:
        key = _checked(each)
        if "d" in key:
            raise SigningKeyError(f"it holds the private half of {key['kid']}, which belongs to the admin server alone")
        if key["kid"] in verifying:
            raise SigningKeyError(f"it holds two keys that are called {key['kid']}")
        verifying[key["kid"]] = jwt.PyJWK.from_dict(key, algorithm=ALGORITHM)
    return verifying


def write_verification_keys(keys: Iterable[Jwk]) -> str:
    """Return the text of a JWKS of public halves."""
    return json.dumps({"keys": [public_half(key) for key in keys]}, indent=2) + "\n"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise SigningKeyError("it is not JSON") from None


def _checked(key: Any) -> Jwk:
    """Return a key if it is one of ours: only Ed25519 is ever taken, whatever a file or a token says."""
    if not isinstance(key, Mapping) or not all(isinstance(value, str) for value in key.values()):
        raise SigningKeyError("it holds something that is no JSON Web Key")
    if (key.get("kty"), key.get("crv"), key.get("alg", ALGORITHM)) != ("OKP", "Ed25519", ALGORITHM):
        raise SigningKeyError('it holds a key that is not of Ed25519 ("kty": "OKP", "crv": "Ed25519", "alg": "EdDSA")')
    if not key.get("kid"):
        raise SigningKeyError('it holds a key without a name ("kid")')
    try:
        OKPAlgorithm.from_jwk(dict(key))
    except (jwt.InvalidKeyError, ValueError):
        raise SigningKeyError(f"the key {key['kid']} is damaged") from None
    return dict(key)
