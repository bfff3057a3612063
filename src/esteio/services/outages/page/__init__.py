"""The page for the public: who is without supply now, as a table that needs no script, kept fresh by a small one."""
