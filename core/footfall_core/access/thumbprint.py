"""Names of signing keys."""

import json
from hashlib import sha256

from jwt.utils import base64url_encode

LENGTH = 16


def thumbprint(public: str) -> str:
    """Return the name of an Ed25519 key: the beginning of its thumbprint by RFC 7638.

    Args:
        public: the public half, `x` of its JSON Web Key.
    """
    members = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": public}, separators=(",", ":"), sort_keys=True)
    return base64url_encode(sha256(members.encode()).digest()).decode()[:LENGTH]
