"""Template packs: from a wish to the files of a project, without database, network or clock."""
