DROP INDEX authorizations_user;
-- What does not know credential-scope tokens would take them for SADs of a seat.
DELETE FROM authorizations WHERE user_id IS NOT NULL;
ALTER TABLE authorizations DROP COLUMN user_id;
DROP TABLE consents;
DROP TABLE authorization_codes;
DROP TABLE authorization_requests;
DROP TABLE sessions;
