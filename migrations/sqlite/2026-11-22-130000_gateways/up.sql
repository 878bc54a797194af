-- What passes a tenant's text messages on, and what its requests are signed with, wrapped under the tenant's key.
ALTER TABLE tenants ADD COLUMN gateway_url TEXT;
ALTER TABLE tenants ADD COLUMN gateway_secret BLOB;
