// Calls into the depths: modules, programs, page faults.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/userfaultfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <iterator>

#include "verbs.h"

namespace act {
namespace {

// Bytes that are no module: the kernel refuses them, which the rule does not ask about.
int load_module(Words) {
  char image[64] = "not a module";
  std::printf("init_module: %ld\n", syscall(SYS_init_module, image, sizeof(image), ""));
  return 0;
}

int load_module_file(Words words) {
  const int fd = need(open(words[0], O_RDONLY), words[0]);
  std::printf("finit_module: %ld\n", syscall(SYS_finit_module, fd, "", 0));
  return 0;
}

// A socket filter that lets nothing through and is attached to nothing.
int load_program(Words) {
  const bpf_insn program[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  const char license[] = "GPL";
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attributes.insns = reinterpret_cast<std::uintptr_t>(program);
  attributes.insn_cnt = std::size(program);
  attributes.license = reinterpret_cast<std::uintptr_t>(license);
  need(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes)), "bpf");
  return 0;
}

int handle_faults(Words) {
  need(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY), "userfaultfd");
  return 0;
}

constexpr Verb kVerbs[] = {
    {"load-module", "", 0, load_module},
    {"load-module-file", "FILE", 1, load_module_file},
    {"load-program", "", 0, load_program},
    {"userfaultfd", "", 0, handle_faults},
};

}  // namespace

std::span<const Verb> kernel_verbs() { return kVerbs; }

}  // namespace act
