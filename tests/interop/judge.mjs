// judge.mjs DIRECTORY: what npm jose says of each token there, as JSON on one line:
// {"all": {"careful": null, "plain": "why not"}, ...}; and writes one that it signed itself.
import { readFileSync, writeFileSync } from "node:fs";
import { createPrivateKey } from "node:crypto";
import * as jose from "jose";
import { verify } from "./verify.mjs";

const directory = process.argv[2];
const read = (name) => JSON.parse(readFileSync(`${directory}/${name}`, "utf8"));
const trust = read("trust.json");
const bundle = JSON.parse(Buffer.from(trust.payload, "base64url"));
const now = bundle.time_ms / 1000 + 60;

// What somebody does who has read the library's front page and no more.
const keys = jose.createLocalJWKSet({
  keys: bundle.members.map((m) => ({ kty: "OKP", crv: "Ed25519", alg: "EdDSA", kid: m.name, x: m.key })),
});

async function outcome(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return String(error.message);
  }
}

const said = {};
for (const name of process.argv.slice(3)) {
  const token = read(`${name}.json`);
  said[name] = {
    careful: await outcome(verify(token, bundle, now)),
    plain: await outcome(jose.generalVerify(token, keys)),
  };
}
const late = await outcome(verify(read("all.json"), bundle, now + 3600));
said.late = { careful: late, plain: late };

const aged = { ...bundle, time_ms: bundle.time_ms - bundle.ttl_s * 1000 };
const stale = await outcome(verify(read("all.json"), aged, now));
said.stale = { careful: stale, plain: stale };

const sign = new jose.GeneralSign(readFileSync(`${directory}/payload.json`));
for (const { name } of bundle.members.slice(0, bundle.need)) {
  sign.addSignature(createPrivateKey(readFileSync(`${directory}/vote_${name}.pem`)), { crit: { ostrakon: true } })
    .setProtectedHeader({ alg: "EdDSA", typ: "ostrakon-token+jwt", kid: name, crit: ["ostrakon"],
                          ostrakon: { need: bundle.need } });
}
writeFileSync(`${directory}/theirs_jose.json`, JSON.stringify(await sign.sign()));
console.log(JSON.stringify(said));
