"""Pictures made from photos: by this machine, or by a model that is asked for each."""
