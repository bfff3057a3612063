"""Pictures of strangers, decoded in a process of its own: `python -m esteio.files.images`.

A decoder is a large piece of native code that is fed by anybody. Here it has bounded memory and time, none of the
house's secrets, and a crash of it is a refused picture.
"""
