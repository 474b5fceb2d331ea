#include "event/symbols.h"

#include <algorithm>
#include <array>

#include "event/open_flags.h"

namespace saker::event {
namespace {

// clang-format off
constexpr Symbol kOpenFlags[] = {
    {0x800U, "O_LARGEFILE"}, {0x400U, "O_DIRECTORY"}, {0x200U, "O_DIRECT"}, {0x100U, "O_TRUNC"},
    {0x80U, "O_SYNC"}, {0x40U, "O_NONBLOCK"}, {0x20U, "O_EXCL"}, {0x10U, "O_DSYNC"}, {8, "O_APPEND"},
    {4, "O_CREAT"}, {3, "O_RDWR"}, {2, "O_WRONLY"}, {1, "O_RDONLY"}, {0x1000U, "O_CLOEXEC"}, {0, "O_NONE"},
    {0x2000U, "O_TMPFILE"}, {0x4000U, "O_F_CREATED"}, {0x8000U, "FD_UPPER_LAYER"},
    {0x10000U, "FD_LOWER_LAYER"},
};
constexpr Symbol kSocketDomain[] = {
    {0x27U, "AF_NFC"}, {0x26U, "AF_ALG"}, {0x25U, "AF_CAIF"}, {0x24U, "AF_IEEE802154"},
    {0x23U, "AF_PHONET"}, {0x22U, "AF_ISDN"}, {0x21U, "AF_RXRPC"}, {0x20U, "AF_IUCV"},
    {0x1fU, "AF_BLUETOOTH"}, {0x1eU, "AF_TIPC"}, {0x1dU, "AF_CAN"}, {0x1aU, "AF_LLC"},
    {0x19U, "AF_WANPIPE"}, {0x18U, "AF_PPPOX"}, {0x17U, "AF_IRDA"}, {0x16U, "AF_SNA"}, {0x15U, "AF_RDS"},
    {0x14U, "AF_ATMSVC"}, {0x13U, "AF_ECONET"}, {0x12U, "AF_ASH"}, {0x11U, "AF_PACKET"},
    {0x10U, "AF_ROUTE"}, {0x10U, "AF_NETLINK"}, {0xfU, "AF_KEY"}, {0xeU, "AF_SECURITY"},
    {0xdU, "AF_NETBEUI"}, {0xcU, "AF_DECnet"}, {0xbU, "AF_ROSE"}, {0xaU, "AF_INET6"}, {9, "AF_X25"},
    {8, "AF_ATMPVC"}, {7, "AF_BRIDGE"}, {6, "AF_NETROM"}, {5, "AF_APPLETALK"}, {4, "AF_IPX"},
    {3, "AF_AX25"}, {2, "AF_INET"}, {1, "AF_LOCAL"}, {1, "AF_UNIX"}, {0, "AF_UNSPEC"},
};
constexpr Symbol kShutdownHow[] = {
    {0xffffU, "SHUT_UNKNOWN"}, {2, "SHUT_RDWR"}, {1, "SHUT_WR"}, {0, "SHUT_RD"},
};
constexpr Symbol kSocketLevel[] = {{1, "SOL_SOCKET"}, {2, "SOL_TCP"}, {0, "UNKNOWN"}};
constexpr Symbol kSocketOption[] = {
    {0x35U, "SO_COOKIE"}, {0x34U, "SO_MEMINFO"}, {0x33U, "SO_PEERGROUPS"}, {0x32U, "SO_ATTACH_BPF"},
    {0x31U, "SO_INCOMING_CPU"}, {0x30U, "SO_BPF_EXTENSIONS"}, {0x2fU, "SO_MAX_PACING_RATE"},
    {0x2eU, "SO_BUSY_POLL"}, {0x2dU, "SO_SELECT_ERR_QUEUE"}, {0x2cU, "SO_LOCK_FILTER"}, {0x2bU, "SO_NOFCS"},
    {0x2aU, "SO_PEEK_OFF"}, {0x29U, "SO_WIFI_STATUS"}, {0x28U, "SO_RXQ_OVFL"}, {0x27U, "SO_DOMAIN"},
    {0x26U, "SO_PROTOCOL"}, {0x25U, "SO_TIMESTAMPING"}, {0x24U, "SO_MARK"}, {0x23U, "SO_TIMESTAMPNS"},
    {0x22U, "SO_PASSSEC"}, {0x1fU, "SO_PEERSEC"}, {0x1eU, "SO_ACCEPTCONN"}, {0x1dU, "SO_TIMESTAMP"},
    {0x1cU, "SO_PEERNAME"}, {0x1bU, "SO_DETACH_FILTER"}, {0x1aU, "SO_ATTACH_FILTER"},
    {0x19U, "SO_BINDTODEVICE"}, {0x18U, "SO_SECURITY_ENCRYPTION_NETWORK"},
    {0x17U, "SO_SECURITY_ENCRYPTION_TRANSPORT"}, {0x16U, "SO_SECURITY_AUTHENTICATION"},
    {0x15U, "SO_SNDTIMEO"}, {0x14U, "SO_RCVTIMEO"}, {0x13U, "SO_SNDLOWAT"}, {0x12U, "SO_RCVLOWAT"},
    {0x11U, "SO_PEERCRED"}, {0x10U, "SO_PASSCRED"}, {0xfU, "SO_REUSEPORT"}, {0xeU, "SO_BSDCOMPAT"},
    {0xdU, "SO_LINGER"}, {0xcU, "SO_PRIORITY"}, {0xbU, "SO_NO_CHECK"}, {0xaU, "SO_OOBINLINE"},
    {9, "SO_KEEPALIVE"}, {0x21U, "SO_RCVBUFFORCE"}, {0x20U, "SO_SNDBUFFORCE"}, {8, "SO_RCVBUF"},
    {7, "SO_SNDBUF"}, {6, "SO_BROADCAST"}, {5, "SO_DONTROUTE"}, {4, "SO_ERROR"}, {3, "SO_TYPE"},
    {2, "SO_REUSEADDR"}, {1, "SO_DEBUG"}, {0, "UNKNOWN"},
};
constexpr Symbol kCreatFlags[] = {{1, "FD_UPPER_LAYER_CREAT"}, {2, "FD_LOWER_LAYER_CREAT"}};
constexpr Symbol kFutexOp[] = {
    {0x100U, "FUTEX_CLOCK_REALTIME"}, {0x80U, "FUTEX_PRIVATE_FLAG"}, {0xcU, "FUTEX_CMP_REQUEUE_PI"},
    {0xbU, "FUTEX_WAIT_REQUEUE_PI"}, {0xaU, "FUTEX_WAKE_BITSET"}, {9, "FUTEX_WAIT_BITSET"},
    {8, "FUTEX_TRYLOCK_PI"}, {7, "FUTEX_UNLOCK_PI"}, {6, "FUTEX_LOCK_PI"}, {5, "FUTEX_WAKE_OP"},
    {4, "FUTEX_CMP_REQUEUE"}, {3, "FUTEX_REQUEUE"}, {2, "FUTEX_FD"}, {1, "FUTEX_WAKE"}, {0, "FUTEX_WAIT"},
};
constexpr Symbol kSeekWhence[] = {{2, "SEEK_END"}, {1, "SEEK_CUR"}, {0, "SEEK_SET"}};
constexpr Symbol kResource[] = {
    {0xffU, "RLIMIT_UNKNOWN"}, {0xfU, "RLIMIT_RTTIME"}, {0xeU, "RLIMIT_RTPRIO"}, {0xdU, "RLIMIT_NICE"},
    {0xcU, "RLIMIT_MSGQUEUE"}, {0xbU, "RLIMIT_SIGPENDING"}, {0xaU, "RLIMIT_LOCKS"}, {9, "RLIMIT_AS"},
    {8, "RLIMIT_MEMLOCK"}, {7, "RLIMIT_NOFILE"}, {6, "RLIMIT_NPROC"}, {5, "RLIMIT_RSS"}, {4, "RLIMIT_CORE"},
    {3, "RLIMIT_STACK"}, {2, "RLIMIT_DATA"}, {1, "RLIMIT_FSIZE"}, {0, "RLIMIT_CPU"},
};
constexpr Symbol kFcntlCommand[] = {
    {0x1dU, "F_GETPIPE_SZ"}, {0x1cU, "F_SETPIPE_SZ"}, {0x1bU, "F_NOTIFY"}, {0x1aU, "F_DUPFD_CLOEXEC"},
    {0x19U, "F_CANCELLK"}, {0x18U, "F_GETLEASE"}, {0x17U, "F_SETLEASE"}, {0x16U, "F_GETOWN_EX"},
    {0x15U, "F_SETOWN_EX"}, {0x13U, "F_SETLKW64"}, {0x12U, "F_SETLK64"}, {0x11U, "F_GETLK64"},
    {0xfU, "F_GETSIG"}, {0xdU, "F_SETSIG"}, {0xcU, "F_GETOWN"}, {0xaU, "F_SETOWN"}, {9, "F_SETLKW"},
    {8, "F_SETLK"}, {6, "F_GETLK"}, {5, "F_SETFL"}, {4, "F_GETFL"}, {3, "F_SETFD"}, {2, "F_GETFD"},
    {1, "F_DUPFD"}, {0x1eU, "F_OFD_GETLK"}, {0x1fU, "F_OFD_SETLK"}, {0x20U, "F_OFD_SETLKW"}, {0, "UNKNOWN"},
};
constexpr Symbol kProtection[] = {
    {1, "PROT_READ"}, {2, "PROT_WRITE"}, {4, "PROT_EXEC"}, {8, "PROT_SEM"}, {0x10U, "PROT_GROWSDOWN"},
    {0x20U, "PROT_GROWSUP"}, {0x40U, "PROT_SAO"}, {0, "PROT_NONE"},
};
constexpr Symbol kMapFlags[] = {
    {1, "MAP_SHARED"}, {2, "MAP_PRIVATE"}, {4, "MAP_FIXED"}, {8, "MAP_ANONYMOUS"}, {0x10U, "MAP_32BIT"},
    {0x20U, "MAP_RENAME"}, {0x40U, "MAP_NORESERVE"}, {0x80U, "MAP_POPULATE"}, {0x100U, "MAP_NONBLOCK"},
    {0x200U, "MAP_GROWSDOWN"}, {0x400U, "MAP_DENYWRITE"}, {0x800U, "MAP_EXECUTABLE"},
    {0x1000U, "MAP_INHERIT"}, {0x2000U, "MAP_FILE"}, {0x4000U, "MAP_LOCKED"},
};
constexpr Symbol kSpliceFlags[] = {
    {1, "SPLICE_F_MOVE"}, {2, "SPLICE_F_NONBLOCK"}, {4, "SPLICE_F_MORE"}, {8, "SPLICE_F_GIFT"},
};
constexpr Symbol kPtraceRequest[] = {
    {0x26U, "PTRACE_SINGLEBLOCK"}, {0x25U, "PTRACE_SYSEMU_SINGLESTEP"}, {0x24U, "PTRACE_SYSEMU"},
    {0x23U, "PTRACE_ARCH_PRCTL"}, {0x22U, "PTRACE_SET_THREAD_AREA"}, {0x21U, "PTRACE_GET_THREAD_AREA"},
    {0x20U, "PTRACE_OLDSETOPTIONS"}, {0x1fU, "PTRACE_SETFPXREGS"}, {0x1eU, "PTRACE_GETFPXREGS"},
    {0x1dU, "PTRACE_SETFPREGS"}, {0x1cU, "PTRACE_GETFPREGS"}, {0x1bU, "PTRACE_SETREGS"},
    {0x1aU, "PTRACE_GETREGS"}, {0x19U, "PTRACE_SETSIGMASK"}, {0x18U, "PTRACE_GETSIGMASK"},
    {0x17U, "PTRACE_PEEKSIGINFO"}, {0x16U, "PTRACE_LISTEN"}, {0x15U, "PTRACE_INTERRUPT"},
    {0x14U, "PTRACE_SEIZE"}, {0x13U, "PTRACE_SETREGSET"}, {0x12U, "PTRACE_GETREGSET"},
    {0x11U, "PTRACE_SETSIGINFO"}, {0x10U, "PTRACE_GETSIGINFO"}, {0xfU, "PTRACE_GETEVENTMSG"},
    {0xeU, "PTRACE_SETOPTIONS"}, {0xdU, "PTRACE_SYSCALL"}, {0xcU, "PTRACE_DETACH"}, {0xbU, "PTRACE_ATTACH"},
    {0xaU, "PTRACE_SINGLESTEP"}, {9, "PTRACE_KILL"}, {8, "PTRACE_CONT"}, {7, "PTRACE_POKEUSR"},
    {6, "PTRACE_POKEDATA"}, {5, "PTRACE_POKETEXT"}, {4, "PTRACE_PEEKUSR"}, {3, "PTRACE_PEEKDATA"},
    {2, "PTRACE_PEEKTEXT"}, {1, "PTRACE_TRACEME"}, {0, "PTRACE_UNKNOWN"},
};
constexpr Symbol kQuotaCommand[] = {
    {1, "Q_QUOTAON"}, {2, "Q_QUOTAOFF"}, {4, "Q_GETFMT"}, {8, "Q_GETINFO"}, {0x10U, "Q_SETINFO"},
    {0x20U, "Q_GETQUOTA"}, {0x40U, "Q_SETQUOTA"}, {0x80U, "Q_SYNC"}, {0x100U, "Q_XQUOTAON"},
    {0x200U, "Q_XQUOTAOFF"}, {0x400U, "Q_XGETQUOTA"}, {0x800U, "Q_XSETQLIM"}, {0x1000U, "Q_XGETQSTAT"},
    {0x2000U, "Q_XQUOTARM"}, {0x4000U, "Q_XQUOTASYNC"},
};
constexpr Symbol kQuotaFormat[] = {
    {1, "QFMT_NOT_USED"}, {2, "QFMT_VFS_OLD"}, {4, "QFMT_VFS_V0"}, {8, "QFMT_VFS_V1"}};
constexpr Symbol kQuotaInfoFlags[] = {{1, "DQF_NONE"}, {2, "V1_DQF_RSQUASH"}};
constexpr Symbol kQuotaType[] = {{1, "USRQUOTA"}, {2, "GRPQUOTA"}};
constexpr Symbol kCloneFlags[] = {
    {1, "CLONE_FILES"}, {2, "CLONE_FS"}, {4, "CLONE_IO"}, {8, "CLONE_NEWIPC"}, {0x10U, "CLONE_NEWNET"},
    {0x20U, "CLONE_NEWNS"}, {0x40U, "CLONE_NEWPID"}, {0x80U, "CLONE_NEWUTS"}, {0x100U, "CLONE_PARENT"},
    {0x200U, "CLONE_PARENT_SETTID"}, {0x400U, "CLONE_PTRACE"}, {0x800U, "CLONE_SIGHAND"},
    {0x1000U, "CLONE_SYSVSEM"}, {0x2000U, "CLONE_THREAD"}, {0x4000U, "CLONE_UNTRACED"},
    {0x8000U, "CLONE_VM"}, {0x10000U, "CLONE_INVERTED"}, {0x20000U, "NAME_CHANGED"}, {0x40000U, "CLOSED"},
    {0x100000U, "CLONE_NEWUSER"}, {0x800000U, "CLONE_CHILD_CLEARTID"}, {0x1000000U, "CLONE_CHILD_SETTID"},
    {0x2000000U, "CLONE_SETTLS"}, {0x4000000U, "CLONE_STOPPED"}, {0x8000000U, "CLONE_VFORK"},
    {0x10000000U, "CLONE_NEWCGROUP"}, {0x20000000U, "CLONE_CHILD_IN_PIDNS"},
};
constexpr Symbol kFlockOperation[] = {
    {1, "LOCK_SH"}, {2, "LOCK_EX"}, {4, "LOCK_NB"}, {8, "LOCK_UN"}, {0, "LOCK_NONE"},
};
constexpr Symbol kSemaphoreFlags[] = {{1, "IPC_NOWAIT"}, {2, "SEM_UNDO"}};
constexpr Symbol kSemaphoreCommand[] = {
    {1, "IPC_STAT"}, {2, "IPC_SET"}, {4, "IPC_RMID"}, {8, "IPC_INFO"}, {0x10U, "SEM_INFO"},
    {0x20U, "SEM_STAT"}, {0x40U, "GETALL"}, {0x80U, "GETNCNT"}, {0x100U, "GETPID"}, {0x200U, "GETVAL"},
    {0x400U, "GETZCNT"}, {0x800U, "SETALL"}, {0x1000U, "SETVAL"},
};
constexpr Symbol kMountFlags[] = {
    {1, "RDONLY"}, {2, "NOSUID"}, {4, "NODEV"}, {8, "NOEXEC"}, {0x10U, "SYNCHRONOUS"}, {0x20U, "REMOUNT"},
    {0x40U, "MANDLOCK"}, {0x80U, "DIRSYNC"}, {0x400U, "NOATIME"}, {0x800U, "NODIRATIME"}, {0x1000U, "BIND"},
    {0x2000U, "MOVE"}, {0x4000U, "REC"}, {0x8000U, "SILENT"}, {0x10000U, "POSIXACL"},
    {0x20000U, "UNBINDABLE"}, {0x40000U, "PRIVATE"}, {0x80000U, "SLAVE"}, {0x100000U, "SHARED"},
    {0x200000U, "RELATIME"}, {0x400000U, "KERNMOUNT"}, {0x800000U, "I_VERSION"},
    {0x1000000U, "STRICTATIME"}, {0x2000000U, "LAZYTIME"}, {0x10000000U, "NOSEC"}, {0x20000000U, "BORN"},
    {0x40000000U, "ACTIVE"}, {0x80000000U, "NOUSER"},
};
constexpr Symbol kSemaphoreGetFlags[] = {{0x4000U, "IPC_EXCL"}, {0x2000U, "IPC_CREAT"}};
constexpr Symbol kAccessMode[] = {{0, "F_OK"}, {4, "R_OK"}, {2, "W_OK"}, {1, "X_OK"}};
constexpr Symbol kExeFlags[] = {
    {1, "EXE_WRITABLE"}, {2, "EXE_UPPER_LAYER"}, {4, "EXE_FROM_MEMFD"}, {8, "EXE_LOWER_LAYER"},
};
constexpr Symbol kUnlinkFlags[] = {{0x200U, "AT_REMOVEDIR"}};
constexpr Symbol kLinkFlags[] = {{0x400U, "AT_SYMLINK_FOLLOW"}, {0x1000U, "AT_EMPTY_PATH"}};
constexpr Symbol kFileMode[] = {
    {1, "S_IXOTH"}, {2, "S_IWOTH"}, {4, "S_IROTH"}, {8, "S_IXGRP"}, {0x10U, "S_IWGRP"}, {0x20U, "S_IRGRP"},
    {0x40U, "S_IXUSR"}, {0x80U, "S_IWUSR"}, {0x100U, "S_IRUSR"}, {0x200U, "S_ISVTX"}, {0x400U, "S_ISGID"},
    {0x800U, "S_ISUID"},
};
constexpr Symbol kRenameFlags[] = {{1, "RENAME_NOREPLACE"}, {2, "RENAME_EXCHANGE"}, {4, "RENAME_WHITEOUT"}};
constexpr Symbol kResolveFlags[] = {
    {1, "RESOLVE_BENEATH"}, {2, "RESOLVE_IN_ROOT"}, {4, "RESOLVE_NO_MAGICLINKS"},
    {8, "RESOLVE_NO_SYMLINKS"}, {0x10U, "RESOLVE_NO_XDEV"}, {0x20U, "RESOLVE_CACHED"},
};
constexpr Symbol kUringSetupFlags[] = {
    {1, "IORING_SETUP_IOPOLL"}, {2, "IORING_SETUP_SQPOLL"}, {4, "IORING_SQ_NEED_WAKEUP"},
    {8, "IORING_SETUP_SQ_AFF"}, {0x10U, "IORING_SETUP_CQSIZE"}, {0x20U, "IORING_SETUP_CLAMP"},
    {0x40U, "IORING_SETUP_ATTACH_RW"}, {0x80U, "IORING_SETUP_R_DISABLED"},
};
constexpr Symbol kUringFeatures[] = {
    {1, "IORING_FEAT_SINGLE_MMAP"}, {2, "IORING_FEAT_NODROP"}, {4, "IORING_FEAT_SUBMIT_STABLE"},
    {8, "IORING_FEAT_RW_CUR_POS"}, {0x10U, "IORING_FEAT_CUR_PERSONALITY"}, {0x20U, "IORING_FEAT_FAST_POLL"},
    {0x40U, "IORING_FEAT_POLL_32BITS"}, {0x80U, "IORING_FEAT_SQPOLL_NONFIXED"},
    {0x100U, "IORING_FEAT_ENTER_EXT_ARG"}, {0x200U, "IORING_FEAT_NATIVE_WORKERS"},
    {0x400U, "IORING_FEAT_RSRC_TAGS"},
};
constexpr Symbol kUringEnterFlags[] = {
    {1, "IORING_ENTER_GETEVENTS"}, {2, "IORING_ENTER_SQ_WAKEUP"}, {4, "IORING_ENTER_SQ_WAIT"},
    {8, "IORING_ENTER_EXT_ARG"},
};
constexpr Symbol kUringRegisterOpcode[] = {
    {0, "IORING_REGISTER_BUFFERS"}, {1, "IORING_UNREGISTER_BUFFERS"}, {2, "IORING_REGISTER_FILES"},
    {3, "IORING_UNREGISTER_FILES"}, {4, "IORING_REGISTER_EVENTFD"}, {5, "IORING_UNREGISTER_EVENTFD"},
    {6, "IORING_REGISTER_FILES_UPDATE"}, {7, "IORING_REGISTER_EVENTFD_ASYNC"}, {8, "IORING_REGISTER_PROBE"},
    {9, "IORING_REGISTER_PERSONALITY"}, {0xaU, "IORING_UNREGISTER_PERSONALITY"},
    {0xbU, "IORING_REGISTER_RESTRICTIONS"}, {0xcU, "IORING_REGISTER_ENABLE_RINGS"},
    {0xdU, "IORING_REGISTER_FILES2"}, {0xeU, "IORING_REGISTER_FILES_UPDATE2"},
    {0xfU, "IORING_REGISTER_BUFFERS2"}, {0x10U, "IORING_REGISTER_BUFFERS_UPDATE"},
    {0x11U, "IORING_REGISTER_IOWQ_AFF"}, {0x12U, "IORING_UNREGISTER_IOWQ_AFF"},
    {0x13U, "IORING_REGISTER_IOWQ_MAX_WORKERS"}, {0x14U, "IORING_REGISTER_RING_FDS"},
    {0x15U, "IORING_UNREGISTER_RING_FDS"},
};
constexpr Symbol kLockAllFlags[] = {{1, "MCL_CURRENT"}, {2, "MCL_FUTURE"}, {4, "MCL_ONFAULT"}};
constexpr Symbol kBpfCommand[] = {
    {0, "BPF_MAP_CREATE"}, {1, "BPF_MAP_LOOKUP_ELEM"}, {2, "BPF_MAP_UPDATE_ELEM"},
    {3, "BPF_MAP_DELETE_ELEM"}, {4, "BPF_MAP_GET_NEXT_KEY"}, {5, "BPF_PROG_LOAD"}, {6, "BPF_OBJ_PIN"},
    {7, "BPF_OBJ_GET"}, {8, "BPF_PROG_ATTACH"}, {9, "BPF_PROG_DETACH"}, {0xaU, "BPF_PROG_TEST_RUN"},
    {0xaU, "BPF_PROG_RUN"}, {0xbU, "BPF_PROG_GET_NEXT_ID"}, {0xcU, "BPF_MAP_GET_NEXT_ID"},
    {0xdU, "BPF_PROG_GET_FD_BY_ID"}, {0xeU, "BPF_MAP_GET_FD_BY_ID"}, {0xfU, "BPF_OBJ_GET_INFO_BY_FD"},
    {0x10U, "BPF_PROG_QUERY"}, {0x11U, "BPF_RAW_TRACEPOINT_OPEN"}, {0x12U, "BPF_BTF_LOAD"},
    {0x13U, "BPF_BTF_GET_FD_BY_ID"}, {0x14U, "BPF_TASK_FD_QUERY"},
    {0x15U, "BPF_MAP_LOOKUP_AND_DELETE_ELEM"}, {0x16U, "BPF_MAP_FREEZE"}, {0x17U, "BPF_BTF_GET_NEXT_ID"},
    {0x18U, "BPF_MAP_LOOKUP_BATCH"}, {0x19U, "BPF_MAP_LOOKUP_AND_DELETE_BATCH"},
    {0x1aU, "BPF_MAP_UPDATE_BATCH"}, {0x1bU, "BPF_MAP_DELETE_BATCH"}, {0x1cU, "BPF_LINK_CREATE"},
    {0x1dU, "BPF_LINK_UPDATE"}, {0x1eU, "BPF_LINK_GET_FD_BY_ID"}, {0x1fU, "BPF_LINK_GET_NEXT_ID"},
    {0x20U, "BPF_ENABLE_STATS"}, {0x21U, "BPF_ITER_CREATE"}, {0x22U, "BPF_LINK_DETACH"},
    {0x23U, "BPF_PROG_BIND_MAP"},
};
constexpr Symbol kLockFlags[] = {{1, "MLOCK_ONFAULT"}};
constexpr Symbol kFsconfigCommand[] = {
    {0, "FSCONFIG_SET_FLAG"}, {1, "FSCONFIG_SET_STRING"}, {2, "FSCONFIG_SET_BINARY"},
    {3, "FSCONFIG_SET_PATH"}, {4, "FSCONFIG_SET_PATH_EMPTY"}, {5, "FSCONFIG_SET_FD"},
    {6, "FSCONFIG_CMD_CREATE"}, {7, "FSCONFIG_CMD_RECONFIGURE"},
};
constexpr Symbol kEpollFlags[] = {{1, "EPOLL_CLOEXEC"}};
constexpr Symbol kChownFlags[] = {{0x400U, "AT_SYMLINK_NOFOLLOW"}, {0x1000U, "AT_EMPTY_PATH"}};
constexpr Symbol kUmountFlags[] = {{1, "FORCE"}, {2, "DETACH"}, {4, "EXPIRE"}, {8, "NOFOLLOW"}};
constexpr Symbol kPrctlOption[] = {
    {3, "PR_GET_DUMPABLE"}, {4, "PR_SET_DUMPABLE"}, {7, "PR_GET_KEEPCAPS"}, {8, "PR_SET_KEEPCAPS"},
    {0xfU, "PR_SET_NAME"}, {0x10U, "PR_GET_NAME"}, {0x15U, "PR_GET_SECCOMP"}, {0x16U, "PR_SET_SECCOMP"},
    {0x17U, "PR_CAPBSET_READ"}, {0x18U, "PR_CAPBSET_DROP"}, {0x1bU, "PR_GET_SECUREBITS"},
    {0x1cU, "PR_SET_SECUREBITS"}, {0x21U, "PR_MCE_KILL"}, {0x21U, "PR_MCE_KILL"}, {0x23U, "PR_SET_MM"},
    {0x24U, "PR_SET_CHILD_SUBREAPER"}, {0x25U, "PR_GET_CHILD_SUBREAPER"}, {0x26U, "PR_SET_NO_NEW_PRIVS"},
    {0x27U, "PR_GET_NO_NEW_PRIVS"}, {0x28U, "PR_GET_TID_ADDRESS"}, {0x29U, "PR_SET_THP_DISABLE"},
    {0x2aU, "PR_GET_THP_DISABLE"}, {0x2fU, "PR_CAP_AMBIENT"},
};
constexpr Symbol kMemfdFlags[] = {{1, "MFD_CLOEXEC"}, {2, "MFD_ALLOW_SEALING"}, {4, "MFD_HUGETLB"}};
constexpr Symbol kPidfdFlags[] = {{1, "PIDFD_NONBLOCK"}};
constexpr Symbol kModuleInitFlags[] = {
    {1, "MODULE_INIT_IGNORE_MODVERSIONS"}, {2, "MODULE_INIT_IGNORE_VERMAGIC"},
    {4, "MODULE_INIT_COMPRESSED_FILE"},
};
constexpr Symbol kNodeMode[] = {
    {1, "S_IXOTH"}, {2, "S_IWOTH"}, {4, "S_IROTH"}, {8, "S_IXGRP"}, {0x10U, "S_IWGRP"}, {0x20U, "S_IRGRP"},
    {0x40U, "S_IXUSR"}, {0x80U, "S_IWUSR"}, {0x100U, "S_IRUSR"}, {0x200U, "S_ISVTX"}, {0x400U, "S_ISGID"},
    {0x800U, "S_ISUID"}, {0x8000U, "S_IFREG"}, {0x2000U, "S_IFCHR"}, {0x6000U, "S_IFBLK"},
    {0x1000U, "S_IFIFO"}, {0xc000U, "S_IFSOCK"},
};
constexpr Symbol kStatFlags[] = {
    {0x1000U, "AT_EMPTY_PATH"}, {0x800U, "AT_NO_AUTOMOUNT"}, {0x100U, "AT_SYMLINK_NOFOLLOW"},
};
constexpr Symbol kModuleDeleteFlags[] = {{2, "O_NONBLOCK"}, {1, "O_TRUNC"}};
constexpr Symbol kCloseRangeFlags[] = {{2, "CLOSE_RANGE_UNSHARE"}, {4, "CLOSE_RANGE_CLOEXEC"}};
constexpr Symbol kKeyctlOperation[] = {
    {0, "KEYCTL_GET_KEYRING_ID"}, {1, "KEYCTL_JOIN_SESSION_KEYRING"}, {2, "KEYCTL_UPDATE"},
    {3, "KEYCTL_REVOKE"}, {4, "KEYCTL_CHOWN"}, {5, "KEYCTL_SETPERM"}, {6, "KEYCTL_DESCRIBE"},
    {7, "KEYCTL_CLEAR"}, {8, "KEYCTL_LINK"}, {9, "KEYCTL_UNLINK"}, {0xaU, "KEYCTL_SEARCH"},
    {0xbU, "KEYCTL_READ"}, {0xcU, "KEYCTL_INSTANTIATE"}, {0xdU, "KEYCTL_NEGATE"},
    {0xeU, "KEYCTL_SET_REQKEY_KEYRING"}, {0xfU, "KEYCTL_SET_TIMEOUT"}, {0x10U, "KEYCTL_ASSUME_AUTHORITY"},
    {0x11U, "KEYCTL_GET_SECURITY"}, {0x12U, "KEYCTL_SESSION_TO_PARENT"}, {0x13U, "KEYCTL_REJECT"},
    {0x14U, "KEYCTL_INSTANTIATE_IOV"}, {0x15U, "KEYCTL_INVALIDATE"}, {0x16U, "KEYCTL_GET_PERSISTENT"},
    {0x17U, "KEYCTL_DH_COMPUTE"}, {0x18U, "KEYCTL_PKEY_QUERY"}, {0x19U, "KEYCTL_PKEY_ENCRYPT"},
    {0x1aU, "KEYCTL_PKEY_DECRYPT"}, {0x1bU, "KEYCTL_PKEY_SIGN"}, {0x1cU, "KEYCTL_PKEY_VERIFY"},
    {0x1dU, "KEYCTL_RESTRICT_KEYRING"}, {0x1eU, "KEYCTL_MOVE"}, {0x1fU, "KEYCTL_CAPABILITIES"},
    {0x20U, "KEYCTL_WATCH_KEY"},
};
// clang-format on

// The kernel's number and the engine's, where they differ.
struct Pair {
  std::uint32_t kernel, engine;
};

constexpr Pair kCloneBits[] = {
    {0x100, 32768},         {0x200, 2},          {0x400, 1},
    {0x800, 2048},          {0x2000, 1024},      {0x4000, 134217728},
    {0x8000, 256},          {0x10000, 8192},     {0x20000, 32},
    {0x40000, 4096},        {0x80000, 33554432}, {0x100000, 512},
    {0x200000, 8388608},    {0x800000, 16384},   {0x1000000, 16777216},
    {0x2000000, 268435456}, {0x4000000, 128},    {0x8000000, 8},
    {0x10000000, 1048576},  {0x20000000, 64},    {0x40000000, 16},
    {0x80000000, 4},
};
constexpr Pair kMapBits[] = {
    {0x1, 1},      {0x2, 2},       {0x10, 4},    {0x20, 8},     {0x40, 16},     {0x4000, 64},
    {0x8000, 128}, {0x10000, 256}, {0x100, 512}, {0x800, 1024}, {0x1000, 2048}, {0x2000, 16384},
};
constexpr Pair kProtectionBits[] = {{1, 1}, {2, 2}, {4, 4}, {8, 8}, {0x1000000, 16}, {0x2000000, 32}};
constexpr Pair kUringSetupBits[] = {{1, 1}, {2, 2}, {4, 8}, {8, 16}, {16, 32}, {32, 64}, {64, 128}};
constexpr Pair kSemaphoreGetBits[] = {{0x200, 8192}, {0x400, 16384}};
constexpr Pair kSemaphoreBits[] = {{0x800, 1}, {0x1000, 2}};
constexpr Pair kChownBits[] = {{0x100, 1024}, {0x1000, 4096}};
constexpr Pair kEpollBits[] = {{02000000, 1}};
constexpr Pair kPidfdBits[] = {{04000, 1}};
constexpr Pair kModuleDeleteBits[] = {{01000, 1}, {04000, 2}};

constexpr Pair kPtraceNumbers[] = {
    {0, 1},       {1, 2},       {2, 3},       {3, 4},       {4, 5},       {5, 6},       {6, 7},
    {7, 8},       {8, 9},       {9, 10},      {16, 11},     {17, 12},     {24, 13},     {0x4200, 14},
    {0x4201, 15}, {0x4202, 16}, {0x4203, 17}, {0x4204, 18}, {0x4205, 19}, {0x4206, 20}, {0x4207, 21},
    {0x4208, 22}, {0x4209, 23}, {0x420a, 24}, {0x420b, 25}, {12, 26},     {13, 27},     {14, 28},
    {15, 29},     {18, 30},     {19, 31},     {21, 32},     {25, 33},     {26, 34},     {30, 35},
    {31, 36},     {32, 37},     {33, 38},
};
constexpr Pair kFcntlNumbers[] = {
    {0, 1},   {1, 2},     {2, 3},     {3, 4},     {4, 5},     {5, 6},     {6, 8},     {7, 9},
    {8, 10},  {9, 12},    {10, 13},   {11, 15},   {15, 21},   {16, 22},   {36, 30},   {37, 31},
    {38, 32}, {1024, 23}, {1025, 24}, {1026, 27}, {1029, 25}, {1030, 26}, {1031, 28}, {1032, 29},
};
constexpr Pair kSemaphoreNumbers[] = {
    {0, 4},    {1, 2},    {2, 1},    {3, 8},     {19, 16},   {18, 32},   {13, 64},
    {14, 128}, {11, 256}, {12, 512}, {15, 1024}, {17, 2048}, {16, 4096},
};
constexpr Pair kSocketLevels[] = {{1, 1}, {6, 2}};
// Without the flag that asks for 64-bit time limits.
constexpr Pair kQuotaNumbers[] = {
    {0x800002, 1},  {0x800003, 2},  {0x800004, 4},   {0x800005, 8},  {0x800006, 16},
    {0x800007, 32}, {0x800008, 64}, {0x800001, 128}, {0x5801, 256},  {0x5802, 512},
    {0x5803, 1024}, {0x5804, 2048}, {0x5805, 4096},  {0x5806, 8192}, {0x5807, 16384},
};
constexpr Pair kQuotaTypes[] = {{0, 1}, {1, 2}};
constexpr Pair kQuotaFormats[] = {{0, 1}, {1, 2}, {2, 4}, {4, 8}};  // 0: the command has none
constexpr Pair kQuotaInfoBits[] = {{0, 1}, {1, 2}};

enum class Way : std::uint8_t { kSame, kBits, kNumbers, kPermissions, kDescriptor };

struct Table {
  std::span<const Symbol> symbols;
  Way way = Way::kSame;
  std::span<const Pair> pairs = {};
};

constexpr std::uint64_t kPermissionBits = 07777;
constexpr std::uint64_t kNodeBits = 0177777;

constexpr auto kTables = [] {
  std::array<Table, static_cast<std::size_t>(Symbols::kCount)> made{};
  const auto set = [&made](Symbols id, std::span<const Symbol> names, Way way = Way::kSame,
                           std::span<const Pair> pairs = {}) {
    made[static_cast<std::size_t>(id)] = {names, way, pairs};
  };
  set(Symbols::kOpenFlags, kOpenFlags);
  set(Symbols::kSocketDomain, kSocketDomain);
  set(Symbols::kShutdownHow, kShutdownHow);
  set(Symbols::kSocketLevel, kSocketLevel, Way::kNumbers, kSocketLevels);
  set(Symbols::kSocketOption, kSocketOption);
  set(Symbols::kCreatFlags, kCreatFlags);
  set(Symbols::kFutexOp, kFutexOp);
  set(Symbols::kSeekWhence, kSeekWhence);
  set(Symbols::kResource, kResource);
  set(Symbols::kFcntlCommand, kFcntlCommand, Way::kNumbers, kFcntlNumbers);
  set(Symbols::kProtection, kProtection, Way::kBits, kProtectionBits);
  set(Symbols::kMapFlags, kMapFlags, Way::kBits, kMapBits);
  set(Symbols::kSpliceFlags, kSpliceFlags);
  set(Symbols::kPtraceRequest, kPtraceRequest, Way::kNumbers, kPtraceNumbers);
  set(Symbols::kQuotaCommand, kQuotaCommand, Way::kNumbers, kQuotaNumbers);
  set(Symbols::kQuotaFormat, kQuotaFormat, Way::kNumbers, kQuotaFormats);
  set(Symbols::kQuotaInfoFlags, kQuotaInfoFlags, Way::kNumbers, kQuotaInfoBits);
  set(Symbols::kQuotaType, kQuotaType, Way::kNumbers, kQuotaTypes);
  set(Symbols::kCloneFlags, kCloneFlags, Way::kBits, kCloneBits);
  set(Symbols::kFlockOperation, kFlockOperation);
  set(Symbols::kSemaphoreFlags, kSemaphoreFlags, Way::kBits, kSemaphoreBits);
  set(Symbols::kSemaphoreCommand, kSemaphoreCommand, Way::kNumbers, kSemaphoreNumbers);
  set(Symbols::kMountFlags, kMountFlags);
  set(Symbols::kSemaphoreGetFlags, kSemaphoreGetFlags, Way::kBits, kSemaphoreGetBits);
  set(Symbols::kAccessMode, kAccessMode);
  set(Symbols::kExeFlags, kExeFlags);
  set(Symbols::kUnlinkFlags, kUnlinkFlags);
  set(Symbols::kLinkFlags, kLinkFlags);
  set(Symbols::kFileMode, kFileMode, Way::kPermissions);
  set(Symbols::kRenameFlags, kRenameFlags);
  set(Symbols::kResolveFlags, kResolveFlags);
  set(Symbols::kUringSetupFlags, kUringSetupFlags, Way::kBits, kUringSetupBits);
  set(Symbols::kUringFeatures, kUringFeatures);
  set(Symbols::kUringEnterFlags, kUringEnterFlags);
  set(Symbols::kUringRegisterOpcode, kUringRegisterOpcode);
  set(Symbols::kLockAllFlags, kLockAllFlags);
  set(Symbols::kBpfCommand, kBpfCommand);
  set(Symbols::kLockFlags, kLockFlags);
  set(Symbols::kFsconfigCommand, kFsconfigCommand);
  set(Symbols::kEpollFlags, kEpollFlags, Way::kBits, kEpollBits);
  set(Symbols::kChownFlags, kChownFlags, Way::kBits, kChownBits);
  set(Symbols::kUmountFlags, kUmountFlags);
  set(Symbols::kPrctlOption, kPrctlOption);
  set(Symbols::kMemfdFlags, kMemfdFlags);
  set(Symbols::kPidfdFlags, kPidfdFlags, Way::kBits, kPidfdBits);
  set(Symbols::kModuleInitFlags, kModuleInitFlags);
  set(Symbols::kNodeMode, kNodeMode, Way::kPermissions);
  set(Symbols::kStatFlags, kStatFlags);
  set(Symbols::kModuleDeleteFlags, kModuleDeleteFlags, Way::kBits, kModuleDeleteBits);
  set(Symbols::kCloseRangeFlags, kCloseRangeFlags);
  set(Symbols::kKeyctlOperation, kKeyctlOperation);
  set(Symbols::kDescriptorFlags, kOpenFlags, Way::kDescriptor);
  return made;
}();

#if defined(__x86_64__) || defined(__i386__)
constexpr OpenFlagsAbi kAbi = OpenFlagsAbi::kX86;
#else
constexpr OpenFlagsAbi kAbi = OpenFlagsAbi::kArm;
#endif

constexpr std::uint32_t kDescriptorBits = kOpenCloexec | kOpenNonblock | kOpenDirect;

const Table& table_of(Symbols table) { return kTables[static_cast<std::size_t>(table)]; }

}  // namespace

std::span<const Symbol> symbols(Symbols table) { return table_of(table).symbols; }

std::uint64_t from_kernel(Symbols id, std::uint64_t number) {
  const Table& table = table_of(id);
  switch (table.way) {
    case Way::kSame:
      break;
    case Way::kBits: {
      std::uint64_t engine = 0;
      for (const Pair& pair : table.pairs) {
        if ((number & pair.kernel) == pair.kernel) engine |= pair.engine;
      }
      return engine;
    }
    case Way::kNumbers: {
      const auto found = std::ranges::find(table.pairs, static_cast<std::uint32_t>(number), &Pair::kernel);
      return found == table.pairs.end() ? 0 : found->engine;
    }
    case Way::kPermissions:
      return number & (id == Symbols::kNodeMode ? kNodeBits : kPermissionBits);
    case Way::kDescriptor:
      return engine_open_flags(static_cast<std::uint32_t>(number), kAbi) & kDescriptorBits;
  }
  return number;
}

}  // namespace saker::event
