"""A filter of system calls, as the kernel takes it: what a pure module has no need of is refused with EPERM.

Processes, threads, sockets and memory that no limit counts are refused whoever asks: root's processes are not counted
by RLIMIT_NPROC, and namespaces alone still let a program talk to the kernel about networks.
"""

import errno
import platform
import struct
from collections.abc import Iterator, Mapping

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_NUMBER, _MACHINE = 0, 4
"""Where in the kernel's record of a call its number and its machine stand."""

_X32 = 0x40000000
_MACHINES: Mapping[str, int] = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Numbers from 424 on are the same everywhere: io_uring, mounts by descriptor, clone3, pidfd_getfd, memfd_secret.
_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 435, 438, 442, 447)
_CALLS: Mapping[str, tuple[int, ...]] = {
    "x86_64": (
        *(29, 41, 53, 56, 57, 58, 64, 68, 101, 135, 155, 161, 165, 166, 240, 248, 249, 250, 272, 298),
        *(303, 304, 308, 310, 311, 319, 321, 323),
    ),
    "aarch64": (
        *(39, 40, 41, 51, 92, 97, 117, 180, 186, 190, 194, 198, 199, 217, 218, 219, 220, 241, 264, 265),
        *(268, 270, 271, 279, 280, 282),
    ),
}
"""shmget, socket, socketpair, clone, fork, vfork, semget, msgget, ptrace, personality, pivot_root, chroot, mount,
umount2, mq_open, add_key, request_key, keyctl, unshare, perf_event_open, name_to_handle_at, open_by_handle_at, setns,
process_vm_readv, process_vm_writev, memfd_create, bpf, userfaultfd; on aarch64 those that it has.
"""


def known(machine: str | None = None) -> bool:
    """Whether there is a filter for this machine."""
    return (machine or platform.machine()) in _MACHINES


def program(machine: str | None = None) -> bytes:
    """The filter for this machine. Raises `KeyError` where there is none."""
    machine = machine or platform.machine()
    return b"".join(struct.pack("=HBBI", *line) for line in _lines(machine))


def _lines(machine: str) -> Iterator[tuple[int, int, int, int]]:
    """Instruction, lines to skip if it is so, if it is not, operand."""
    calls = (*_CALLS[machine], *_EVERYWHERE)
    yield _LOAD, 0, 0, _MACHINE
    yield _EQUAL, 1, 0, _MACHINES[machine]
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    yield _AT_LEAST, len(calls) + 1, 0, _X32
    for place, call in enumerate(calls):
        yield _EQUAL, len(calls) - place, 0, call
    yield _RETURN, 0, 0, _ALLOW
    yield _RETURN, 0, 0, _REFUSE
