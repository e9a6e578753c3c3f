"""judge.py DIRECTORY NAME...: what jwcrypto says of each token there; as judge.mjs."""

import json
import sys
from pathlib import Path

from jwcrypto import common, jwk, jws

from verify import Refused, verify

DIRECTORY = Path(sys.argv[1])


def read(name):
    return json.loads((DIRECTORY / name).read_text())


BUNDLE = json.loads(common.base64url_decode(read("trust.json")["payload"]))
NOW = BUNDLE["time_ms"] / 1000 + 60


def careful(token, now=NOW, bundle=BUNDLE):
    try:
        verify(token, bundle, now)
        return None
    except Refused as error:
        return str(error)


def plain(token):
    """What somebody does who has read the library's front page and no more, member by member."""
    errors = []
    for member in BUNDLE["members"]:
        try:
            whole = jws.JWS()
            whole.deserialize(json.dumps(token), jwk.JWK(kty="OKP", crv="Ed25519", x=member["key"]))
            return None
        except common.JWException as error:
            errors.append(str(error))
    return errors[0]


def sign():
    ours = common.JWSEHeaderParameter("how many must sign", True, True, None)
    whole = jws.JWS((DIRECTORY / "payload.json").read_bytes(), header_registry={"ostrakon": ours})
    for member in BUNDLE["members"][:BUNDLE["need"]]:
        name = member["name"]
        header = {"alg": "EdDSA", "typ": "ostrakon-token+jwt", "kid": name, "crit": ["ostrakon"],
                  "ostrakon": {"need": BUNDLE["need"]}}
        key = jwk.JWK.from_pem((DIRECTORY / f"vote_{name}.pem").read_bytes())
        whole.add_signature(key, protected=json.dumps(header))
    (DIRECTORY / "theirs_jwcrypto.json").write_text(whole.serialize())


said = {name: {"careful": careful(read(f"{name}.json")), "plain": plain(read(f"{name}.json"))}
        for name in sys.argv[2:]}
late = careful(read("all.json"), NOW + 3600)
said["late"] = {"careful": late, "plain": late}
aged = BUNDLE | {"time_ms": BUNDLE["time_ms"] - BUNDLE["ttl_s"] * 1000}
stale = careful(read("all.json"), bundle=aged)
said["stale"] = {"careful": stale, "plain": stale}
sign()
print(json.dumps(said))
