-- The authorization configurations under which CSC clients may create credentials: a JSON list of ids.
ALTER TABLE tenants ADD COLUMN csc_configurations TEXT NOT NULL DEFAULT '[]';
-- What the subject of the certificate request is unless another one is asked for (RFC 4514).
ALTER TABLE credentials ADD COLUMN default_subject TEXT;
