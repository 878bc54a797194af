// openid-client, an OAuth library for JavaScript: discovery, a token by client credentials, what it is, and its end.
// Its server's URL and its own id and secret are in the environment.

import assert from "node:assert/strict";
import * as oauth from "openid-client";

const { URL: url, CLIENT_ID, CLIENT_SECRET } = process.env;

for (const method of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
    const server = await oauth.discovery(new URL(url), CLIENT_ID, undefined, method(CLIENT_SECRET), {
        algorithm: "oauth2",
        execute: [oauth.allowInsecureRequests],
    });
    const token = await oauth.clientCredentialsGrant(server, { scope: "seat:jdoe tenant:acme" });
    assert.equal(token.token_type, "bearer");
    assert.ok(token.expiresIn() > 0);

    const known = await oauth.tokenIntrospection(server, token.access_token);
    assert.ok(known.active);
    assert.equal(known.client_id, CLIENT_ID);
    assert.deepEqual(known.scope.split(" ").sort(), ["seat:jdoe", "tenant:acme"]);

    const list = () =>
        oauth.fetchProtectedResource(
            server,
            token.access_token,
            new URL("/csc/v1/credentials/list", url),
            "POST",
            "{}",
            new Headers({ "content-type": "application/json" }),
        );
    assert.equal((await list()).status, 200);
    await oauth.tokenRevocation(server, token.access_token);
    assert.deepEqual(await oauth.tokenIntrospection(server, token.access_token), { active: false });
    await assert.rejects(list, oauth.WWWAuthenticateChallengeError);
}
