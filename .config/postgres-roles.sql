-- Runs once, when the database server is set up. The service gets a role that owns its database and is nothing more;
-- the superuser's password goes, so that nobody is superuser over the network.

\set password `cut -d: -f5- /run/secrets/database_pgpass`
CREATE ROLE countersign LOGIN PASSWORD :'password';
CREATE DATABASE countersign OWNER countersign;
REVOKE ALL ON DATABASE countersign FROM PUBLIC;
ALTER ROLE postgres PASSWORD NULL;
