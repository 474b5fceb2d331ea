"""Parameters that no official rule uses: a program makes the calls, and what it gave is what evt.args says."""

import platform
import subprocess
import sys
import unittest

from harness import Agent
from test_agent import rules_file

# Each call is made once; an argument of the program tells its events from those of others.
PROGRAM = r"""
import ctypes, os, signal, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
# Those that libraries make other calls of.
PREADV, PWRITEV, SEMOP = (295, 296, 65) if os.uname().machine == "x86_64" else (69, 70, 193)

class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]
class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint), ("vector", ctypes.POINTER(Vector)),
                ("vector_length", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
                ("flags", ctypes.c_int)]
class ManyMessages(ctypes.Structure):
    _fields_ = [("header", Message), ("length", ctypes.c_uint)]
class Semaphore(ctypes.Structure):
    _fields_ = [("number", ctypes.c_ushort), ("op", ctypes.c_short), ("flags", ctypes.c_short)]
# Vectors, one of more buffers than are looked into for data.
file = os.memfd_create("vectors")
os.writev(file, [b"one", b"three"])
libc.syscall(PWRITEV, file, (Vector * 20)(*[Vector(b"x", 1)] * 20), ctypes.c_size_t(20), ctypes.c_size_t(8), 0)
libc.syscall(PREADV, file, (Vector * 2)(Vector(b"." * 100, 100), Vector(b"." * 28, 28)), ctypes.c_size_t(2), ctypes.c_size_t(2), 0)
os.lseek(file, 0, 0)
os.readv(file, [bytearray(10)])

# Messages, one with control data, and lists of them.
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
left.sendmsg([b"ab", b"cd"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", 2))])
right.recvmsg(100, 100)
def list_of(*texts):
    made = (ManyMessages * len(texts))()
    for one, text in zip(made, texts):
        one.header.vector, one.header.vector_length = ctypes.pointer(Vector(text, len(text))), 1
    return made
assert libc.sendmmsg(left.fileno(), list_of(b"first", b"second", b"third!!"), 3, 0) == 3
assert libc.recvmmsg(right.fileno(), list_of(b"." * 50, b"." * 60, b"." * 70), 3, 0, None) == 3

# Signals.
signals = (ctypes.c_ulong * 16)((1 << signal.SIGINT - 1) | (1 << signal.SIGTERM - 1))
libc.ppoll(None, 0, ctypes.byref((ctypes.c_long * 2)(0, 1000)), signals)
libc.signalfd(-1, signals, 0)
libc.syscall(426, -1, 1, 0, 0, signals, ctypes.c_size_t(8))

# Semaphores.
libc.syscall(SEMOP, -1, (Semaphore * 2)(Semaphore(3, -1, 0o4000), Semaphore(4, 2, 0o10000)), ctypes.c_size_t(2))
libc.syscall(SEMOP, -1, (Semaphore * 2)(Semaphore(5, 1, 0)), ctypes.c_size_t(1))

# Quotas and file systems.
block = struct.pack("8QI", 1, 2, 3, 4, 5, 6, 7, 8, 1 | 16) + bytes(4)
libc.quotactl(0x800008 << 8, b"/dev/none", 7, block)
libc.quotactl(0x800002 << 8 | 1, b"/dev/none", 2, b"/quota.file")
libc.quotactl(0x800006 << 8, b"/dev/none", 0, struct.pack("2Q2I", 11, 12, 1, 1 | 4) + bytes(48))
libc.syscall(431, -1, 2, b"key", b"\x01\x02bytes", 7)
libc.syscall(431, -1, 1, b"key", b"text", 0)
"""

# Calls of before there were flags; other architectures do not have them.
OLD_CALLS = r"""
libc.syscall(282, -1, signals, ctypes.c_size_t(8))
libc.syscall(284, 5)
libc.syscall(253)
pid = libc.syscall(57)
if pid == 0: os._exit(0)
os.waitpid(pid, 0)
"""

EXPECTED = {
    "writev": ["res=8 data=onethree fd=%fd(<m>vectors) size=8"],
    "pwritev": ["res=20 data=xxxxxxxx fd=%fd(<m>vectors) size=20 pos=8"],
    "preadv": ["res=26 size=128 data=ethreexxxxxxxxxxxxxxxxxxxx fd=%fd(<m>vectors) pos=2"],
    "readv": ["res=10 size=10 data=onethreexx fd=%fd(<m>vectors)"],
    "sendmsg": ["size=4 "],
    "recvmsg": ["res=4 size=4 data=abcd "],
    "sendmmsg": ["res=5 ", "res=6 ", "res=7 "],
    "recvmmsg": ["res=5 ", "res=6 ", "res=7 "],
    "ppoll": ["sigmask=16386(SIGINT SIGTERM)"],
    "signalfd4": ["mask=4002"],
    "io_uring_enter": ["sig=16386(SIGINT SIGTERM)"],
    "semop": ["nsops=2 sem_num_0=3 sem_op_0=-1 sem_flg_0=1(IPC_NOWAIT) sem_num_1=4 sem_op_1=2 sem_flg_1=2(SEM_UNDO) semid=-1",
              "nsops=1 sem_num_0=5 sem_op_0=1 sem_flg_0=0 sem_num_1=<NA> sem_op_1=<NA> sem_flg_1=<NA> semid=-1"],
    "quotactl": ["quotafilepath=<NA> dqb_bhardlimit=1 dqb_bsoftlimit=2 dqb_curspace=<NA> dqb_ihardlimit=<NA> dqb_isoftlimit=<NA> "
                 "dqb_btime=7 dqb_itime=<NA> dqi_bgrace=<NA>",
                 "quotafilepath=/quota.file ",
                 "dqi_bgrace=11 dqi_igrace=<NA> dqi_flags=2(V1_DQF_RSQUASH) quota_fmt_out=1(QFMT_NOT_USED) cmd=16(Q_SETINFO)"],
    "fsconfig": ["value_bytebuf=..bytes value_charbuf=<NA> aux=7", "value_bytebuf=NULL value_charbuf=text aux=0"],
}
ALSO = {
    "sendmmsg": ["size=5 data=first ", "size=6 data=second ", "size=7 data=third!! "],
    "recvmsg": ["msgcontrol=...................."],  # struct cmsghdr and a descriptor
    "recvmmsg": ["size=5 data=first ", "size=6 data=second ", "size=7 data=third!! "],
    "quotactl": ["cmd=64(Q_SETQUOTA) type=1(USRQUOTA) id=7 quota_fmt=1(QFMT_NOT_USED)",
                 "cmd=1(Q_QUOTAON) type=2(GRPQUOTA) id=2 quota_fmt=4(QFMT_VFS_V0)", ""],
}
OLD_EXPECTED = {
    "signalfd": ["mask=4002 flags=0"],
    "eventfd": ["initval=5 flags=0"],
    "inotify_init": ["flags=0"],
    "fork": ["flags=0"],
}


class Parameters(unittest.TestCase):
    def test_what_was_given_is_what_is_said(self):
        program, expected = PROGRAM, dict(EXPECTED)
        if platform.machine() == "x86_64":
            program += OLD_CALLS
            expected.update(OLD_EXPECTED)
        calls = ", ".join(expected)
        rule = (f"- rule: call\n  desc: d\n  condition: evt.type in ({calls}) and proc.cmdline endswith saker-params\n"
                "  output: o %evt.type %evt.args\n  priority: DEBUG\n"
                "- rule: done\n  desc: d\n  condition: evt.type = memfd_create and evt.arg.name = saker-params-done\n"
                "  output: o\n  priority: DEBUG\n")
        with Agent("-o", "base_syscalls.all=true", rules=[rules_file(self, rule)]) as agent:
            subprocess.run([sys.executable, "-c", program + '\nos.memfd_create("saker-params-done")\n', "saker-params"],
                           check=True)
            agent.wait_for(rule="done")
        for call, wanted in expected.items():
            seen = [alert["output_fields"] for alert in agent.find(rule="call", **{"evt.type": call})]
            texts = [fields["evt.args"] for fields in seen]
            if call == "fork":
                texts = texts[-1:]  # the child's comes from the same call, with the same name
            with self.subTest(call=call):
                self.assertEqual(len(texts), len(wanted), texts)
                for text, part, other in zip(texts, wanted, ALSO.get(call, [""] * len(wanted))):
                    fd = text.split("fd=")[1].split("(")[0] if "%fd" in part else ""
                    self.assertIn(part.replace("%fd", fd), text)
                    self.assertIn(other, text)


if __name__ == "__main__":
    unittest.main()
