// Calls on processes, users, signals and limits.
#include <linux/quota.h>

#include <array>
#include <iterator>

#include "event/schema_rows.h"

namespace saker::event {
namespace {

using namespace rows;

// What differs between the calls that make a process is where their flags are.
constexpr std::array<Parameter, 21> clone_row(const Parameter& clone_flags) {
  return {special("res", Kind::kResultPid),
          special("exe", Kind::kTaskExe),
          bytes("args", Kind::kTaskArgs),
          special("tid", Kind::kTaskTid),
          special("pid", Kind::kTaskPid),
          special("ptid", Kind::kTaskParent),
          special("cwd", Kind::kEmptyText),
          special("fdlimit", Kind::kFilesMax),
          special("pgft_maj", Kind::kMajorFaults),
          special("pgft_min", Kind::kMinorFaults),
          kVmSize,
          kVmRss,
          kVmSwap,
          special("comm", Kind::kTaskComm),
          bytes("cgroups", Kind::kTaskCgroups),
          clone_flags,
          special("uid", Kind::kTaskUid),
          special("gid", Kind::kTaskGid),
          special("vtid", Kind::kTaskVtid),
          special("vpid", Kind::kTaskVpid),
          special("pidns_init_start_ts", Kind::kPidnsStart)};
}
constexpr auto kClone = clone_row(flags("flags", 0, Symbols::kCloneFlags));
constexpr auto kClone3 = clone_row(fixed_flags("flags", 0, 0, Symbols::kCloneFlags, 8));
constexpr auto kFork = clone_row(no_flags());

// execveat's row ends before `filename`.
constexpr Parameter kExecve[] = {kRes,
                                 special("exe", Kind::kTaskExe),
                                 bytes("args", Kind::kTaskArgs),
                                 special("tid", Kind::kTaskTid),
                                 special("pid", Kind::kTaskPid),
                                 special("ptid", Kind::kTaskParent),
                                 special("cwd", Kind::kExecCwd),
                                 special("fdlimit", Kind::kFilesMax),
                                 special("pgft_maj", Kind::kMajorFaults),
                                 special("pgft_min", Kind::kMinorFaults),
                                 kVmSize,
                                 kVmRss,
                                 kVmSwap,
                                 special("comm", Kind::kTaskComm),
                                 bytes("cgroups", Kind::kTaskCgroups),
                                 bytes("env", Kind::kExecEnv),
                                 special("tty", Kind::kTaskTty),
                                 special("vpgid", Kind::kTaskVgroup),
                                 special("loginuid", Kind::kTaskLoginuid),
                                 special("flags", Kind::kExecFlags, Base::kHex),
                                 special("cap_inheritable", Kind::kTaskCapInheritable, Base::kHex),
                                 special("cap_permitted", Kind::kTaskCapPermitted, Base::kHex),
                                 special("cap_effective", Kind::kTaskCapEffective, Base::kHex),
                                 special("exe_ino", Kind::kExeIno),
                                 special("exe_ino_ctime", Kind::kExeCtime, Base::kTime),
                                 special("exe_ino_mtime", Kind::kExeMtime, Base::kTime),
                                 special("uid", Kind::kTaskUid),
                                 special("trusted_exepath", Kind::kExecPath),
                                 special("pgid", Kind::kTaskGroup),
                                 special("gid", Kind::kTaskGid),
                                 special("filename", Kind::kExecFilename)};
constexpr Parameter kProcexit[] = {special("status", Kind::kExitStatus), special("ret", Kind::kExitReturn),
                                   special("sig", Kind::kExitSignal), special("core", Kind::kExitCore),
                                   special("reaper_tid", Kind::kExitReaper)};
constexpr Parameter kCapset[] = {kRes, special("cap_inheritable", Kind::kTaskCapInheritable, Base::kHex),
                                 special("cap_permitted", Kind::kTaskCapPermitted, Base::kHex),
                                 special("cap_effective", Kind::kTaskCapEffective, Base::kHex)};
constexpr Parameter kChroot[] = {kRes, path("path", 0)};
constexpr Parameter kGetegid[] = {special("egid", Kind::kResultGid)};
constexpr Parameter kGeteuid[] = {special("euid", Kind::kResultUid)};
constexpr Parameter kGetgid[] = {special("gid", Kind::kResultGid)};
constexpr Parameter kGetresgid[] = {kRes, fixed_gid("rgid", 0), fixed_gid("egid", 1), fixed_gid("sgid", 2)};
constexpr Parameter kGetresuid[] = {kRes, fixed_uid("ruid", 0), fixed_uid("euid", 1), fixed_uid("suid", 2)};
constexpr Parameter kGetrlimit[] = {kRes, fixed("cur", 1, 0, Number::kS64, 16),
                                    fixed("max", 1, 8, Number::kS64, 16),
                                    symbol("resource", 0, Symbols::kResource)};
constexpr Parameter kGetuid[] = {special("uid", Kind::kResultUid)};
constexpr Parameter kKill[] = {kRes, pid("pid", 0), signal("sig", 1)};
constexpr Parameter kPidfdGetfd[] = {kResultFd, fd("pid_fd", 0), number("target_fd", 1, Number::kS32),
                                     number("flags", 2, Number::kU32, Base::kHex)};
constexpr Parameter kPidfdOpen[] = {kResultFd, pid("pid", 0), flags("flags", 1, Symbols::kPidfdFlags)};
constexpr Parameter kPrctl[] = {kRes, symbol("option", 0, Symbols::kPrctlOption),
                                of_argument("arg2_str", Kind::kPrctlText, 1, SAKER_ARGUMENT_STRING),
                                special("arg2_int", Kind::kPrctlNumber, Base::kDecimal, 1)};
constexpr Parameter kPrlimit[] = {kRes,
                                  fixed("newcur", 2, 0, Number::kS64, 16),
                                  fixed("newmax", 2, 8, Number::kS64, 16),
                                  fixed("oldcur", 3, 0, Number::kS64, 16),
                                  fixed("oldmax", 3, 8, Number::kS64, 16),
                                  number("pid", 0, Number::kS64),
                                  symbol("resource", 1, Symbols::kResource)};
constexpr Parameter kPtrace[] = {kRes, number("addr", 2, Number::kS64, Base::kHex),
                                 number("data", 3, Number::kS64, Base::kHex),
                                 symbol("request", 0, Symbols::kPtraceRequest), pid("pid", 1)};
// Fields of the structures that quotactl() is given, and the bits that say whether they are valid.
constexpr Parameter quota(std::string_view name, Kind kind, std::uint8_t offset, std::uint8_t valid) {
  return {.name = name,
          .kind = kind,
          .argument = 3,
          .number = Number::kU64,
          .offset = offset,
          .size = valid,
          .collect = SAKER_ARGUMENT_QUOTA};
}
constexpr Parameter quota_symbols(std::string_view name, Kind kind, std::uint8_t argument, Symbols symbols) {
  return {.name = name, .kind = kind, .argument = argument, .symbols = symbols};
}
constexpr Parameter kQuotactl[] = {
    kRes,
    text("special", 1),
    of_argument("quotafilepath", Kind::kQuotaFile, 3, SAKER_ARGUMENT_QUOTA),
    quota("dqb_bhardlimit", Kind::kQuotaBlock, 0, QIF_BLIMITS),
    quota("dqb_bsoftlimit", Kind::kQuotaBlock, 8, QIF_BLIMITS),
    quota("dqb_curspace", Kind::kQuotaBlock, 16, QIF_SPACE),
    quota("dqb_ihardlimit", Kind::kQuotaBlock, 24, QIF_ILIMITS),
    quota("dqb_isoftlimit", Kind::kQuotaBlock, 32, QIF_ILIMITS),
    quota("dqb_btime", Kind::kQuotaBlock, 48, QIF_BTIME),
    quota("dqb_itime", Kind::kQuotaBlock, 56, QIF_ITIME),
    quota("dqi_bgrace", Kind::kQuotaInfo, 0, IIF_BGRACE),
    quota("dqi_igrace", Kind::kQuotaInfo, 8, IIF_IGRACE),
    quota_symbols("dqi_flags", Kind::kQuotaInfoFlags, 3, Symbols::kQuotaInfoFlags),
    quota_symbols("quota_fmt_out", Kind::kQuotaFormatOut, 3, Symbols::kQuotaFormat),
    special("cmd", Kind::kQuotaCommand),
    special("type", Kind::kQuotaType),
    number("id", 2, Number::kU32),
    quota_symbols("quota_fmt", Kind::kQuotaFormat, 2, Symbols::kQuotaFormat)};
constexpr Parameter kSemctl[] = {kRes, number("semid", 0, Number::kS32), number("semnum", 1, Number::kS32),
                                 flags("cmd", 2, Symbols::kSemaphoreCommand), number("val", 3, Number::kS32)};
constexpr Parameter kSemget[] = {kRes, number("key", 0, Number::kS32, Base::kHex),
                                 number("nsems", 1, Number::kS32),
                                 flags("semflg", 2, Symbols::kSemaphoreGetFlags)};
// The first two of its list of struct sembuf.
constexpr Parameter semaphore(std::string_view name, std::uint8_t offset, Number number) {
  Parameter row = fixed(name, 1, offset, number, 12);
  row.kind = Kind::kSemaphoreNumber;
  return row;
}
constexpr Parameter semaphore_flags(std::string_view name, std::uint8_t offset) {
  Parameter row = semaphore(name, offset, Number::kU16);
  row.kind = Kind::kSemaphoreFlags;
  row.base = Base::kHex;
  row.symbols = Symbols::kSemaphoreFlags;
  return row;
}
constexpr Parameter kSemop[] = {kRes,
                                number("nsops", 2, Number::kU32),
                                semaphore("sem_num_0", 0, Number::kU16),
                                semaphore("sem_op_0", 2, Number::kS16),
                                semaphore_flags("sem_flg_0", 4),
                                semaphore("sem_num_1", 6, Number::kU16),
                                semaphore("sem_op_1", 8, Number::kS16),
                                semaphore_flags("sem_flg_1", 10),
                                number("semid", 0, Number::kS32)};
constexpr Parameter kSetgid[] = {kRes, gid("gid", 0)};
constexpr Parameter kSetns[] = {kRes, fd("fd", 0), flags("nstype", 1, Symbols::kCloneFlags)};
constexpr Parameter kSetpgid[] = {kRes, pid("pid", 0), pid("pgid", 1)};
constexpr Parameter kSetregid[] = {kRes, uid("rgid", 0), uid("egid", 1)};
constexpr Parameter kSetresgid[] = {kRes, gid("rgid", 0), gid("egid", 1), gid("sgid", 2)};
constexpr Parameter kSetresuid[] = {kRes, uid("ruid", 0), uid("euid", 1), uid("suid", 2)};
constexpr Parameter kSetreuid[] = {kRes, uid("ruid", 0), uid("euid", 1)};
constexpr Parameter kSetsid[] = {special("res", Kind::kResultPid)};
constexpr Parameter kSetuid[] = {kRes, uid("uid", 0)};
// As wide as Falco's; the whole set has 64 bits.
constexpr Parameter kSignalMask = [] {
  Parameter row = fixed("mask", 1, 0, Number::kU32, 8);
  row.base = Base::kHex;
  return row;
}();
constexpr Parameter kSignalfd[] = {kResultFdRes, number("fd", 0, Number::kS32), kSignalMask, no_flags()};
constexpr Parameter kSignalfd4[] = {kResultFdRes, flags("flags", 3, Symbols::kDescriptorFlags),
                                    number("fd", 0, Number::kS32), kSignalMask};
constexpr Parameter kTgkill[] = {kRes, pid("pid", 0), pid("tid", 1), signal("sig", 2)};
constexpr Parameter kTkill[] = {kRes, pid("tid", 0), signal("sig", 1)};
constexpr Parameter kUnshare[] = {kRes, flags("flags", 0, Symbols::kCloneFlags)};

constexpr Schema kRows[] = {
    {"clone", Category::kProcess, kNoTraits, kClone},
    {"clone3", Category::kProcess, kNoTraits, kClone3},
    {"fork", Category::kProcess, kNoTraits, kFork},
    {"vfork", Category::kProcess, kNoTraits, kFork},
    {"execve", Category::kProcess, kNoTraits, kExecve},
    {"execveat", Category::kProcess, kNoTraits, std::span(kExecve).first(std::size(kExecve) - 1)},
    {"procexit", Category::kProcess, kNoTraits, kProcexit},
    {"capset", Category::kProcess, kNoTraits, kCapset},
    {"chroot", Category::kProcess, kNoTraits, kChroot},
    {"getegid", Category::kUser, kNoTraits, kGetegid},
    {"geteuid", Category::kUser, kNoTraits, kGeteuid},
    {"getgid", Category::kUser, kNoTraits, kGetgid},
    {"getresgid", Category::kUser, kNoTraits, kGetresgid},
    {"getresuid", Category::kUser, kNoTraits, kGetresuid},
    {"getrlimit", Category::kProcess, kNoTraits, kGetrlimit},
    {"getuid", Category::kUser, kNoTraits, kGetuid},
    {"kill", Category::kSignal, kNoTraits, kKill},
    {"pidfd_getfd", Category::kProcess, kCreatesFd, kPidfdGetfd},
    {"pidfd_open", Category::kProcess, kCreatesFd, kPidfdOpen},
    {"prctl", Category::kProcess, kNoTraits, kPrctl},
    {"prlimit", Category::kProcess, kNoTraits, kPrlimit},
    {"ptrace", Category::kProcess, kNoTraits, kPtrace},
    {"quotactl", Category::kUser, kNoTraits, kQuotactl},
    {"semctl", Category::kProcess, kNoTraits, kSemctl},
    {"semget", Category::kProcess, kNoTraits, kSemget},
    {"semop", Category::kProcess, kNoTraits, kSemop},
    {"setgid", Category::kUser, kNoTraits, kSetgid},
    {"setns", Category::kProcess, kUsesFd, kSetns},
    {"setpgid", Category::kProcess, kNoTraits, kSetpgid},
    {"setregid", Category::kUser, kNoTraits, kSetregid},
    {"setresgid", Category::kUser, kNoTraits, kSetresgid},
    {"setresuid", Category::kUser, kNoTraits, kSetresuid},
    {"setreuid", Category::kUser, kNoTraits, kSetreuid},
    {"setrlimit", Category::kProcess, kNoTraits, kGetrlimit},
    {"setsid", Category::kProcess, kNoTraits, kSetsid},
    {"setuid", Category::kUser, kNoTraits, kSetuid},
    {"signalfd", Category::kSignal, kCreatesFd, kSignalfd},
    {"signalfd4", Category::kSignal, kCreatesFd, kSignalfd4},
    {"tgkill", Category::kSignal, kNoTraits, kTgkill},
    {"tkill", Category::kSignal, kNoTraits, kTkill},
    {"unshare", Category::kProcess, kNoTraits, kUnshare},
};

}  // namespace

std::span<const Schema> process_schemas() { return kRows; }

}  // namespace saker::event
