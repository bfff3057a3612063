"""Settings whose value lies in a file: `ESTEIO_SECRET_KEY_FILE=/run/secrets/key` says what `ESTEIO_SECRET_KEY` would.

So containers and services get secrets as files of their own, which neither an inspection of the process nor its
children's environment shows.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

MOST = 65_536
SUFFIX = "_FILE"


def with_files(variables: Mapping[str, str], is_setting: Callable[[str], bool]) -> tuple[dict[str, str], list[str]]:
    """The variables with what their files hold in place of the files' names, and sentences on what cannot be read.

    is_setting: whether a variable without the suffix is one whose value may lie in a file. A line break at the end of
    the file is no part of the value.
    """
    found, wrong = dict(variables), list[str]()
    for variable, place in variables.items():
        meant = variable.removesuffix(SUFFIX)
        if meant == variable or not is_setting(meant):
            continue
        del found[variable]
        if meant in variables:
            wrong.append(f"{meant} and {variable} are both set: one of them is enough.")
            continue
        try:
            found[meant] = _read(Path(place))
        except (OSError, ValueError) as error:
            wrong.append(f"{variable} names no file that can be read ({place}): {_words(error)}.")
    return found, wrong


def _read(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MOST + 1)
    if len(content) > MOST:
        raise ValueError(f"it holds more than {MOST} bytes")
    text = content.decode()
    if "\0" in text:
        raise ValueError("it is not text")
    return text.removesuffix("\n").removesuffix("\r")


def _words(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not text"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
