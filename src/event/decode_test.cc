#include "event/decode.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "event/open_flags.h"

namespace saker::event {
namespace {

// Builds a record as the probe does: fixed part, then parts.
class RecordBuilder {
 public:
  template <class Fixed>
  explicit RecordBuilder(const Fixed& fixed) {
    append(&fixed, sizeof(fixed));
  }
  RecordBuilder& part(std::uint8_t kind, std::string_view text, std::uint16_t flags = 0,
                      std::uint8_t argument = 0) {
    const saker_part part{kind, argument, flags, static_cast<std::uint32_t>(text.size())};
    append(&part, sizeof(part));
    append(text.data(), text.size());
    return *this;
  }
  std::vector<std::byte> bytes() {
    const auto size = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &size, sizeof(size));
    return bytes_;
  }

 private:
  void append(const void* data, std::size_t size) {
    const auto* at = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), at, at + size);
  }
  std::vector<std::byte> bytes_;
};

saker_file_record file_record() {
  saker_file_record record{};
  record.header.type = SAKER_RECORD_FILE;
  record.header.event = SAKER_EVENT_OPENAT;
  record.header.time_ns = 42;
  record.header.cpu = 3;
  record.header.tid = 101;
  record.task.tgid = 100;
  record.task.start_ns = 7;
  record.task.tty = 34816;
  record.task.flags = SAKER_TASK_MAIN_THREAD | SAKER_TASK_BRIEF;
  std::strcpy(record.task.comm, "cat");
  record.result = 5;
  record.flags = 0100;  // O_CREAT
  record.file_flags = SAKER_FILE_CREATED;
  record.dirfd = -100;
  return record;
}

TEST(Decode, FileRecord) {
  const auto bytes = RecordBuilder(file_record())
                         .part(SAKER_PART_NAME, "../etc/shadow")
                         .part(99, "a part of a later version")
                         .part(SAKER_PART_RESOLVED, "/etc/shadow", SAKER_PART_TRUNCATED)
                         .part(SAKER_PART_CWD, "", SAKER_PART_FAILED)
                         .bytes();
  const auto event = decode(bytes);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->type, kOpenat);
  EXPECT_EQ(event->cpu, 3);
  EXPECT_EQ(event->time_ns, 42U);
  EXPECT_EQ(event->task.process, (ProcessId{100, 7}));
  EXPECT_EQ(event->task.tid, 101U);
  EXPECT_EQ(event->task.comm, "cat");
  EXPECT_TRUE(event->task.main_thread);
  EXPECT_TRUE(event->task.brief);
  EXPECT_EQ(event->result(), 5);
  const auto& file = std::get<File>(event->body);
  EXPECT_EQ(file.name.bytes, "../etc/shadow");
  EXPECT_EQ(file.resolved.bytes, "/etc/shadow");
  EXPECT_TRUE(file.resolved.truncated);
  EXPECT_FALSE(file.cwd.present);
  EXPECT_FALSE(file.inner.present);
  EXPECT_EQ(file.flags, kOpenRead | kOpenCreat | kOpenCreated);
}

TEST(Decode, ExecRecord) {
  saker_exec_record record{};
  record.header.type = SAKER_RECORD_EXEC;
  record.header.event = SAKER_EVENT_EXECVE;
  record.exe_flags = SAKER_EXE_FROM_MEMFD;
  record.argc = 2;
  const std::string args("ls\0-l\0", 6);
  const auto bytes =
      RecordBuilder(record).part(SAKER_PART_EXE, "/memfd:ghost").part(SAKER_PART_ARGS, args).bytes();
  const auto event = decode(bytes);
  ASSERT_TRUE(event) << event.error().message;
  const auto& exec = std::get<Exec>(event->body);
  EXPECT_EQ(exec.exe.bytes, "memfd:ghost");
  EXPECT_EQ(exec.args.bytes, args);
  EXPECT_EQ(exec.argc, 2U);
  EXPECT_TRUE(exec.file.from_memfd);
  EXPECT_FALSE(exec.file.writable);
}

TEST(Decode, EveryCutOfARecordIsRefused) {
  auto bytes = RecordBuilder(file_record()).part(SAKER_PART_NAME, "name").bytes();
  for (std::uint32_t size = 0; size < bytes.size(); ++size) {
    std::vector<std::byte> cut(bytes.begin(), bytes.begin() + size);
    EXPECT_FALSE(decode(cut)) << size;  // the header says more than there is
    if (size >= sizeof(saker_header)) {
      std::memcpy(cut.data(), &size, sizeof(size));
      // Now the header agrees; only a cut between the fixed part and a part is a whole record.
      EXPECT_EQ(decode(cut).has_value(), size == sizeof(saker_file_record)) << size;
    }
  }
}

TEST(Decode, RefusesWhatItDoesNotKnow) {
  auto record = file_record();
  record.header.type = 77;
  EXPECT_EQ(decode(RecordBuilder(record).bytes()).error().code, ErrorCode::kUnsupported);
  record.header.type = SAKER_RECORD_FILE;
  record.header.event = 999;
  EXPECT_EQ(decode(RecordBuilder(record).bytes()).error().code, ErrorCode::kInvalid);
}

TEST(Decode, RefusesARecordThatCannotTellOfItsEvent) {
  auto record = file_record();
  record.header.event = *find_type("close");
  EXPECT_EQ(decode(RecordBuilder(record).bytes()).error().code, ErrorCode::kInvalid);
  saker_exit_record exit{};
  exit.header.type = SAKER_RECORD_EXIT;
  exit.header.event = *find_type("close");
  EXPECT_EQ(decode(RecordBuilder(exit).bytes()).error().code, ErrorCode::kInvalid);
  exit.header.event = kProcexit;
  EXPECT_TRUE(decode(RecordBuilder(exit).bytes()));
}

saker_call_record call_record(TypeId type) {
  saker_call_record record{};
  record.header.type = SAKER_RECORD_CALL;
  record.header.event = type;
  record.task.tgid = 100;
  return record;
}

std::string_view bytes_of(const saker_descriptor& descriptor) {
  return {reinterpret_cast<const char*>(&descriptor), sizeof(descriptor)};
}

TEST(Decode, CallRecord) {
  saker_call_record record = call_record(*find_type("renameat2"));
  record.result = -2;
  record.arguments[0] = 7;
  saker_descriptor directory{};
  directory.fd = 7;
  directory.kind = SAKER_DESCRIPTOR_FILE;
  directory.inode_mode = 040755;
  RecordBuilder builder(record);
  builder.part(SAKER_PART_DESCRIPTOR, bytes_of(directory), 0, 0)
      .part(SAKER_PART_DESCRIPTOR_NAME, "/var/log", 0, 0)
      .part(SAKER_PART_ARGUMENT, "old", 0, 1)
      .part(SAKER_PART_ARGUMENT, "", SAKER_PART_FAILED, 3)
      .part(SAKER_PART_CWD, "/root");
  const auto bytes = builder.bytes();
  const auto event = decode(bytes);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(type_name(event->type), "renameat2");
  const auto& call = std::get<Call>(event->body);
  EXPECT_EQ(event->result(), -2);
  EXPECT_EQ(call.arguments[0], 7U);
  EXPECT_EQ(call.texts[1].bytes, "old");
  EXPECT_FALSE(call.texts[3].present);
  EXPECT_EQ(call.cwd.bytes, "/root");
  ASSERT_NE(call.descriptor(0), nullptr);
  EXPECT_EQ(call.descriptor(0)->name.bytes, "/var/log");
  EXPECT_EQ(call.descriptor(2), nullptr);
}

TEST(Decode, SocketAddressesAreAsLongAsTheirFamily) {
  struct Row {
    std::uint16_t family;
    std::size_t bytes;
  };
  for (const Row row : {Row{2, 4}, Row{10, 16}, Row{1, 0}, Row{16, 0}}) {
    saker_descriptor socket{};
    socket.kind = SAKER_DESCRIPTOR_SOCKET;
    socket.family = row.family;
    socket.local[0] = 127;
    const auto bytes = RecordBuilder(call_record(*find_type("connect")))
                           .part(SAKER_PART_DESCRIPTOR, bytes_of(socket))
                           .bytes();
    const auto event = decode(bytes);
    ASSERT_TRUE(event);
    const Descriptor* decoded = std::get<Call>(event->body).descriptor(0);
    ASSERT_NE(decoded, nullptr);
    EXPECT_EQ(decoded->local.size(), row.bytes) << row.family;
  }
}

TEST(Decode, CallWithABrokenDescriptorIsRefused) {
  const auto bytes =
      RecordBuilder(call_record(*find_type("connect"))).part(SAKER_PART_DESCRIPTOR, "short").bytes();
  EXPECT_FALSE(decode(bytes));
}

TEST(Decode, MoreDescriptorsThanACallHasAreLeftOut) {
  RecordBuilder builder(call_record(*find_type("connect")));
  const saker_descriptor descriptor{};
  for (std::uint8_t i = 0; i < 10; ++i) builder.part(SAKER_PART_DESCRIPTOR, bytes_of(descriptor), 0, i);
  const auto bytes = builder.bytes();
  const auto event = decode(bytes);
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<Call>(event->body).descriptor_count, Call::kDescriptorsMax);
}

}  // namespace
}  // namespace saker::event
