#include "event/schema.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "event/schema_rows.h"

namespace saker::event {
namespace {

// Of events that only Falco's engine makes for itself: conditions may name them.
constexpr std::string_view kInternalParameters[] = {
    "action", "container_id", "cpu",        "cpu_sys",    "cpu_usr", "desc", "description",
    "dpid",   "error",        "event_data", "event_type", "home",    "ip",   "json",
    "next",   "plugin_id",    "ratio",      "scope",      "shell",   "spid"};

struct Tables {
  std::vector<Schema> rows;
  std::vector<const Schema*> by_type;
  std::vector<std::string_view> names;
};

const Tables& tables() {
  static const Tables made = [] {
    Tables t;
    for (const auto rows :
         {file_schemas(), network_schemas(), input_output_schemas(), process_schemas(), system_schemas()}) {
      t.rows.insert(t.rows.end(), rows.begin(), rows.end());
    }
    t.by_type.resize(type_count());
    for (Schema& row : t.rows) {
      row.type = find_type(row.name).value();
      t.by_type[row.type] = &row;
      for (const Parameter& parameter : row.parameters) t.names.push_back(parameter.name);
    }
    t.names.insert(t.names.end(), std::begin(kInternalParameters), std::end(kInternalParameters));
    std::ranges::sort(t.names);
    const auto repeated = std::ranges::unique(t.names);
    t.names.erase(repeated.begin(), repeated.end());
    return t;
  }();
  return made;
}

// Of struct dqblk, the largest of what quotactl() is given.
constexpr std::uint8_t kQuotaBytes = 72;

constexpr std::array<std::string_view, 15> kCategoryNames = {
    "other", "file",   "net",   "IO-read", "IO-write", "IO-other", "process", "memory",
    "ipc",   "signal", "sleep", "time",    "wait",     "user",     "system"};

}  // namespace

std::string_view category_name(Category category) {
  return kCategoryNames[static_cast<std::size_t>(category)];
}

const Schema* find_schema(TypeId type) {
  const auto& rows = tables().by_type;
  return type < rows.size() ? rows[type] : nullptr;
}

std::span<const Schema> schemas() { return tables().rows; }

const Parameter* find_parameter(TypeId type, std::string_view name) {
  const Schema* schema = find_schema(type);
  if (schema == nullptr) return nullptr;
  const auto found = std::ranges::find(schema->parameters, name, &Parameter::name);
  return found == schema->parameters.end() ? nullptr : &*found;
}

Base parameter_base(std::string_view name) {
  for (const Schema& schema : schemas()) {
    const auto found = std::ranges::find(schema.parameters, name, &Parameter::name);
    if (found != schema.parameters.end()) return found->base;
  }
  return Base::kDecimal;
}

std::span<const std::string_view> parameter_names() { return tables().names; }

std::optional<std::uint8_t> main_descriptor(TypeId type) {
  const Schema* schema = find_schema(type);
  if (schema == nullptr) return std::nullopt;
  if ((schema->traits & kCreatesFd) != 0) return SAKER_RESULT;
  if ((schema->traits & kUsesFd) == 0) return std::nullopt;
  const auto found = std::ranges::find(schema->parameters, ParameterKind::kFd, &Parameter::kind);
  if (found == schema->parameters.end()) return std::nullopt;
  return found->argument;
}

saker_shape shape_of(TypeId type) {
  saker_shape shape{};
  const Schema* schema = find_schema(type);
  if (schema == nullptr) return shape;
  for (const Parameter& parameter : schema->parameters) {
    if (parameter.kind == ParameterKind::kPath || parameter.kind == ParameterKind::kRelativePath)
      shape.flags |= SAKER_SHAPE_PATHS;
    if (parameter.collect == SAKER_ARGUMENT_NUMBER) continue;
    shape.arguments[parameter.argument] = static_cast<__u8>(parameter.collect);
    shape.sizes[parameter.argument] =
        parameter.collect == SAKER_ARGUMENT_QUOTA ? kQuotaBytes : parameter.size;
  }
  // A pair of descriptors is not in the result.
  const bool pair = std::ranges::count(schema->parameters, ParameterKind::kPairFd, &Parameter::kind) != 0;
  if ((schema->traits & kCreatesFd) != 0 && !pair) shape.result = SAKER_ARGUMENT_FD;
  return shape;
}

}  // namespace saker::event
