// openid-client, an OAuth library for JavaScript: every grant that it and the server have in common.
// Lines that it writes: ["passed", what it has shown], and ["follow", URL], whereupon it reads a line with the URL that
// the browser of a person is sent to in the end. The environment has the server's URL and, by name, the clients.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import * as oauth from "openid-client";

const { URL: url, USER } = process.env;
const { application, web, phone, batch, portal } = JSON.parse(process.env.CLIENTS);
const user = JSON.parse(USER);
const redirect_uri = "https://app.example/callback";
const replies = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

for (const method of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
    const server = await discovered(application.id, method(application.secret));
    const token = await oauth.clientCredentialsGrant(server, { scope: "seat:jdoe tenant:acme" });
    assert.equal(token.token_type, "bearer");
    assert.ok(token.expiresIn() > 0);

    const known = await oauth.tokenIntrospection(server, token.access_token);
    assert.ok(known.active);
    assert.equal(known.client_id, application.id);
    assert.deepEqual(known.scope.split(" ").sort(), ["seat:jdoe", "tenant:acme"]);

    assert.equal((await list(server, token)).status, 200);
    await isRevoked(server, token);
    assert.deepEqual(await oauth.tokenIntrospection(server, token.access_token), { active: false });
    passed(`discovers the server, gets, introspects and revokes a token by ${method.name}`);
}

{
    const server = await discovered(web.id, oauth.ClientSecretBasic(web.secret));
    const first = await redeemed(server, { scope: "service" });
    assert.equal(first.scope, `seat:${user.name} tenant:acme service`);
    const second = await refreshed(server, first);
    const known = await oauth.tokenIntrospection(server, second.access_token);
    assert.deepEqual([known.sub, known.username], [user.id, user.name]);
    await isRevoked(server, second);
    passed("redeems a code with PKCE, state and iss, refreshes, introspects and revokes");
}

{
    const server = await discovered(phone.id, oauth.None());
    const token = await refreshed(server, await redeemed(server, { scope: "service" }));
    await isRevoked(server, token);
    passed("redeems a code, refreshes and revokes as a public client");
}

{
    const { jwk } = batch;
    const key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const server = await discovered(batch.id, oauth.PrivateKeyJwt(key));
    await oauth.clientCredentialsGrant(server, { scope: "tenant:acme" });
    const token = await refreshed(server, await redeemed(server, { scope: "service" }));
    assert.ok((await oauth.tokenIntrospection(server, token.access_token)).active);
    await isRevoked(server, token);
    passed("authenticates with a key of its own");
}

{
    const server = await discovered(portal.id, oauth.ClientSecretBasic(portal.secret));
    const { name: username, password } = user;
    const token = await oauth.genericGrantRequest(server, "password", { username, password, scope: "service" });
    await refreshed(server, token);
    await assert.rejects(
        oauth.genericGrantRequest(server, "password", { username, password: "a wrong password" }),
        ({ error }) => error === "invalid_grant",
    );
    passed("signs a user in by the password grant, and refreshes the token");
}

process.exit();

async function discovered(id, authentication, algorithm = "oauth2") {
    return oauth.discovery(new URL(url), id, undefined, authentication, {
        algorithm,
        execute: [oauth.allowInsecureRequests],
    });
}

// A token, by a code; the library checks state, iss, and an ID token with its nonce where there is one.
async function redeemed(server, asked, build = oauth.buildAuthorizationUrl, checks = {}) {
    const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
    const expectedState = oauth.randomState();
    const to = await build(server, {
        redirect_uri,
        code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: "S256",
        state: expectedState,
        ...asked,
    });
    const answer = new URL(await follow(to));
    const refused = new URL(answer);
    refused.searchParams.set("iss", "https://another.example");
    await assert.rejects(oauth.authorizationCodeGrant(server, refused, { pkceCodeVerifier, expectedState, ...checks }));
    const token = await oauth.authorizationCodeGrant(server, answer, { pkceCodeVerifier, expectedState, ...checks });
    assert.equal((await list(server, token)).status, 200);
    return token;
}

async function refreshed(server, token) {
    const next = await oauth.refreshTokenGrant(server, token.refresh_token);
    assert.notEqual(next.refresh_token, token.refresh_token);
    assert.equal((await list(server, next)).status, 200);
    return next;
}

async function isRevoked(server, token) {
    await oauth.tokenRevocation(server, token.access_token);
    await assert.rejects(list(server, token), oauth.WWWAuthenticateChallengeError);
}

function list(server, token) {
    return oauth.fetchProtectedResource(
        server,
        token.access_token,
        new URL("/csc/v1/credentials/list", url),
        "POST",
        "{}",
        new Headers({ "content-type": "application/json" }),
    );
}

async function follow(to) {
    console.log(JSON.stringify(["follow", to.href]));
    return (await replies.next()).value;
}

function passed(what) {
    console.log(JSON.stringify(["passed", what]));
}
