"""The system calls that code in the sandbox may not make."""

from __future__ import annotations

import errno
import tempfile
from typing import TYPE_CHECKING, Final, Protocol, cast

from jupyter_secure_jobs.sandbox.errors import SandboxUnavailableError

if TYPE_CHECKING:
    from typing import BinaryIO

# Each group is refused with EPERM, as an unprivileged process would be, so that programs fall back in their usual way.
REFUSED: Final = (
    # Reading or steering another process.
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_madvise"),
    # Loading code into the kernel, or observing it.
    *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "bpf", "perf_event_open"),
    *("userfaultfd", "syslog", "lookup_dcookie", "acct", "reboot", "swapon", "swapoff", "quotactl", "quotactl_fd"),
    # The kernel's key rings belong to the user, not to the namespace.
    *("keyctl", "add_key", "request_key"),
    # Leaving or rebuilding the namespaces.
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "fsopen", "fsconfig", "fsmount", "fspick"),
    *("move_mount", "open_tree", "mount_setattr", "open_by_handle_at", "name_to_handle_at", "fanotify_init"),
    # io_uring opens files and sockets without passing this filter.
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    # Memory that no process maps, and which the memory watcher could therefore not see.
    *("memfd_create", "memfd_secret", "shmget", "shmat", "semget", "msgget", "mq_open", "vmsplice"),
    # Its contexts are counted for the whole host (aio-max-nr): a job could leave none to others.
    *("io_setup",),
    # The clock and the host's identity.
    *("settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname"),
    *("iopl", "ioperm", "personality", "vhangup", "uselib", "nfsservctl", "modify_ldt"),
    *("mbind", "migrate_pages", "move_pages"),
    # Which processors a job may use was settled outside.
    "sched_setaffinity",
)
_NEEDED: Final = frozenset(
    {"ptrace", "process_vm_readv", "mount", "unshare", "setns", "bpf", "keyctl", "memfd_create", "vmsplice"}
)
_NEW_USER_NAMESPACE: Final = 0x10000000
_SHARED_FILES: Final = 0x400
_THREAD: Final = 0x10000
_SOL_SOCKET: Final = 1
_BUFFER_SIZES: Final = (7, 8)
_TIOCSTI: Final = 0x5412
_TIOCLINUX: Final = 0x541C
_AF_INET6: Final = 10
_OTHER_FAMILIES_BELOW: Final = (0, 3, 4, 5, 6, 7, 8, 9)
_OF_A_PROCESS: Final = (
    *(("prlimit64", 0), ("setpriority", 1), ("ioprio_set", 1)),
    *(("sched_setscheduler", 0), ("sched_setattr", 0), ("sched_setparam", 0)),
)
_NEXT_STEP: Final = "Install libseccomp2 (Debian, Ubuntu) or libseccomp (Fedora) and the Python package pyseccomp."


class _Filter(Protocol):
    def add_rule(self, action: int, syscall: str, *args: object) -> None: ...
    def export_bpf(self, file: BinaryIO) -> None: ...


def _rules() -> _Filter:
    try:
        import pyseccomp  # noqa: PLC0415 -- importing it fails where the library of the system is missing
    except (ImportError, OSError, RuntimeError, TypeError, AttributeError) as error:
        reason = "The system call filter cannot be built: libseccomp or pyseccomp is missing."
        raise SandboxUnavailableError(reason, _NEXT_STEP) from error

    refuse = pyseccomp.ERRNO(errno.EPERM)
    arg = pyseccomp.Arg
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    # The system call tables of 32-bit programs have other numbers, which no rule below would meet.
    rules.set_attr(pyseccomp.Attr.ACT_BADARCH, refuse)
    for name in REFUSED:
        try:
            rules.add_rule(refuse, name)
        except (OSError, ValueError):
            # An older libseccomp or another architecture may lack a name; what protects on its own must be there.
            if name in _NEEDED:
                raise
    # glibc falls back from clone3, whose flags a filter cannot see, to clone, whose flags it can.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.add_rule(refuse, "clone", arg(0, pyseccomp.MASKED_EQ, _NEW_USER_NAMESPACE, _NEW_USER_NAMESPACE))
    # The watcher sees the open files of a process, not those that one of its threads would have for itself.
    rules.add_rule(refuse, "clone", arg(0, pyseccomp.MASKED_EQ, _SHARED_FILES | _THREAD, _THREAD))
    # It counts a socket's buffers at their usual size.
    for option in _BUFFER_SIZES:
        rules.add_rule(refuse, "setsockopt", arg(1, pyseccomp.EQ, _SOL_SOCKET), arg(2, pyseccomp.EQ, option))
    for call in ("socket", "socketpair"):
        for family in _OTHER_FAMILIES_BELOW:
            rules.add_rule(refuse, call, arg(0, pyseccomp.EQ, family))
        rules.add_rule(refuse, call, arg(0, pyseccomp.GT, _AF_INET6))
    for request in (_TIOCSTI, _TIOCLINUX):
        rules.add_rule(refuse, "ioctl", arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request))
    # A process may change its own limits and schedule, not the supervisor's.
    for call, position in _OF_A_PROCESS:
        rules.add_rule(refuse, call, arg(position, pyseccomp.NE, 0))
    return cast("_Filter", rules)


def compiled() -> BinaryIO:
    """Return the filter as an unnamed open file that bubblewrap can read from its start.

    Raises:
        SandboxUnavailableError: libseccomp or its binding is missing or too old.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- the caller closes it
    try:
        _rules().export_bpf(file)
    except (OSError, ValueError) as error:
        file.close()
        reason = "The system call filter cannot be built: libseccomp refused a rule."
        raise SandboxUnavailableError(reason, _NEXT_STEP) from error
    except SandboxUnavailableError:
        file.close()
        raise
    file.seek(0)
    return cast("BinaryIO", file)
