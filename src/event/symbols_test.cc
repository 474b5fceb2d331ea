#include "event/symbols.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/stat.h>

#include <algorithm>

#include "event/open_flags.h"

namespace saker::event {
namespace {

std::uint64_t number(Symbols table, std::string_view name) {
  for (const Symbol& row : symbols(table)) {
    if (row.name == name) return row.bits;
  }
  ADD_FAILURE() << name;
  return 0;
}

// What the headers of this system call a number, the engine's table calls by the same name.
TEST(Symbols, KernelNumbersFindTheirNames) {
  struct Row {
    Symbols table;
    std::uint64_t kernel;
    std::string_view name;
  };
  const Row rows[] = {
      {Symbols::kPtraceRequest, PTRACE_TRACEME, "PTRACE_TRACEME"},
      {Symbols::kPtraceRequest, PTRACE_ATTACH, "PTRACE_ATTACH"},
      {Symbols::kPtraceRequest, PTRACE_SEIZE, "PTRACE_SEIZE"},
      {Symbols::kPtraceRequest, PTRACE_POKETEXT, "PTRACE_POKETEXT"},
      {Symbols::kPtraceRequest, PTRACE_SETREGSET, "PTRACE_SETREGSET"},
      {Symbols::kPtraceRequest, 0x7777, "PTRACE_UNKNOWN"},
      {Symbols::kFcntlCommand, F_DUPFD_CLOEXEC, "F_DUPFD_CLOEXEC"},
      {Symbols::kFcntlCommand, F_SETFL, "F_SETFL"},
      {Symbols::kFcntlCommand, F_SETLKW, "F_SETLKW"},
      {Symbols::kFcntlCommand, F_OFD_SETLK, "F_OFD_SETLK"},
      {Symbols::kSemaphoreCommand, IPC_RMID, "IPC_RMID"},
      {Symbols::kSemaphoreCommand, SETVAL, "SETVAL"},
      {Symbols::kCloneFlags, CLONE_NEWUSER, "CLONE_NEWUSER"},
      {Symbols::kCloneFlags, CLONE_VFORK, "CLONE_VFORK"},
      {Symbols::kMapFlags, MAP_ANONYMOUS, "MAP_ANONYMOUS"},
      {Symbols::kMapFlags, MAP_LOCKED, "MAP_LOCKED"},
      {Symbols::kProtection, PROT_EXEC, "PROT_EXEC"},
      {Symbols::kChownFlags, AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"},
      {Symbols::kUnlinkFlags, AT_REMOVEDIR, "AT_REMOVEDIR"},
      {Symbols::kSemaphoreGetFlags, IPC_CREAT, "IPC_CREAT"},
      {Symbols::kNodeMode, S_IFCHR, "S_IFCHR"},
      {Symbols::kFileMode, S_ISUID, "S_ISUID"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(from_kernel(row.table, row.kernel), number(row.table, row.name)) << row.name;
  }
}

TEST(Symbols, SetsKeepAllTheirBits) {
  EXPECT_EQ(from_kernel(Symbols::kCloneFlags, CLONE_NEWNS | CLONE_NEWPID),
            number(Symbols::kCloneFlags, "CLONE_NEWNS") | number(Symbols::kCloneFlags, "CLONE_NEWPID"));
  EXPECT_EQ(from_kernel(Symbols::kFileMode, S_IFREG | 04755), 04755U);
  EXPECT_EQ(from_kernel(Symbols::kDescriptorFlags, O_CLOEXEC | O_NONBLOCK), kOpenCloexec | kOpenNonblock);
}

TEST(Symbols, EveryTableHasNames) {
  for (std::size_t i = 1; i < static_cast<std::size_t>(Symbols::kCount); ++i) {
    EXPECT_FALSE(symbols(static_cast<Symbols>(i)).empty()) << i;
  }
  EXPECT_TRUE(symbols(Symbols::kNone).empty());
}

}  // namespace
}  // namespace saker::event
