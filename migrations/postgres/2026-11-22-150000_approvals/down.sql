DROP TABLE approvals;
-- What does not know approvals would take a handle for a SAD that needs none.
DELETE FROM authorizations WHERE pending;
ALTER TABLE authorizations DROP COLUMN pending;
