#include "capture/function_hooks.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "wire/call_hooks.h"

namespace saker::capture {
namespace {

using Functions = std::map<std::string, saker_returning>;

constexpr std::string_view kMakeTasks[] = {"fork", "vfork", "clone", "clone3"};

UniqueFd link(int program, const std::set<std::string>& functions, std::uint64_t cookie, __u32 flags) {
  std::vector<const char*> names;
  for (const std::string& name : functions) names.push_back(name.c_str());
  const std::vector<__u64> cookies(names.size(), cookie);
  bpf_link_create_opts options{};
  options.sz = sizeof(options);
  options.kprobe_multi.flags = flags;
  options.kprobe_multi.cnt = static_cast<__u32>(names.size());
  options.kprobe_multi.syms = names.data();
  options.kprobe_multi.cookies = cookies.data();
  return UniqueFd(bpf_link_create(program, 0, BPF_TRACE_KPROBE_MULTI, &options));
}

std::unexpected<Error> refused(const std::set<std::string>& functions, int error) {
  return fail(ErrorCode::kUnsupported,
              fmt::format("cannot hook {} functions of the kernel's, {} the first: {}", functions.size(),
                          *functions.begin(), std::strerror(error)));
}

}  // namespace

Result<> FunctionHooks::read_functions() {
  if (functions_) return {};
  TRY_ASSIGN(functions_, CallFunctions::read());
  return {};
}

Result<> FunctionHooks::want(const WantedCalls& wanted) {
  if (wanted.empty()) {
    hooks_.clear();
    return {};
  }
  TRY(read_functions());
  Functions functions;
  for (const auto calls : {wanted.native, wanted.compat}) {
    for (const SyscallNumber& call : calls) {
      for (const std::string& name : functions_->of(call.type)) functions.emplace(name, SAKER_RETURNING_CALL);
      if (kChildrenReturn &&
          std::ranges::find(kMakeTasks, event::type_name(call.type)) != std::end(kMakeTasks))
        functions.emplace("schedule_tail", SAKER_RETURNING_CHILD);
    }
  }
  if (wanted.failed) {
    const std::string& filter = functions_->filter();
    if (filter.empty())
      return fail(ErrorCode::kUnsupported,
                  "cannot hook seccomp's filters, which refuse calls: no such function");
    functions.emplace(filter, filter == kPermitSyscall ? SAKER_RETURNING_PERMIT : SAKER_RETURNING_FILTER);
  }
  std::map<saker_returning, std::set<std::string>> added;
  for (const auto& [name, what] : functions) {
    if (std::ranges::none_of(hooks_, [&](const Hook& hook) { return hook.functions.contains(name); }))
      added[what].insert(name);
  }
  std::vector<Hook> made;
  for (auto& [what, names] : added) {
    UniqueFd hook = link(program_, names, what, BPF_F_KPROBE_MULTI_RETURN);
    if (!hook) return refused(names, errno);
    made.push_back({std::move(hook), std::move(names)});
  }
  std::erase_if(hooks_, [&](const Hook& hook) {
    return std::ranges::none_of(hook.functions, [&](const auto& name) { return functions.contains(name); });
  });
  std::ranges::move(made, std::back_inserter(hooks_));
  return {};
}

std::size_t FunctionHooks::hooked() const {
  std::size_t sum = 0;
  for (const Hook& hook : hooks_) sum += hook.functions.size();
  return sum;
}

Result<UniqueFd> FunctionHooks::at_beginning(int program, event::TypeId call) {
  TRY(read_functions());
  const auto& functions = functions_->of(call);
  UniqueFd hook = link(program, functions, 0, 0);
  if (!hook) return refused(functions, errno);
  return hook;
}

std::string_view why_no_function_hooks(const btf* types) {
  if (types == nullptr) return "this kernel brings no types";
  if (const auto enabled = read_file("/proc/sys/kernel/ftrace_enabled"); enabled && enabled->starts_with('0'))
    return "the sysctl kernel.ftrace_enabled is 0";
  const int id = btf__find_by_name_kind(types, "fprobe", BTF_KIND_STRUCT);
  if (id < 0) return "this kernel does not let programs hook its functions (CONFIG_FPROBE)";
  const btf_type* type = btf__type_by_id(types, static_cast<__u32>(id));
  for (int i = 0; i < btf_vlen(type); ++i) {
    if (std::string_view(btf__name_by_offset(types, btf_members(type)[i].name_off)) == "rethook")
      return "this kernel misses the ends of calls when many tasks wait in them (before Linux 6.14)";
  }
  return {};
}

}  // namespace saker::capture
