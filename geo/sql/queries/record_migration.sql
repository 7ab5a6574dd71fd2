-- Write down an applied migration. Params: name (text), sha256 (text, hex). Returns: nothing.
INSERT INTO public.yuki_migration (name, sha256) VALUES (%(name)s, %(sha256)s)
