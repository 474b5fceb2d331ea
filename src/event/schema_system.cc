// Calls on memory, modules, keys, and the rest.
#include <iterator>

#include "event/schema_rows.h"

namespace saker::event {
namespace {

using namespace rows;

constexpr Parameter kBpf[] = {kResultFd, symbol("cmd", 0, Symbols::kBpfCommand)};
constexpr Parameter kBrk[] = {special("res", Kind::kResultNumber, Base::kHex), kVmSize, kVmRss, kVmSwap,
                              number("addr", 0, Number::kU64, Base::kHex)};
constexpr Parameter kDeleteModule[] = {kRes, text("name", 0), flags("flags", 1, Symbols::kModuleDeleteFlags)};
constexpr Parameter kFinitModule[] = {kRes, fd("fd", 0), text("uargs", 1),
                                      flags("flags", 2, Symbols::kModuleInitFlags)};
constexpr Parameter kFsconfigBytes = [] {
  Parameter row = payload("value_bytebuf", 3, SAKER_ARGUMENT_FSCONFIG);
  row.kind = Kind::kFsconfigBytes;
  return row;
}();
constexpr Parameter kFsconfig[] = {
    kRes,
    fd("fd", 0),
    symbol("cmd", 1, Symbols::kFsconfigCommand),
    text("key", 2),
    kFsconfigBytes,
    of_argument("value_charbuf", Kind::kFsconfigText, 3, SAKER_ARGUMENT_FSCONFIG),
    number("aux", 4, Number::kS32)};
constexpr Parameter kFutex[] = {kRes, number("addr", 0, Number::kU64, Base::kHex),
                                flags("op", 1, Symbols::kFutexOp), number("val", 2, Number::kU64)};
constexpr Parameter kInitModule[] = {kRes, data("img", 0), number("length", 1, Number::kU64),
                                     text("uargs", 2)};
constexpr Parameter kInotifyInit[] = {kResultFdRes, no_flags()};
constexpr Parameter kInotifyInit1[] = {kResultFdRes, flags("flags", 0, Symbols::kDescriptorFlags)};
constexpr Parameter kKeyctl[] = {kRes,
                                 symbol("operation", 0, Symbols::kKeyctlOperation),
                                 number("arg2", 1, Number::kS64),
                                 number("arg3", 2, Number::kS64),
                                 number("arg4", 3, Number::kS64),
                                 number("arg5", 4, Number::kS64)};
constexpr Parameter kMemfdCreate[] = {kResultFd, text("name", 0), flags("flags", 1, Symbols::kMemfdFlags)};
constexpr Parameter kMlock[] = {kRes, number("addr", 0, Number::kU64, Base::kHex),
                                number("len", 1, Number::kU64)};
constexpr Parameter kMlock2[] = {kRes, number("addr", 0, Number::kU64, Base::kHex),
                                 number("len", 1, Number::kU64), flags("flags", 2, Symbols::kLockFlags)};
constexpr Parameter kMlockall[] = {kRes, flags("flags", 0, Symbols::kLockAllFlags)};
constexpr Parameter kMmap[] = {special("res", Kind::kResultNumber, Base::kHex),
                               kVmSize,
                               kVmRss,
                               kVmSwap,
                               number("addr", 0, Number::kU64, Base::kHex),
                               number("length", 1, Number::kU64),
                               flags("prot", 2, Symbols::kProtection),
                               flags("flags", 3, Symbols::kMapFlags),
                               fd("fd", 4),
                               number("offset", 5, Number::kU64)};
constexpr Parameter kMmap2[] = {special("res", Kind::kResultNumber, Base::kHex),
                                kVmSize,
                                kVmRss,
                                kVmSwap,
                                number("addr", 0, Number::kU64, Base::kHex),
                                number("length", 1, Number::kU64),
                                flags("prot", 2, Symbols::kProtection),
                                flags("flags", 3, Symbols::kMapFlags),
                                fd("fd", 4),
                                number("pgoffset", 5, Number::kU64)};
constexpr Parameter kMprotect[] = {kRes, number("addr", 0, Number::kU64, Base::kHex),
                                   number("length", 1, Number::kU64), flags("prot", 2, Symbols::kProtection)};
constexpr Parameter kMunmap[] = {kRes,
                                 kVmSize,
                                 kVmRss,
                                 kVmSwap,
                                 number("addr", 0, Number::kU64, Base::kHex),
                                 number("length", 1, Number::kU64)};
constexpr Parameter kNanosleep[] = {kRes, interval("interval", 0)};
constexpr Parameter kPipe[] = {kRes, pair_fd("fd1", 0, 0), pair_fd("fd2", 0, 1),
                               special("ino", Kind::kPairInode)};
constexpr Parameter kPipe2[] = {kRes, pair_fd("fd1", 0, 0), pair_fd("fd2", 0, 1),
                                special("ino", Kind::kPairInode),
                                flags("flags", 1, Symbols::kDescriptorFlags)};
constexpr Parameter kProcessVmReadv[] = {special("res", Kind::kResultNumber), pid("pid", 0),
                                         vector_out("data", 1)};
constexpr Parameter kProcessVmWritev[] = {special("res", Kind::kResultNumber), pid("pid", 0),
                                          vector("data", 1)};
constexpr Parameter kSeccomp[] = {kRes, number("op", 0, Number::kU64),
                                  number("flags", 1, Number::kU64, Base::kHex)};
constexpr Parameter kTimerfdCreate[] = {kResultFdRes, number("clockid", 0, Number::kU8),
                                        number("flags", 1, Number::kU8, Base::kHex)};

constexpr Parameter kEventfd[] = {kResultFdRes, number("initval", 0, Number::kU64), no_flags()};
constexpr Parameter kEventfd2[] = {kResultFdRes, flags("flags", 1, Symbols::kDescriptorFlags),
                                   number("initval", 0, Number::kU64)};

constexpr Schema kRows[] = {
    {"eventfd", Category::kIpc, kCreatesFd, kEventfd},
    {"eventfd2", Category::kIpc, kCreatesFd, kEventfd2},
    {"bpf", Category::kOther, kCreatesFd, kBpf},
    {"brk", Category::kMemory, kNoTraits, kBrk},
    {"delete_module", Category::kOther, kNoTraits, kDeleteModule},
    {"finit_module", Category::kOther, kUsesFd | kReads, kFinitModule},
    {"fsconfig", Category::kSystem, kUsesFd, kFsconfig},
    {"futex", Category::kIpc, kNoTraits, kFutex},
    {"init_module", Category::kOther, kNoTraits, kInitModule},
    {"inotify_init", Category::kIpc, kCreatesFd, kInotifyInit},
    {"inotify_init1", Category::kIpc, kCreatesFd, kInotifyInit1},
    {"keyctl", Category::kOther, kNoTraits, kKeyctl},
    {"memfd_create", Category::kMemory, kCreatesFd, kMemfdCreate},
    {"mlock", Category::kMemory, kNoTraits, kMlock},
    {"mlock2", Category::kMemory, kNoTraits, kMlock2},
    {"mlockall", Category::kMemory, kNoTraits, kMlockall},
    {"mmap", Category::kMemory, kUsesFd, kMmap},
    {"mmap2", Category::kMemory, kUsesFd, kMmap2},
    {"mprotect", Category::kMemory, kNoTraits, kMprotect},
    {"munlock", Category::kMemory, kNoTraits, kMlock},
    {"munlockall", Category::kMemory, kNoTraits, kResultOnly},
    {"munmap", Category::kMemory, kNoTraits, kMunmap},
    {"nanosleep", Category::kSleep, kWaits, kNanosleep},
    {"pipe", Category::kIpc, kCreatesFd, kPipe},
    {"pipe2", Category::kIpc, kCreatesFd, kPipe2},
    {"process_vm_readv", Category::kIpc, kNoTraits, kProcessVmReadv},
    {"process_vm_writev", Category::kIpc, kNoTraits, kProcessVmWritev},
    {"seccomp", Category::kOther, kNoTraits, kSeccomp},
    {"timerfd_create", Category::kTime, kCreatesFd, kTimerfdCreate},
};

}  // namespace

std::span<const Schema> system_schemas() { return kRows; }

}  // namespace saker::event
