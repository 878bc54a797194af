ALTER TABLE tenants DROP COLUMN gateway_secret;
ALTER TABLE tenants DROP COLUMN gateway_url;
