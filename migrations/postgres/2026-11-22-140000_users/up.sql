-- People who sign in. A record stays when its user is deleted, and its name is not given again.
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants (name),
  name TEXT NOT NULL,
  first_name TEXT,
  last_name TEXT,
  email TEXT,
  groups TEXT NOT NULL,
  roles TEXT NOT NULL,
  seats TEXT NOT NULL,
  status TEXT NOT NULL,
  password TEXT,
  created_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  UNIQUE (tenant, name)
);

-- What may be typed in a user's name field: names and e-mail addresses, which therefore cannot be one another's.
CREATE TABLE user_identifiers (
  tenant TEXT NOT NULL,
  identifier TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  is_email BOOLEAN NOT NULL,
  PRIMARY KEY (tenant, identifier)
);
CREATE INDEX user_identifiers_by_identifier ON user_identifiers (identifier);
CREATE INDEX user_identifiers_by_user ON user_identifiers (user_id);

-- One-time passwords at sign-in: at most one per user.
CREATE TABLE user_otps (
  user_id TEXT PRIMARY KEY REFERENCES users (id),
  id TEXT NOT NULL,
  wrapped_secret BYTEA NOT NULL,
  rules TEXT NOT NULL,
  last_step BIGINT,
  confirmed BOOLEAN NOT NULL
);

CREATE INDEX tokens_user ON tokens (user_name, id);

-- Attempts are counted for users too.
ALTER TABLE client_throttles RENAME TO throttles;
ALTER TABLE throttles RENAME COLUMN client TO who;
