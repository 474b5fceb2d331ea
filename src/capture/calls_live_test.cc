// System calls and requests of an io_uring in the running kernel, each record compared with what was done.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>

#include "base/fd.h"
#include "capture/driver_live.h"

namespace saker::capture {
namespace {

class CallsLive : public DriverLive {
 protected:
  void SetUp() override {
    DriverLive::SetUp();
    char name[] = "/tmp/saker-calls-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }
  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }

  std::string directory_;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

template <class Address>
const sockaddr* plain(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

std::uint64_t inode_of(int fd) {
  struct stat status{};
  fstat(fd, &status);
  return status.st_ino;
}

UniqueFd listener() {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in any = loopback(0);
  EXPECT_EQ(bind(fd.get(), plain(any), sizeof(any)), 0);
  EXPECT_EQ(listen(fd.get(), 7), 0);
  return fd;
}

constexpr std::string_view kLoopback("\x7f\0\0\1", 4);

TEST_P(CallsLive, AConnectionTellsBothEnds) {
  const UniqueFd server = listener();
  const std::uint16_t port = port_of(server.get());
  UniqueFd client, accepted;
  const auto events = record([&] {
    client = UniqueFd(socket(AF_INET, SOCK_STREAM, 0));
    const sockaddr_in to = loopback(port);
    ASSERT_EQ(connect(client.get(), plain(to), sizeof(to)), 0);
    accepted = UniqueFd(accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
  });
  const std::uint16_t own = port_of(client.get());

  const event::Event* made = find_call(events, "connect");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->result(), 0);
  const event::Descriptor* socket = std::get<event::Call>(made->body).descriptor(0);
  ASSERT_NE(socket, nullptr);
  EXPECT_EQ(socket->fd, client.get());
  EXPECT_EQ(socket->family, AF_INET);
  EXPECT_EQ(socket->type, SOCK_STREAM);
  EXPECT_EQ(socket->protocol, IPPROTO_TCP);
  EXPECT_EQ(socket->state, TCP_ESTABLISHED);
  EXPECT_EQ(socket->local, kLoopback);
  EXPECT_EQ(socket->remote, kLoopback);
  EXPECT_EQ(socket->local_port, own);
  EXPECT_EQ(socket->remote_port, port);
  EXPECT_EQ(socket->ino, inode_of(client.get()));

  const event::Event* taken = find_call(events, "accept4");
  ASSERT_NE(taken, nullptr);
  const auto& call = std::get<event::Call>(taken->body);
  const event::Descriptor* got = call.descriptor(SAKER_RESULT);
  ASSERT_NE(got, nullptr);
  EXPECT_EQ(got->fd, accepted.get());
  EXPECT_EQ(got->local_port, port);
  EXPECT_EQ(got->remote_port, own);
  ASSERT_NE(call.descriptor(0), nullptr);
  EXPECT_EQ(call.descriptor(0)->queue_max, 7U);
}

TEST_P(CallsLive, AConnectUnderWay) {
  const UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  sockaddr_in nowhere = loopback(0);
  nowhere.sin_addr.s_addr = htonl(0x7f000009);
  nowhere.sin_port = htons(9);
  const auto events = record([&] { connect(client.get(), plain(nowhere), sizeof(nowhere)); });
  const event::Event* made = find_call(events, "connect");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->result(), -EINPROGRESS);
  const event::Descriptor* socket = std::get<event::Call>(made->body).descriptor(0);
  ASSERT_NE(socket, nullptr);
  EXPECT_EQ(socket->remote_port, 9);
}

TEST_P(CallsLive, UnixSocketsTellTheirPath) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path("socket");
  name.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const UniqueFd server(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(bind(server.get(), plain(address), sizeof(address)), 0);
  ASSERT_EQ(listen(server.get(), 1), 0);
  const UniqueFd client(socket(AF_UNIX, SOCK_STREAM, 0));
  const auto events = record([&] { ASSERT_EQ(connect(client.get(), plain(address), sizeof(address)), 0); });
  const event::Event* made = find_call(events, "connect");
  ASSERT_NE(made, nullptr);
  const event::Descriptor* socket = std::get<event::Call>(made->body).descriptor(0);
  ASSERT_NE(socket, nullptr);
  EXPECT_EQ(socket->family, AF_UNIX);
  EXPECT_EQ(socket->name.bytes.substr(0, name.size()), name);
  EXPECT_NE(socket->own_address, 0U);
  EXPECT_NE(socket->peer_address, 0U);
}

#if defined(__x86_64__)
// A 32-bit program of old makes all its socket calls through one.
TEST_P(CallsLive, ASocketcallIsTheCallThatItStandsFor) {
  if (driver_->call_hooks().kind() == CallHooksKind::kEach)
    GTEST_SKIP() << "hooks of single calls do not see 32-bit calls";
  constexpr std::size_t kPage = 4096;
  void* low = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  ASSERT_NE(low, MAP_FAILED);
  const std::uint32_t arguments[] = {AF_INET, SOCK_DGRAM, 0};
  std::memcpy(low, arguments, sizeof(arguments));
  long result = SAKER_SOCKETCALL;
  const auto events = record([&] {
    __asm__ volatile("int $0x80" : "+a"(result) : "b"(1L), "c"(low) : "memory", "r8", "r9", "r10", "r11");
  });
  munmap(low, kPage);
  if (result == -ENOSYS) GTEST_SKIP() << "this kernel takes no 32-bit calls";
  ASSERT_GE(result, 0);
  const UniqueFd made(static_cast<int>(result));
  const event::TypeId socket = event::find_type("socket").value();
  const event::Call* found = nullptr;
  for (const Kept& kept : events) {
    if (kept.event.type == socket && kept.event.task.tid == static_cast<std::uint32_t>(gettid()))
      found = std::get_if<event::Call>(&kept.event.body);
  }
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->result, result);
  EXPECT_EQ(found->arguments[0], AF_INET);
  EXPECT_EQ(found->arguments[1], SOCK_DGRAM);
  ASSERT_NE(found->descriptor(SAKER_RESULT), nullptr);
  EXPECT_EQ(found->descriptor(SAKER_RESULT)->family, AF_INET);
}
#endif

TEST_P(CallsLive, ADatagramTellsItsData) {
  const UniqueFd to(socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in address = loopback(0);
  ASSERT_EQ(bind(to.get(), plain(address), sizeof(address)), 0);
  address.sin_port = htons(port_of(to.get()));
  const UniqueFd from(socket(AF_INET, SOCK_DGRAM, 0));
  const std::string data(300, 'x');
  const auto events = record([&] {
    ASSERT_EQ(sendto(from.get(), data.data(), data.size(), 0, plain(address), sizeof(address)), 300);
    iovec parts[] = {{const_cast<char*>("hello "), 6}, {const_cast<char*>("world"), 5}};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = sizeof(address);
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    ASSERT_EQ(sendmsg(from.get(), &message, 0), 11);
  });
  const event::Event* sent = find_call(events, "sendto");
  ASSERT_NE(sent, nullptr);
  const auto& call = std::get<event::Call>(sent->body);
  EXPECT_EQ(call.texts[1].bytes, data.substr(0, 80));  // the default of data_bytes_max
  EXPECT_EQ(call.texts[4].bytes, std::string_view(reinterpret_cast<const char*>(&address), sizeof(address)));
  const event::Event* message = find_call(events, "sendmsg");
  ASSERT_NE(message, nullptr);
  const auto& gathered = std::get<event::Call>(message->body);
  EXPECT_EQ(gathered.texts[1].bytes, "hello world");
  EXPECT_EQ(gathered.texts[0].bytes.size(), sizeof(address));
}

TEST_P(CallsLive, PathsTellWhereTheyStart) {
  ASSERT_EQ(mkdir(path("sub").c_str(), 0755), 0);
  const UniqueFd sub(open(path("sub").c_str(), O_RDONLY | O_DIRECTORY));
  const auto events = record([&] {
    ASSERT_EQ(mkdirat(sub.get(), "a", 0700), 0);
    ASSERT_EQ(renameat2(sub.get(), "a", AT_FDCWD, path("b").c_str(), RENAME_NOREPLACE), 0);
    ASSERT_EQ(fchmodat(AT_FDCWD, path("b").c_str(), 04711, 0), 0);  // arm64 has no chmod
  });
  const event::Event* made = find_call(events, "mkdirat");
  ASSERT_NE(made, nullptr);
  const auto& mkdir_call = std::get<event::Call>(made->body);
  EXPECT_EQ(mkdir_call.texts[1].bytes, "a");
  ASSERT_NE(mkdir_call.descriptor(0), nullptr);
  EXPECT_EQ(mkdir_call.descriptor(0)->name.bytes, path("sub"));
  EXPECT_EQ(mkdir_call.cwd.bytes, std::filesystem::current_path().string());
  const event::Event* renamed = find_call(events, "renameat2");
  ASSERT_NE(renamed, nullptr);
  const auto& rename_call = std::get<event::Call>(renamed->body);
  EXPECT_EQ(rename_call.texts[3].bytes, path("b"));
  EXPECT_EQ(static_cast<std::int32_t>(rename_call.arguments[2]), AT_FDCWD);
  EXPECT_EQ(rename_call.arguments[4], RENAME_NOREPLACE);
  const event::Event* changed = find_call(events, "fchmodat");
  ASSERT_NE(changed, nullptr);
  EXPECT_EQ(std::get<event::Call>(changed->body).arguments[2], 04711U);
}

TEST_P(CallsLive, CallsThatMakeDescriptors) {
  int ends[2] = {-1, -1};
  int copy = -1, memory = -1;
  const auto events = record([&] {
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    copy = dup(ends[0]);
    memory = memfd_create("thing", MFD_CLOEXEC);
  });
  const event::Event* piped = find_call(events, "pipe2");
  ASSERT_NE(piped, nullptr);
  const auto& call = std::get<event::Call>(piped->body);
  ASSERT_NE(call.descriptor(SAKER_RESULT), nullptr);
  ASSERT_NE(call.descriptor(SAKER_RESULT2), nullptr);
  EXPECT_EQ(call.descriptor(SAKER_RESULT)->fd, ends[0]);
  EXPECT_EQ(call.descriptor(SAKER_RESULT2)->fd, ends[1]);
  EXPECT_EQ(call.descriptor(SAKER_RESULT)->kind, SAKER_DESCRIPTOR_PIPE);
  const event::Event* copied = find_call(events, "dup");
  ASSERT_NE(copied, nullptr);
  EXPECT_EQ(std::get<event::Call>(copied->body).descriptor(SAKER_RESULT)->fd, copy);
  const event::Event* made = find_call(events, "memfd_create");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(std::get<event::Call>(made->body).descriptor(SAKER_RESULT)->name.bytes, "/memfd:thing");
  for (const int fd : {ends[0], ends[1], copy, memory}) close(fd);
}

// The least that submits one request and waits for it; no library, so that nothing else is called.
class Ring {
 public:
  Ring() {
    io_uring_params params{};
    fd_ = UniqueFd(static_cast<int>(syscall(SYS_io_uring_setup, 4, &params)));
    if (!fd_) return;
    submit_ = map(params.sq_off.array + params.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
    complete_ = map(params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe), IORING_OFF_CQ_RING);
    entries_ = static_cast<io_uring_sqe*>(map(params.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES));
    params_ = params;
  }
  explicit operator bool() const {
    static const bool told = gather_facts().ring_requests;
    return fd_ && told;
  }

  void submit(const io_uring_sqe& request, unsigned wait_for = 0) {
    entries_[0] = request;
    auto* tail = at<unsigned>(submit_, params_.sq_off.tail);
    at<unsigned>(submit_, params_.sq_off.array)[*tail & *at<unsigned>(submit_, params_.sq_off.ring_mask)] = 0;
    std::atomic_ref(*tail).fetch_add(1);
    syscall(SYS_io_uring_enter, fd_.get(), 1, wait_for, IORING_ENTER_GETEVENTS, nullptr, 0);
  }
  // The result of a request that is waited for.
  int run(const io_uring_sqe& request) {
    submit(request, 1);
    auto* head = at<unsigned>(complete_, params_.cq_off.head);
    const auto* entry = at<io_uring_cqe>(complete_, params_.cq_off.cqes) +
                        (*head & *at<unsigned>(complete_, params_.cq_off.ring_mask));
    const int result = entry->res;
    std::atomic_ref(*head).fetch_add(1);
    return result;
  }

 private:
  void* map(std::size_t bytes, off_t offset) const {
    return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_.get(), offset);
  }
  template <class T>
  static T* at(void* base, unsigned offset) {
    return reinterpret_cast<T*>(static_cast<char*>(base) + offset);
  }

  UniqueFd fd_;
  io_uring_params params_{};
  void* submit_ = nullptr;
  void* complete_ = nullptr;
  io_uring_sqe* entries_ = nullptr;
};

io_uring_sqe request(std::uint8_t opcode, int fd, const void* address) {
  io_uring_sqe entry{};
  entry.opcode = opcode;
  entry.fd = fd;
  entry.addr = reinterpret_cast<std::uint64_t>(address);
  return entry;
}

TEST_P(CallsLive, ARingsOpenIsAnOpen) {
  Ring ring;
  if (!ring) GTEST_SKIP() << "no io_uring here, or none that tells of its requests";
  const std::string name = path("file");
  int fd = -1;
  const auto events = record([&] {
    io_uring_sqe open = request(IORING_OP_OPENAT, AT_FDCWD, name.c_str());
    open.open_flags = O_CREAT | O_WRONLY;
    open.len = 0640;
    fd = ring.run(open);
  });
  ASSERT_GE(fd, 0);
  const event::Event* opened = find_open(events, name);
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(event::type_name(opened->type), "openat");
  EXPECT_TRUE(opened->task.from_ring);
  const auto& file = std::get<event::File>(opened->body);
  EXPECT_EQ(file.result, fd);
  EXPECT_EQ(file.resolved.bytes, name);
  EXPECT_EQ(file.ino, inode_of(fd));
  EXPECT_EQ(file.mode, 0640U);
  close(fd);
}

TEST_P(CallsLive, ARingsFailedOpenTellsItsError) {
  Ring ring;
  if (!ring) GTEST_SKIP() << "no io_uring here, or none that tells of its requests";
  const std::string name = path("missing");
  const auto events = record([&] { ring.run(request(IORING_OP_OPENAT, AT_FDCWD, name.c_str())); });
  const event::Event* opened = find_open(events, name);
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(opened->result(), -ENOENT);
}

// A request that wants no completion entry must not go unseen.
TEST_P(CallsLive, ARingsOpenWithoutCompletionIsSeen) {
  Ring ring;
  if (!ring) GTEST_SKIP() << "no io_uring here, or none that tells of its requests";
  const std::string name = "/etc/passwd";
  const auto events = record([&] {
    io_uring_sqe open = request(IORING_OP_OPENAT, AT_FDCWD, name.c_str());
    open.flags = IOSQE_CQE_SKIP_SUCCESS;
    ring.submit(open);
    ring.run(request(IORING_OP_NOP, -1, nullptr));
  });
  EXPECT_NE(find_open(events, name), nullptr);
}

TEST_P(CallsLive, ARingsPathCalls) {
  Ring ring;
  if (!ring) GTEST_SKIP() << "no io_uring here, or none that tells of its requests";
  const std::string from = path("from"), to = path("to");
  close(open(from.c_str(), O_CREAT | O_WRONLY, 0600));
  const auto events = record([&] {
    io_uring_sqe rename = request(IORING_OP_RENAMEAT, AT_FDCWD, from.c_str());
    rename.len = static_cast<std::uint32_t>(AT_FDCWD);
    rename.off = reinterpret_cast<std::uint64_t>(to.c_str());
    ASSERT_EQ(ring.run(rename), 0);
    ASSERT_EQ(ring.run(request(IORING_OP_UNLINKAT, AT_FDCWD, to.c_str())), 0);
  });
  const event::Event* renamed = find_call(events, "renameat2");
  ASSERT_NE(renamed, nullptr);
  EXPECT_TRUE(renamed->task.from_ring);
  EXPECT_EQ(std::get<event::Call>(renamed->body).texts[1].bytes, from);
  EXPECT_EQ(std::get<event::Call>(renamed->body).texts[3].bytes, to);
  const event::Event* unlinked = find_call(events, "unlinkat");
  ASSERT_NE(unlinked, nullptr);
  EXPECT_EQ(unlinked->result(), 0);
  EXPECT_EQ(std::get<event::Call>(unlinked->body).texts[1].bytes, to);
}

TEST_P(CallsLive, ARingsConnectionTellsBothEnds) {
  Ring ring;
  if (!ring) GTEST_SKIP() << "no io_uring here, or none that tells of its requests";
  const UniqueFd server = listener();
  const sockaddr_in to = loopback(port_of(server.get()));
  const UniqueFd client(socket(AF_INET, SOCK_STREAM, 0));
  int accepted = -1;
  const auto events = record([&] {
    io_uring_sqe connect = request(IORING_OP_CONNECT, client.get(), &to);
    connect.off = sizeof(to);
    ASSERT_EQ(ring.run(connect), 0);
    accepted = ring.run(request(IORING_OP_ACCEPT, server.get(), nullptr));
  });
  const event::Event* made = find_call(events, "connect");
  ASSERT_NE(made, nullptr);
  const event::Descriptor* socket = std::get<event::Call>(made->body).descriptor(0);
  ASSERT_NE(socket, nullptr);
  EXPECT_EQ(socket->remote_port, ntohs(to.sin_port));
  EXPECT_EQ(socket->local_port, port_of(client.get()));
  const event::Event* taken = find_call(events, "accept4");
  ASSERT_NE(taken, nullptr);
  const event::Descriptor* got = std::get<event::Call>(taken->body).descriptor(SAKER_RESULT);
  ASSERT_NE(got, nullptr);
  EXPECT_EQ(got->fd, accepted);
  close(accepted);
}

INSTANTIATE_TEST_SUITE_P(Reads, CallsLive, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "ProbeRead" : "Typed"; });

}  // namespace
}  // namespace saker::capture
