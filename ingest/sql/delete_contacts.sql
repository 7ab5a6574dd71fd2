-- Drop the contacts of managers that a file does not name any more.
-- Params: keys: manager, a tab and the municipality of those that it names. Returns nothing; rows deleted count.
-- Index: none, some dozen rows.
DELETE FROM raw.manager_contact WHERE manager || E'\t' || area <> ALL (%(keys)s::text[])
