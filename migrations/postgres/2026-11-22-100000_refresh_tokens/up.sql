-- What one sign-in gave. It ends as a whole, by revoked_at or when its youngest refresh token expires (expires_at).
-- origin: where it began, login (CSC auth/login) or grant (the token endpoint).
CREATE TABLE token_families (
  id TEXT PRIMARY KEY,
  origin TEXT NOT NULL,
  client TEXT NOT NULL,
  user_name TEXT,
  tenant TEXT,
  seat TEXT,
  scope TEXT NOT NULL,
  reach TEXT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX token_families_expiry ON token_families (expires_at);
CREATE INDEX token_families_client ON token_families (client);
CREATE INDEX token_families_tenant ON token_families (tenant, seat);

-- hash: a MAC under the instance's pepper; the token itself is nowhere. Used ones stay, so that a copy is noticed.
CREATE TABLE refresh_tokens (
  hash BYTEA PRIMARY KEY,
  family TEXT NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE INDEX tokens_family ON tokens (family) WHERE family IS NOT NULL;
