// Ways to a file or a program that do not name it as a rule does.
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "verbs.h"

namespace act {
namespace {

int bind_mount(Words words) { return need(mount(words[0], words[1], nullptr, MS_BIND, nullptr), "mount"); }

// DIRECTORY is the working directory of another process, which is reached through that process.
int read_through_cwd(Words words) {
  need(chdir(words[0]), words[0]);
  const std::string name = "/proc/" + std::to_string(getpid()) + "/cwd/" + words[1];
  const pid_t child = need(fork(), "fork");
  if (child == 0) {
    need(chdir("/"), "/");
    read_some(need(open(name.c_str(), O_RDONLY), name));
    _exit(0);
  }
  int status = 0;
  need(waitpid(child, &status, 0), "waitpid");
  return WEXITSTATUS(status);
}

int read_beneath(Words words) {
  open_how how{};
  how.flags = O_RDONLY;
  how.resolve = std::stoul(words[2], nullptr, 0);
  const int directory = need(open(words[0], O_PATH | O_DIRECTORY), words[0]);
  read_some(need(syscall(SYS_openat2, directory, words[1], &how, sizeof(how)), words[1]));
  return 0;
}

int read_by_handle(Words words) {
  std::vector<std::uint64_t> room((sizeof(file_handle) + MAX_HANDLE_SZ) / sizeof(std::uint64_t) + 1);
  auto* handle = reinterpret_cast<file_handle*>(room.data());
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  need(name_to_handle_at(AT_FDCWD, words[0], handle, &mount, 0), words[0]);
  const int root = need(open("/", O_RDONLY | O_DIRECTORY), "/");
  read_some(need(open_by_handle_at(root, handle, O_RDONLY), "open_by_handle_at"));
  return 0;
}

int read_through_ring(Words words) {
  io_uring_params params{};
  const int ring = need(syscall(SYS_io_uring_setup, 1, &params), "io_uring_setup");
  const auto map = [&](std::size_t bytes, off_t offset) {
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);
    if (at == MAP_FAILED) fail("mmap");
    return static_cast<char*>(at);
  };
  char* submit = map(params.sq_off.array + sizeof(unsigned), IORING_OFF_SQ_RING);
  char* complete = map(params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe), IORING_OFF_CQ_RING);
  auto* entry = reinterpret_cast<io_uring_sqe*>(map(sizeof(io_uring_sqe), IORING_OFF_SQES));
  entry->opcode = IORING_OP_OPENAT;
  entry->fd = AT_FDCWD;
  entry->addr = reinterpret_cast<std::uintptr_t>(words[0]);
  entry->open_flags = O_RDONLY;
  *reinterpret_cast<unsigned*>(submit + params.sq_off.array) = 0;
  std::atomic_ref(*reinterpret_cast<unsigned*>(submit + params.sq_off.tail)).fetch_add(1);
  need(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0), "io_uring_enter");
  const auto* done = reinterpret_cast<const io_uring_cqe*>(complete + params.cq_off.cqes);
  errno = done->res < 0 ? -done->res : 0;
  read_some(need(done->res, words[0]));
  return 0;
}

// A descriptor that may not be read, opened once more through its name.
int read_reopened(Words words) {
  const int place = need(open(words[0], O_PATH | O_CLOEXEC), words[0]);
  const std::string name = "/proc/self/fd/" + std::to_string(place);
  read_some(need(open(name.c_str(), O_RDONLY), name));
  return 0;
}

int read_chrooted(Words words) {
  need(chroot(words[0]), words[0]);
  need(chdir("/"), "/");
  read_some(need(open(words[1], O_RDONLY), words[1]));
  return 0;
}

// The call of a 32-bit program, made by a 64-bit one: numbers and registers are others.
int read_by_old_call([[maybe_unused]] Words words) {
#if defined(__x86_64__)
  constexpr std::size_t kPage = 4096;
  void* low = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) fail("mmap");
  std::strncpy(static_cast<char*>(low), words[0], kPage - 1);
  long result = 5;  // open
  __asm__ volatile("int $0x80"
                   : "+a"(result)
                   : "b"(low), "c"(O_RDONLY), "d"(0)
                   : "memory", "r8", "r9", "r10", "r11");
  if (result == -ENOSYS) return kNotHere;
  errno = result < 0 ? static_cast<int>(-result) : 0;
  read_some(need(result, words[0]));
  return 0;
#else
  return kNotHere;
#endif
}

constexpr int kPassedOn = 3;  // the descriptor that the receiver finds its socket at

// Opens the file and hands the descriptor to PROGRAM, which never opens anything.
int pass_on(Words words) {
  int ends[2];
  need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  const int file = need(open(words[0], O_RDONLY | O_CLOEXEC), words[0]);
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &file, sizeof(int));
  need(sendmsg(ends[0], &message, 0), "sendmsg");
  const pid_t child = need(fork(), "fork");
  if (child == 0) {
    need(dup2(ends[1], kPassedOn), "dup2");
    fcntl(kPassedOn, F_SETFD, 0);
    execv(words[1], words.subspan(1).data());
    fail(words[1]);
  }
  int status = 0;
  need(waitpid(child, &status, 0), "waitpid");
  return WEXITSTATUS(status);
}

int receive(Words) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  need(recvmsg(kPassedOn, &message, 0), "recvmsg");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return 1;
  int file = -1;
  std::memcpy(&file, CMSG_DATA(header), sizeof(int));
  read_some(file);
  return 0;
}

constexpr Verb kVerbs[] = {
    {"bind", "SOURCE TARGET", 2, bind_mount},
    {"read-through-cwd", "DIRECTORY NAME", 2, read_through_cwd},
    {"read-beneath", "DIRECTORY NAME RESOLVE", 3, read_beneath},
    {"read-by-handle", "FILE", 1, read_by_handle},
    {"read-through-ring", "FILE", 1, read_through_ring},
    {"read-reopened", "FILE", 1, read_reopened},
    {"read-chrooted", "DIRECTORY NAME", 2, read_chrooted},
    {"read-by-old-call", "FILE", 1, read_by_old_call},
    {"pass-on", "FILE PROGRAM ...", 2, pass_on},
    {"receive", "", 0, receive},
};

}  // namespace

std::span<const Verb> evasion_verbs() { return kVerbs; }

}  // namespace act
