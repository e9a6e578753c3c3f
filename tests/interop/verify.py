"""How a service may judge a token by itself, with jwcrypto: see README.md, which quotes this."""

import json
import time

from jwcrypto import common, jwk, jws


class Refused(Exception):
    pass


def signer_of(token, entry, good):
    """The member whose good signature this is; raises whatever is wrong with it."""
    name = json.loads(common.base64url_decode(entry["protected"]))["kid"]
    ours = common.JWSEHeaderParameter("how many must sign", True, True, None)
    one = jws.JWS(header_registry={"ostrakon": ours})
    one.allowed_algs = ["EdDSA"]
    one.deserialize(json.dumps({"payload": token["payload"], "protected": entry["protected"],
                                "signature": entry["signature"]}))
    one.verify(jwk.JWK(kty="OKP", crv="Ed25519", x=good[name]["key"]))
    if one.jose_header["typ"] != "ostrakon-token+jwt" or one.jose_header["crit"] != ["ostrakon"]:
        raise Refused("another header")
    return name


def verify(token, bundle, now=None):
    now = time.time() if now is None else now
    good = {m["name"]: m for m in bundle["members"] if m["standing"] == "good"}
    signers = set()
    for entry in token["signatures"]:
        try:
            signers.add(signer_of(token, entry, good))
        except (Refused, KeyError, ValueError, common.JWException):
            pass  # no good signature: not counted
    if len(signers) < bundle["need"]:
        raise Refused(f"{len(signers)} of {bundle['need']} signatures")
    if now * 1000 >= bundle["time_ms"] + bundle["ttl_s"] * 1000:
        raise Refused("the bundle is stale")
    claims = json.loads(common.base64url_decode(token["payload"]))
    subject = good.get(claims["sub"])
    if claims["iss"] != bundle["iss"] or not subject or subject["term"] != claims["term"]:
        raise Refused("not of this term")
    if not claims["nbf"] <= now < claims["exp"]:
        raise Refused("not of this time")
    return claims
