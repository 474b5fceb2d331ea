// Event: one record, decoded.
//
// Every text is a view into the record's bytes, so an Event holds as long as they do; decoding copies
// the fixed numbers and no text. Ids and times are as in wire/records.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include "event/types.h"

namespace saker::event {

// Names one process for ever: process ids are reused, start times of one id are not.
struct ProcessId {
  std::uint32_t tgid = 0;
  std::uint64_t start_ns = 0;  // boot time

  bool operator==(const ProcessId&) const = default;
};

// The task that acted. Capability sets are the kernel's bit masks.
struct Task {
  ProcessId process;
  ProcessId parent;
  std::uint32_t tid = 0;
  std::uint32_t vtid = 0, vpid = 0, parent_vpid = 0;
  std::uint32_t session = 0, vsession = 0, group = 0, vgroup = 0;
  std::uint32_t uid = 0, gid = 0, euid = 0, egid = 0;
  std::uint32_t loginuid = UINT32_MAX;  // UINT32_MAX: never logged in
  std::uint32_t tty = 0;
  std::uint32_t mnt_ns = 0, pid_ns = 0, net_ns = 0, user_ns = 0;
  std::uint64_t cap_permitted = 0, cap_effective = 0, cap_inheritable = 0;
  std::uint64_t cgroup_v2 = 0, cgroup_v1 = 0;
  std::uint64_t init_start_ns = 0;  // of the first process of its pid namespace, since boot; 0: not known
  bool main_thread = false;
  bool compat = false;
  bool from_ring = false;     // the call came through an io_uring
  bool ruled_out = false;     // the filter plan would not have sent it
  bool brief = false;         // told for the process table only: not to be judged
  std::uint32_t version = 0;  // of what the process runs, as the probe counts it (wire/plan.h)
  std::string_view comm;      // of the main thread
};

// A text part of a record.
struct Text {
  std::string_view bytes;
  bool present = false;
  bool truncated = false;
};

struct Fork {
  ProcessId creator;
};

// What is known of the program file.
struct ExeFile {
  std::uint64_t ino = 0;
  std::uint64_t ctime_ns = 0, mtime_ns = 0;  // since the epoch
  std::uint32_t dev = 0;
  bool writable = false, upper_layer = false, lower_layer = false, from_memfd = false;
};

struct Exec {
  Text filename;  // as given to the call
  Text exe;       // resolved
  Text cwd;
  Text args;  // argv, each ended by NUL
  Text env;   // NAME=value, each ended by NUL; absent unless a rule asks for environments
  std::uint32_t argc = 0;
  std::uint32_t args_bytes = 0;  // whole length, also when `args` is truncated
  ExeFile file;
};

struct Exit {
  std::int32_t status = 0;  // as wait() gives it
  ProcessId reaper;         // tgid 0: there were no children
};

// A call that names a file: the open family, and an exec that failed.
struct File {
  std::int64_t result = 0;  // descriptor or -errno
  Text name;                // as given
  Text base;                // what a relative name starts from when not the working directory
  Text resolved;            // where the kernel found it, as the task sees it; absent when it failed
  Text inner;               // path inside its file system, mounts ignored; absent when equal to resolved
  std::string_view
      identity;  // the path of a rule that names this very file; set by the pipeline, empty: none
  Text cwd;
  Text args;                // a failed exec only
  std::uint32_t flags = 0;  // engine numbering (event/flags.h), CREATED and LAYER bits included
  std::uint32_t mode = 0;   // permission bits asked for
  std::uint32_t resolve = 0;
  std::int32_t dirfd = -100;
  std::uint64_t ino = 0;
  std::uint32_t dev = 0;
  std::uint32_t inode_mode = 0;  // st_mode of the opened file; 0 when it failed
  bool aliased = false;          // it may have names that the record does not tell
};

// What a descriptor stands for; see struct saker_descriptor.
struct Descriptor {
  std::int32_t fd = -1;
  std::uint16_t kind = 0;  // enum saker_descriptor_kind
  std::uint16_t family = 0;
  std::uint64_t ino = 0;
  std::uint32_t dev = 0;
  std::uint32_t inode_mode = 0;
  std::uint32_t file_flags = 0;  // enum saker_file_flags
  std::uint32_t magic = 0;
  std::uint16_t type = 0, protocol = 0, state = 0;
  std::uint16_t local_port = 0, remote_port = 0;
  std::uint32_t queue = 0, queue_max = 0;
  std::string_view local, remote;  // 4 or 16 bytes in network order; empty unless IP
  std::uint64_t own_address = 0, peer_address = 0;
  Text name;  // path of a file, or of a bound unix socket
};

// Any call but the open family: its numbers, and what the schema wanted of them.
struct Call {
  std::int64_t result = 0;
  std::array<std::uint64_t, SAKER_ARGUMENTS> arguments{};
  std::array<Text, SAKER_ARGUMENTS> texts{};  // what arguments point to
  Text control;                               // of a message; the beginning of its control data
  std::optional<std::uint64_t> vector_bytes;  // of a vector of buffers, or of a message's
  Text cwd;

  // Of an argument, SAKER_RESULT or SAKER_RESULT2; null when it is no open descriptor.
  const Descriptor* descriptor(std::uint8_t argument) const {
    for (std::size_t i = 0; i < descriptor_count; ++i) {
      if (descriptor_of[i] == argument) return &descriptors[i];
    }
    return nullptr;
  }

  static constexpr std::size_t kDescriptorsMax = 4;
  std::array<Descriptor, kDescriptorsMax> descriptors{};
  std::array<std::uint8_t, kDescriptorsMax> descriptor_of{};
  std::size_t descriptor_count = 0;
};

struct Cgroup {
  std::uint64_t key = 0;
  bool removed = false;
  Text path;
};

struct Event {
  TypeId type = 0;
  std::uint16_t cpu = 0;
  std::uint64_t number = 0;   // 1 for the first event of the stream; set by the pipeline
  std::uint64_t time_ns = 0;  // boot time
  std::uint64_t wall_ns = 0;  // since the epoch; set by the pipeline
  Task task;
  std::string_view details;  // parts that few rules ask for; see details.h
  std::variant<Fork, Exec, Exit, File, Call, Cgroup> body;

  // The call's result: descriptor, 0 or -errno. Nothing for events that have none (procexit).
  bool has_result() const {
    return !std::holds_alternative<Exit>(body) && !std::holds_alternative<Cgroup>(body);
  }
  std::int64_t result() const {
    if (const auto* file = std::get_if<File>(&body)) return file->result;
    if (const auto* call = std::get_if<Call>(&body)) return call->result;
    return 0;
  }
  bool is_open() const { return type >= kOpen && type <= kOpenByHandleAt; }
};

}  // namespace saker::event
