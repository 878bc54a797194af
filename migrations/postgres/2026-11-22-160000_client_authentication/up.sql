-- How a client authenticates, and whether it may leave out PKCE (RFC 7636).
ALTER TABLE clients ADD COLUMN authentication TEXT NOT NULL DEFAULT 'client_secret_basic';
ALTER TABLE clients ADD COLUMN pkce TEXT NOT NULL DEFAULT 'required';
-- What its account tokens are signed with, wrapped under the instance's key.
ALTER TABLE clients ADD COLUMN account_token_key BYTEA;

-- The assertions (RFC 7523) that a client has authenticated with: none is good twice. jti: a MAC of it under the
-- instance's pepper.
CREATE TABLE used_assertions (
  client TEXT NOT NULL,
  jti BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (client, jti)
);
CREATE INDEX used_assertions_expiry ON used_assertions (expires_at);
