"""Tokens: what a key's holder sends. A JSON Web Token, so that a server checks it without asking anybody.

The header's `kid` names the signing key. `jti` is the key's id, `sub` the property's or `*`, `scope` what it may do,
`exp` when it ends. One algorithm is taken, whatever a token's header says.
"""

from collections.abc import Mapping
from functools import lru_cache

import jwt

from footfall_core.access.grant import EVERY_PROPERTY, Grant
from footfall_core.access.refusals import Reason
from footfall_core.access.scopes import ALL, Scope, listed
from footfall_core.access.signing_keys import ALGORITHM, Jwk
from footfall_core.clock import Micros
from footfall_core.problems import Unauthenticated
from footfall_core.properties import PROPERTY_ID

ISSUER = "footfall"

MAX_TOKEN_LENGTH = 2_048
"""Characters; the longest that is made has some 400."""

REMEMBERED = 10_000
"""Tokens whose signature was found good and is not checked again. Checking one takes about as long as a whole call."""

_SECOND = 1_000_000
_OPTIONS: jwt.types.Options = {
    "require": ["iss", "sub", "jti", "scope", "iat"],
    # asked at each call by our own clock, since a good signature is remembered
    "verify_exp": False,
    # an admin server whose clock is ahead must not make keys that are good only later
    "verify_iat": False,
    "verify_nbf": False,
}


class Signer:
    """Makes tokens."""

    def __init__(self, signing_key: Jwk) -> None:
        self._key = jwt.PyJWK.from_dict(signing_key, algorithm=ALGORITHM)

    @property
    def kid(self) -> str:
        """The name of the signing key."""
        return str(self._key.key_id)

    def token(self, grant: Grant, now: Micros) -> str:
        """Return the token of a grant; its expiry is rounded down to the second."""
        claims: dict[str, str | int] = {
            "iss": ISSUER,
            "sub": grant.property_id,
            "jti": grant.key_id,
            "scope": listed(grant.scopes).replace(",", ""),
            "iat": now // _SECOND,
        }
        if grant.expires is not None:
            claims["exp"] = grant.expires // _SECOND
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self.kid})


class Verifier:
    """Reads tokens, and remembers those that were good."""

    def __init__(self, verification_keys: Mapping[str, jwt.PyJWK], remembered: int = REMEMBERED) -> None:
        self._keys = verification_keys
        self._remembered = lru_cache(remembered)(self._verified)

    def grant_of(self, token: str) -> Grant:
        """Return what a token opens, expired and revoked ones included.

        Raises:
            Unauthenticated: it is none of ours; the sentence never repeats it.
        """
        return self._remembered(token)

    def _verified(self, token: str) -> Grant:
        if len(token) > MAX_TOKEN_LENGTH:
            raise _broken()
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._keys.get(kid) if isinstance(kid, str) else None
            if key is None:
                raise Unauthenticated(
                    Reason.UNKNOWN_SIGNING_KEY,
                    "The key was signed by a signing key that is not in use here, or not any more; ask for a new key.",
                )
            claims = jwt.decode(token, key, algorithms=[ALGORITHM], issuer=ISSUER, options=_OPTIONS)
        except jwt.InvalidSignatureError:
            raise Unauthenticated(Reason.WRONG_SIGNATURE, "The key's signature is wrong.") from None
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise _broken() from None
        return _grant(claims)


def _grant(claims: Mapping[str, object]) -> Grant:
    property_id, key_id, scope, expires = (claims.get(name) for name in ("sub", "jti", "scope", "exp"))
    if not (isinstance(property_id, str) and isinstance(key_id, str) and isinstance(scope, str)):
        raise _broken()
    if property_id != EVERY_PROPERTY and not PROPERTY_ID.fullmatch(property_id):
        raise _broken()
    if not (expires is None or isinstance(expires, int)):
        raise _broken()
    # one that a newer version added opens nothing here
    scopes = frozenset(Scope(name) for name in scope.split() if name in ALL)
    return Grant(key_id, property_id, scopes, None if expires is None else Micros(expires * _SECOND))


def _broken() -> Unauthenticated:
    return Unauthenticated(Reason.NOT_A_KEY, "What was sent as the key is not one of Footfall's.")
