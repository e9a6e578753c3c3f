// How a service may judge a token by itself, with npm jose: see README.md, which quotes this.
import * as jose from "jose";

export async function verify(token, bundle, now = Date.now() / 1000) {
  const good = new Map(bundle.members.filter((m) => m.standing === "good").map((m) => [m.name, m]));
  const signers = new Set();
  for (const { protected: header, signature } of token.signatures) {
    try {
      const member = good.get(jose.decodeProtectedHeader({ protected: header }).kid);
      const key = await jose.importJWK({ kty: "OKP", crv: "Ed25519", x: member.key }, "EdDSA");
      const { protectedHeader } = await jose.flattenedVerify({ payload: token.payload, protected: header, signature },
        key, { algorithms: ["EdDSA", "Ed25519"], crit: { ostrakon: true } });
      if (protectedHeader.typ === "ostrakon-token+jwt" && protectedHeader.crit) signers.add(member.name);
    } catch { /* no good signature: not counted */ }
  }
  if (signers.size < bundle.need) throw new Error(`${signers.size} of ${bundle.need} signatures`);
  if (now * 1000 >= bundle.time_ms + bundle.ttl_s * 1000) throw new Error("the bundle is stale");
  const claims = JSON.parse(Buffer.from(token.payload, "base64url"));
  const subject = good.get(claims.sub);
  if (claims.iss !== bundle.iss || subject?.term !== claims.term) throw new Error("not of this term");
  if (now < claims.nbf || now >= claims.exp) throw new Error("not of this time");
  return claims;
}
