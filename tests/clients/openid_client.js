// openid-client, an OAuth library for JavaScript: every grant that it and the server have in common.
// Lines that it writes: ["passed", what it has shown], and ["follow", URL], whereupon it reads a line with the URL that
// the browser of a person is sent to in the end. The environment has the server's URL and, by name, the clients.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import * as oauth from "openid-client";

const { URL: url, USER } = process.env;
const { application, web, phone, batch, portal } = JSON.parse(process.env.CLIENTS);
const user = JSON.parse(USER);
const signing = JSON.parse(process.env.SIGNING);
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

{
    const server = await discovered(web.id, oauth.ClientSecretBasic(web.secret), "oidc");
    const nonce = oauth.randomNonce();
    const asked = { scope: "openid profile email", nonce, max_age: "3600" };
    const checks = { expectedNonce: nonce, idTokenExpected: true, maxAge: 3600 };
    oauth.enableNonRepudiationChecks(server);
    const first = await redeemed(server, asked, oauth.buildAuthorizationUrl, checks);
    const who = first.claims();
    assert.deepEqual([who.sub, who.name, who.preferred_username], [user.id, "Joan Doe", user.name]);
    const told = await oauth.fetchUserInfo(server, first.access_token, who.sub);
    assert.equal(told.email, who.email);
    const second = await oauth.refreshTokenGrant(server, first.refresh_token);
    assert.equal(second.claims().auth_time, who.auth_time);
    passed("discovers OpenID Connect, checks an ID token and its signature, and asks for userinfo");
}

for (const [how, by] of [
    ["a client with a secret", await discovered(web.id, oauth.ClientSecretBasic(web.secret))],
    ["a public client", await discovered(phone.id, oauth.None())],
]) {
    const token = await redeemed(by, { scope: "service" }, oauth.buildAuthorizationUrlWithPAR);
    assert.equal((await list(by, token)).status, 200);
    passed(`pushes the request of ${how}`);
}

{
    const server = await discovered(web.id, oauth.ClientSecretBasic(web.secret));
    const details = [
        {
            type: "https://cloudsignatureconsortium.org/2025/credential",
            credentialID: signing.credential,
            numSignatures: 1,
            documentDigests: [{ hash: signing.hash, label: "A contract" }],
            hashAlgorithmOID: "2.16.840.1.101.3.4.2.1",
        },
    ];
    const authorization_details = JSON.stringify(details);
    for (const build of [oauth.buildAuthorizationUrl, oauth.buildAuthorizationUrlWithPAR]) {
        const token = await redeemed(server, { scope: "credential", authorization_details }, build);
        assert.equal(token.authorization_details[0].credentialID, signing.credential);
        const signHash = {
            credentialID: signing.credential,
            hashes: [signing.hash],
            hashAlgorithmOID: "2.16.840.1.101.3.4.2.1",
            signAlgo: "1.2.840.10045.4.3.2",
        };
        const { signatures } = await (await call(server, token, "/csc/v2/signatures/signHash", signHash)).json();
        assert.equal(signatures.length, 1);
    }
    passed("has a signature authorised by authorization_details, in the address and pushed, and signs");
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
    const wanted = { pkceCodeVerifier, expectedState, ...checks };
    const mixed = new URL(answer);
    mixed.searchParams.set("iss", "https://another.example");
    await assert.rejects(oauth.authorizationCodeGrant(server, mixed, wanted));
    return oauth.authorizationCodeGrant(server, answer, wanted);
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
    return call(server, token, "/csc/v1/credentials/list", {});
}

function call(server, token, path, body) {
    const headers = new Headers({ "content-type": "application/json" });
    return oauth.fetchProtectedResource(
        server,
        token.access_token,
        new URL(path, url),
        "POST",
        JSON.stringify(body),
        headers,
    );
}

async function follow(to) {
    console.log(JSON.stringify(["follow", to.href]));
    return (await replies.next()).value;
}

function passed(what) {
    console.log(JSON.stringify(["passed", what]));
}
