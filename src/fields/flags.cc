#include "fields/flags.h"

#include <cstring>

#include "fields/arena_text.h"

namespace saker::fields {
namespace {

// By bit number, from linux/capability.h.
constexpr std::string_view kCapabilities[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

// Names side by side, put together in the arena. Room for all of the table's is taken at once: the tables are
// small, and the arena is empty again after the event.
class Names {
 public:
  template <class Rows>
  Names(const Rows& rows, char separator, Arena& arena) : separator_(separator) {
    std::size_t room = 0;
    for (const auto& row : rows) room += name_of(row).size() + 1;
    data_ = arena.allocate(room);
  }
  void add(std::string_view name) {
    if (size_ > 0) data_[size_++] = separator_;
    size_ += name.copy(data_ + size_, name.size());
  }
  std::string_view text() const { return {data_, size_}; }

 private:
  static std::string_view name_of(std::string_view name) { return name; }
  static std::string_view name_of(const event::Symbol& row) { return row.name; }

  char separator_;
  char* data_;
  std::size_t size_ = 0;
};

}  // namespace

std::string_view flag_text(std::uint32_t flags, std::span<const event::Symbol> names, Arena& arena) {
  Names text(names, '|', arena);
  std::uint32_t left = flags;
  for (const event::Symbol& row : names) {
    const bool there = row.bits == 0 ? flags == 0 : (left & row.bits) == row.bits;
    if (!there) continue;
    text.add(row.name);
    if (row.bits == flags) break;
    left &= ~row.bits;
  }
  return text.text();
}

std::string_view symbol_text(std::uint32_t number, std::span<const event::Symbol> names, Arena& arena) {
  Names text(names, '|', arena);
  for (const event::Symbol& row : names) {
    if (row.bits == number) text.add(row.name);
  }
  return text.text();
}

std::string_view errno_name(std::int64_t number) {
  if (number <= 0 || number > INT32_MAX) return {};
  const char* name = strerrorname_np(static_cast<int>(number));
  return name == nullptr ? std::string_view() : name;
}

std::string_view signal_name(std::int64_t number, Arena& arena) {
  if (number <= 0 || number > INT32_MAX) return {};
  const char* name = sigabbrev_np(static_cast<int>(number));
  return name == nullptr ? std::string_view() : concat(arena, {"SIG", name});
}

std::string_view capability_names(std::uint64_t set, Arena& arena) {
  Names text(kCapabilities, ' ', arena);
  for (std::size_t bit = 0; bit < std::size(kCapabilities); ++bit) {
    if ((set >> bit & 1U) != 0) text.add(kCapabilities[bit]);
  }
  return text.text();
}

}  // namespace saker::fields
