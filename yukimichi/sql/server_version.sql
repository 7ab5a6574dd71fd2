-- Versions of the server and of PostGIS. Params: none. Returns one row: postgresql, postgis (NULL: not installed here).
SELECT current_setting('server_version') AS postgresql,
       (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'postgis') AS postgis
