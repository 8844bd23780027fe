"""One job that makes every refused system call, and tries every way round the filter: each is a case of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyseccomp
import pytest

from jupyter_secure_jobs.sandbox.syscalls import REFUSED
from tests.support.attack import END, TRY, said

if TYPE_CHECKING:
    from tests.support.attack import Attack

# Written out here, so that a name that is lost from the filter's list is noticed.
NAMES: Final = """
    ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise kexec_load kexec_file_load init_module
    finit_module delete_module bpf perf_event_open userfaultfd syslog lookup_dcookie acct reboot swapon swapoff
    quotactl quotactl_fd keyctl add_key request_key mount umount2 pivot_root chroot unshare setns fsopen fsconfig
    fsmount fspick move_mount open_tree mount_setattr open_by_handle_at name_to_handle_at fanotify_init
    io_uring_setup io_uring_enter io_uring_register memfd_create memfd_secret shmget shmat semget msgget mq_open
    vmsplice io_setup settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname iopl ioperm
    personality vhangup uselib nfsservctl modify_ldt mbind migrate_pages move_pages sched_setaffinity
""".split()  # noqa: SIM905 -- a list of seventy short names reads better without quotes
NUMBERS: Final = {
    name: number for name in NAMES if (number := pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)) >= 0
}
# A call that is refused has not looked at its arguments; with nothing but zeroes it would do no harm either.
EVERY_CALL: Final = f"for number in {list(NUMBERS.values())}:\n    attempt(lambda: syscall(number, 0, 0, 0, 0, 0, 0))\n"

# What only some arguments make an attack. The calls are named by what they would bring.
WAYS_ROUND: Final = {
    "a new user namespace by clone": "syscall(56, 0x10000000 | 17, None, None, None, None)",
    "a new network namespace by clone": "syscall(56, 0x40000000 | 17, None, None, None, None)",
    "a thread with open files of its own": "syscall(56, 0x100 | 0x200 | 0x800 | 0x10000, None, None, None, None)",
    "clone3, whose flags no filter sees": "syscall(435, ctypes.create_string_buffer(88), 88)",
    "a packet socket": "socket.socket(17, socket.SOCK_RAW)",
    "a netlink socket": "socket.socket(16, socket.SOCK_RAW)",
    "a socket of the kernel's ciphers": "socket.socket(38, socket.SOCK_SEQPACKET)",
    "a socket to the hypervisor": "socket.socket(40, socket.SOCK_STREAM)",
    "a Bluetooth socket": "socket.socket(31, socket.SOCK_RAW, 1)",
    "a pair of odd sockets": "socket.socketpair(socket.AF_NETLINK, socket.SOCK_RAW)",
    "a raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
    "a larger send buffer": "socket.socket(socket.AF_UNIX).setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 ** 24)",
    "a larger receive buffer": "socket.socket(socket.AF_INET).setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 ** 24)",
    "the supervisor's limits": "syscall(302, 1, 7, ctypes.create_string_buffer(16), None)",
    "the supervisor's niceness": "os.setpriority(os.PRIO_PROCESS, 1, 19)",
    "the supervisor's processors": "os.sched_setaffinity(1, {min(os.sched_getaffinity(0))})",
    "the supervisor's turn at the disk": "syscall(251, 1, 1, 3 << 13)",
    "the supervisor's schedule": "os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))",
    "the supervisor's open files": "syscall(438, syscall(434, 1, 0), 3, 0)",
    "more processors": "os.sched_setaffinity(0, set(range(os.cpu_count())))",
    "real time": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
    "more turns": "os.setpriority(os.PRIO_PROCESS, 0, -10)",
    "another account": "os.setresuid(0, 0, 0)",
    "another group": "os.setgroups([0])",
    "a block device": "os.mknod('/tmp/disk', 0o600 | 0o060000, os.makedev(7, 0))",
    "the memory device": "os.mknod('/tmp/memory', 0o600 | 0o020000, os.makedev(1, 1))",
    "an account that owns the tables": "os.chown('/tables', 65534, 65534)",
    "a mark that gives privileges": "os.setxattr('/tmp/home', 'security.capability', b'x' * 20)",
    "the clock": "__import__('time').clock_settime(0, 0)",
    "the host's name": "socket.sethostname('host')",
    "a way out of the folder": "os.chroot('/tmp')",
}  # fmt: skip
CALLS: Final = "".join(f"attempt(lambda: {text})\n" for text in WAYS_ROUND.values())

# Programs for 32-bit processors and for the x32 interface have other numbers: 21 and 165 are `mount`, 356 `memfd_create`.
OTHER_TABLES: Final = """
import mmap
page = mmap.mmap(-1, 4096, prot=7)
at = ctypes.addressof(ctypes.c_char.from_buffer(page))
def of_32_bits(number):
    page.seek(0)
    page.write(bytes.fromhex('53' '31c9' '31db' 'b8') + number.to_bytes(4, 'little') + bytes.fromhex('cd80' '5b' 'c3'))
    done = ctypes.CFUNCTYPE(ctypes.c_int)(at)()
    if done < 0:
        raise OSError(-done, 'refused')
    return done
attempt(lambda: of_32_bits(20))
attempt(lambda: of_32_bits(21))
attempt(lambda: of_32_bits(356))
attempt(lambda: syscall(0x40000000 | 39))
attempt(lambda: syscall(0x40000000 | 165, 0, 0, 0, 0, 0))
attempt(lambda: syscall(0x40000000 | 319, b'x', 0))
"""


@pytest.fixture(scope="module")
def heard(attack: Attack) -> dict[str, object]:
    """Give what the job heard of each call."""
    names = [*NUMBERS, *WAYS_ROUND]
    return dict(zip(names, said(attack.run(TRY + EVERY_CALL + CALLS + END)), strict=True))


@pytest.mark.parametrize("name", NUMBERS)
def test_call_is_refused(heard: dict[str, object], name: str) -> None:
    assert heard[name] == "EPERM"


@pytest.mark.parametrize("name", WAYS_ROUND)
def test_way_round_is_refused(heard: dict[str, object], name: str) -> None:
    allowed = {"clone3, whose flags no filter sees": {"ENOSYS"}, "more turns": {"EACCES", "EPERM"},
               "another account": {"EINVAL", "EPERM"},
               "a mark that gives privileges": {"EINVAL", "EPERM"}, "an account that owns the tables": {"EROFS"}}  # fmt: skip
    assert heard[name] in allowed.get(name, {"EPERM"})


def test_almost_every_name_is_known_here() -> None:
    assert set(NAMES) - set(NUMBERS) <= {"kexec_file_load", "quotactl_fd", "memfd_secret", "nfsservctl", "uselib"}
    assert set(REFUSED) <= set(NAMES)


def test_calls_by_the_tables_of_other_programs_are_refused(attack: Attack) -> None:
    assert said(attack.run(TRY + OTHER_TABLES + END)) == ["EPERM"] * 6
