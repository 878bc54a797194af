-- Who is signed in. id is a MAC of the browser's cookie, which is nowhere.
CREATE TABLE sessions (
  id BLOB PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  user_version BIGINT NOT NULL,
  signed_in_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- What applications ask people for in the browser. id is a MAC of the handle, browser of the browser's cookie: null as
-- long as the request was only pushed. passed_user showed the right password, and a code has to follow. asked is JSON.
CREATE TABLE authorization_requests (
  id BLOB PRIMARY KEY,
  client TEXT NOT NULL,
  browser BLOB,
  asked TEXT NOT NULL,
  passed_user TEXT,
  passed_version BIGINT,
  signed_in_at BIGINT,
  expires_at BIGINT NOT NULL
);
CREATE INDEX authorization_requests_browser ON authorization_requests (browser);
CREATE INDEX authorization_requests_expiry ON authorization_requests (expires_at);

-- Authorization codes. hash is a MAC of the code, which is nowhere; given is JSON. Used ones stay for a day, so that a
-- copy is noticed; family is what they gave.
CREATE TABLE authorization_codes (
  hash BLOB PRIMARY KEY,
  client TEXT NOT NULL,
  user_id TEXT NOT NULL,
  user_version BIGINT NOT NULL,
  given TEXT NOT NULL,
  authorization_id TEXT,
  family TEXT,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX authorization_codes_user ON authorization_codes (user_id);
CREATE INDEX authorization_codes_expiry ON authorization_codes (expires_at);

-- What people allowed applications, space-separated: they are not asked for it again.
CREATE TABLE consents (
  user_id TEXT NOT NULL REFERENCES users (id),
  client TEXT NOT NULL,
  scope TEXT NOT NULL,
  given_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, client)
);

-- Who authorised in the browser: then the SAD is a credential-scope access token, and good as a bearer token.
ALTER TABLE authorizations ADD COLUMN user_id TEXT;
CREATE INDEX authorizations_user ON authorizations (user_id) WHERE user_id IS NOT NULL;
