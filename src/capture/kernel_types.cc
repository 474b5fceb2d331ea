#include "capture/kernel_types.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <cerrno>
#include <iterator>
#include <string_view>

#include "base/fd.h"

namespace saker::capture {

void BtfFree::operator()(btf* types) const { btf__free(types); }

KernelTypes read_kernel_types() {
  btf* types = btf__load_vmlinux_btf();
  return KernelTypes(libbpf_get_error(types) == 0 ? types : nullptr);
}

std::optional<int> tracepoint_arguments(const btf* types, const char* name) {
  const int id = btf__find_by_name_kind(types, fmt::format("btf_trace_{}", name).c_str(), BTF_KIND_TYPEDEF);
  if (id < 0) return std::nullopt;
  const btf_type* pointer = btf__type_by_id(types, btf__type_by_id(types, static_cast<__u32>(id))->type);
  const btf_type* function = btf__type_by_id(types, pointer->type);
  return btf_vlen(function) - 1;  // the first is for the tracepoint itself
}

bool has_typed_reads(const btf* types) {
  return btf__find_by_name_kind(types, "bpf_rdonly_cast", BTF_KIND_FUNC) >= 0;
}

std::vector<std::string> cgroup_subsystems_of(const btf* types) {
  constexpr std::string_view kSuffix = "_cgrp_id";
  std::vector<std::string> names;
  const int id = btf__find_by_name_kind(types, "cgroup_subsys_id", BTF_KIND_ENUM);
  if (id < 0) return names;
  const btf_type* type = btf__type_by_id(types, static_cast<__u32>(id));
  for (int i = 0; i < btf_vlen(type); ++i) {
    const std::string_view name = btf__name_by_offset(types, btf_enum(type)[i].name_off);
    if (name.ends_with(kSuffix)) names.emplace_back(name.substr(0, name.size() - kSuffix.size()));
  }
  return names;
}

std::optional<int> enumerator(const btf* types, const char* of_enum, const std::string& wanted) {
  const int id = btf__find_by_name_kind(types, of_enum, BTF_KIND_ENUM);
  if (id < 0) return std::nullopt;
  const btf_type* type = btf__type_by_id(types, static_cast<__u32>(id));
  const auto* values = btf_enum(type);
  for (int i = 0; i < btf_vlen(type); ++i) {
    if (wanted == btf__name_by_offset(types, values[i].name_off)) return values[i].val;
  }
  return std::nullopt;
}

int subsystem_index(const btf* types, const std::string& controller) {
  return enumerator(types, "cgroup_subsys_id", controller + "_cgrp_id").value_or(-1);
}

int try_tracing_program(const btf* types, std::uint32_t flags) {
  const int id = btf__find_by_name_kind(types, "btf_trace_sys_exit", BTF_KIND_TYPEDEF);
  if (id < 0) return ENOENT;
  const bpf_insn returns[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  bpf_prog_load_opts options{};
  options.sz = sizeof(options);
  options.expected_attach_type = BPF_TRACE_RAW_TP;
  options.attach_btf_id = static_cast<__u32>(id);
  options.prog_flags = flags;
  const UniqueFd program(
      bpf_prog_load(BPF_PROG_TYPE_TRACING, "saker_try", "GPL", returns, std::size(returns), &options));
  return program ? 0 : errno;
}

bool programs_are_preempted(const btf* types) {
  // Old kernels let any tracing program be loaded as one that sleeps. These know none that keeps its CPU on
  // purpose.
  return btf__find_by_name_kind(types, "bpf_preempt_disable", BTF_KIND_FUNC) >= 0 &&
         try_tracing_program(types, BPF_F_SLEEPABLE) == 0;
}

}  // namespace saker::capture
