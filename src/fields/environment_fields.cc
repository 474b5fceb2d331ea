// proc.env and proc.aenv: environments as of the last exec, kept while some rule asks for them.
#include <algorithm>
#include <string_view>
#include <vector>

#include "fields/field_rows.h"
#include "fields/lineage.h"

namespace saker::fields {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// NAME's value without blanks around it; empty when it is not set.
std::string_view variable(std::string_view environment, std::string_view name) {
  while (!environment.empty()) {
    const std::string_view one = environment.substr(0, environment.find('\0'));
    environment.remove_prefix(std::min(one.size() + 1, environment.size()));
    if (one.size() > name.size() && one[name.size()] == '=' && one.starts_with(name))
      return trimmed(one.substr(name.size() + 1));
  }
  return {};
}

std::string_view words(std::string_view environment, Arena& arena) {
  if (environment.ends_with('\0')) environment.remove_suffix(1);
  char* const data = arena.allocate(environment.size());
  std::ranges::replace_copy(environment, data, '\0', ' ');
  return {data, environment.size()};
}

// Missing when it was never told, which is something else than an empty one.
Value environment_of(const state::Process* process, Arena& arena) {
  if (process == nullptr) return {};
  const auto environment = process->environment();
  return environment ? Value::text(words(*environment, arena)) : Value();
}

Value env(const Subject& s, const Argument& argument, Arena& arena) {
  if (argument.kind != Argument::Kind::kKey) return environment_of(s.process, arena);
  if (s.process == nullptr || !s.process->environment()) return {};
  return Value::text(variable(*s.process->environment(), argument.key));
}

Value aenv(const Subject& s, const Argument& argument, Arena& arena) {
  if (argument.kind == Argument::Kind::kIndex) return environment_of(ancestor(s, argument.index), arena);
  std::vector<Value> found;
  each_ancestor(s, [&](const state::Process& process) {
    const auto environment = process.environment();
    if (!environment) return true;
    if (argument.kind == Argument::Kind::kNone) {
      found.push_back(Value::text(words(*environment, arena)));
    } else if (const std::string_view value = variable(*environment, argument.key); !value.empty()) {
      found.push_back(Value::text(value));
    }
    return argument.kind == Argument::Kind::kNone || found.empty();
  });
  if (argument.kind == Argument::Kind::kKey) return found.empty() ? Value::text("") : found.front();
  if (found.empty()) return {};
  const std::span<Value> values = arena.array<Value>(found.size());
  std::ranges::copy(found, values.begin());
  return Value::list(values);
}

constexpr Field kRows[] = {
    {.name = "proc.env",
     .argument = ArgumentKind::kOptionalKey,
     .details = SAKER_DETAIL_ENV,
     .help = "The environment, or one variable of it, as of the last exec.",
     .read = env},
    {.name = "proc.aenv",
     .argument = ArgumentKind::kOptionalIndexOrKey,
     .flags = kNoTransformer | kNoRhs,
     .any_when_bare = true,
     .details = SAKER_DETAIL_ENV,
     .help = "Environment of an ancestor, or a variable from the nearest that has it.",
     .read = aenv},
};

}  // namespace

std::span<const Field> environment_fields() { return kRows; }

}  // namespace saker::fields
