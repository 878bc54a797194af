DROP TABLE approvals;
ALTER TABLE authorizations DROP COLUMN pending;
