-- What the instance knows about itself: issuer, wrapped instance key, the master key's check value.
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
);

CREATE TABLE tenants (
  name TEXT PRIMARY KEY,
  display_name TEXT NOT NULL,
  otp_issuer TEXT,
  ca_sets_subject BOOLEAN NOT NULL,
  status TEXT NOT NULL,
  wrapped_key BLOB NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE trust_anchors (
  tenant TEXT NOT NULL REFERENCES tenants (name),
  fingerprint TEXT NOT NULL,
  subject TEXT NOT NULL,
  der BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, fingerprint)
);

CREATE TABLE seats (
  tenant TEXT NOT NULL REFERENCES tenants (name),
  name TEXT NOT NULL,
  display_name TEXT,
  email TEXT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, name)
);

-- Lists and maps are JSON. Validities are seconds.
CREATE TABLE clients (
  id TEXT PRIMARY KEY,
  display_name TEXT,
  status TEXT NOT NULL,
  grant_types TEXT NOT NULL,
  roles TEXT NOT NULL,
  tenants TEXT NOT NULL,
  permissions TEXT NOT NULL,
  access_token_validity INTEGER NOT NULL,
  refresh_token_validity INTEGER,
  redirect_uris TEXT NOT NULL,
  role_permissions TEXT NOT NULL,
  default_scope TEXT,
  jwks TEXT,
  created_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);

-- A MAC under the instance's pepper, or an Argon2id PHC string; never the secret.
CREATE TABLE client_secrets (
  id TEXT PRIMARY KEY,
  client TEXT NOT NULL REFERENCES clients (id),
  kind TEXT NOT NULL,
  verifier BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  ends_at BIGINT
);
CREATE INDEX client_secrets_client ON client_secrets (client);

-- Failed slow checks of client secrets; times are microseconds. Ids that no client has share a few rows, so that they
-- are slowed down like any other.
CREATE TABLE client_throttles (
  client TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  open_at BIGINT NOT NULL
);

CREATE TABLE configurations (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants (name),
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  second_factors TEXT NOT NULL,
  pin TEXT NOT NULL,
  otp TEXT NOT NULL,
  max_attempts INTEGER NOT NULL,
  lockout_seconds INTEGER NOT NULL,
  sad_validity INTEGER NOT NULL,
  scal TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (tenant, name)
);

CREATE TABLE credentials (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  seat TEXT NOT NULL,
  configuration TEXT NOT NULL REFERENCES configurations (id),
  client TEXT NOT NULL,
  description TEXT,
  multi_signature INTEGER NOT NULL,
  status TEXT NOT NULL,
  required_factors TEXT NOT NULL,
  current_key TEXT,
  current_chain TEXT,
  expires_at BIGINT,
  created_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  FOREIGN KEY (tenant, seat) REFERENCES seats (tenant, name)
);
CREATE INDEX credentials_seat ON credentials (tenant, seat, id);
CREATE INDEX credentials_tenant ON credentials (tenant, id);
CREATE INDEX credentials_awaiting ON credentials (tenant, id) WHERE status = 'awaiting_certificate';

-- A credential has at most one factor of a type. material and lockout are JSON; no secret in clear.
CREATE TABLE factors (
  id TEXT PRIMARY KEY,
  credential TEXT NOT NULL REFERENCES credentials (id),
  kind TEXT NOT NULL,
  confirmed BOOLEAN NOT NULL,
  material TEXT NOT NULL,
  lockout TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  UNIQUE (credential, kind)
);

CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  credential TEXT NOT NULL REFERENCES credentials (id),
  algorithm TEXT NOT NULL,
  spki BLOB NOT NULL,
  wrapped_pkcs8 BLOB NOT NULL,
  data_key_kind TEXT NOT NULL,
  wrapped_data_key BLOB NOT NULL,
  csr BLOB NOT NULL,
  csr_algorithm TEXT NOT NULL,
  subject TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX keys_credential ON keys (credential);

-- certificates: DER, one after another, end entity first.
CREATE TABLE chains (
  id TEXT PRIMARY KEY,
  credential TEXT NOT NULL REFERENCES credentials (id),
  key TEXT NOT NULL REFERENCES keys (id),
  certificates BLOB NOT NULL,
  attached_at BIGINT NOT NULL
);
CREATE INDEX chains_credential ON chains (credential);

-- What a SAD was given for. sad_id finds it and opens nothing; wrapped_data_key is wiped when it ends.
CREATE TABLE authorizations (
  id TEXT PRIMARY KEY,
  sad_id BLOB NOT NULL UNIQUE,
  credential TEXT NOT NULL REFERENCES credentials (id),
  tenant TEXT NOT NULL,
  seat TEXT,
  client TEXT NOT NULL,
  remaining INTEGER NOT NULL,
  digest TEXT,
  hashes BLOB,
  wrapped_data_key BLOB NOT NULL,
  expires_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX authorizations_credential ON authorizations (credential);
CREATE INDEX authorizations_expiry ON authorizations (expires_at);

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  client TEXT NOT NULL,
  user_name TEXT,
  tenant TEXT,
  seat TEXT,
  scope TEXT NOT NULL,
  permissions TEXT NOT NULL,
  reach TEXT NOT NULL,
  family TEXT,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX tokens_expiry ON tokens (expires_at);
CREATE INDEX tokens_client ON tokens (client, id);
CREATE INDEX tokens_tenant ON tokens (tenant, seat, id);

-- Keys that sign access tokens: every node obeys the times.
CREATE TABLE token_keys (
  kid TEXT PRIMARY KEY,
  algorithm TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  wrapped_private BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  signs_from BIGINT NOT NULL,
  signs_until BIGINT NOT NULL,
  retires_at BIGINT NOT NULL
);

-- id: HMAC of client, route and Idempotency-Key. answer: encrypted under a key derived from the Idempotency-Key.
CREATE TABLE idempotency (
  id BLOB PRIMARY KEY,
  fingerprint BLOB NOT NULL,
  status INTEGER,
  answer BLOB,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- record: the canonical bytes (RFC 8785) of the event.
CREATE TABLE audit_events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at BIGINT NOT NULL,
  tenant TEXT,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  record BLOB NOT NULL
);
CREATE INDEX audit_events_tenant ON audit_events (tenant, sequence);
CREATE INDEX audit_events_target ON audit_events (target, sequence);

-- One holder at a time for each clock-driven job.
CREATE TABLE leases (
  job TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  until BIGINT NOT NULL
);
