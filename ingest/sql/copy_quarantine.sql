-- Rejected rows of a file.
-- params: none; rows come as COPY text. file_id NULL: not from a file. line NULL: the format has no lines.
COPY raw.quarantine (file_id, source_id, kind, line, item, reason, detail, payload) FROM STDIN
