#include "rules/plan_points.h"

#include <sys/stat.h>

#include <algorithm>
#include <climits>

#include "event/open_flags.h"
#include "event/symbols.h"
#include "fields/parameters.h"

namespace saker::rules {
namespace {

using fields::Value;

// Linux gives errors up to 4095; those with names end long before this.
constexpr std::int64_t kNamedErrorsMax = 140;
constexpr std::int64_t kErrorsMax = 4095;

// Readers that look at nothing but the event's type.
bool is_of_type(std::string_view field) {
  return is_one_of(
      field, {"evt.type", "evt.type.is", "syscall.type", "evt.dir", "evt.source", "evt.category",
              "evt.is_async", "evt.is_io", "evt.is_io_read", "evt.is_io_write", "evt.io_dir", "evt.is_wait"});
}

bool is_of_result(std::string_view field) {
  return is_one_of(field, {"evt.failed", "evt.res", "evt.rawres"});
}

bool is_of_open_mode(std::string_view field) {
  return is_one_of(field, {"evt.is_open_read", "evt.is_open_write", "evt.is_open_create", "evt.is_open_exec",
                           "fd.num", "fd.typechar", "fd.type"});
}

bool is_of_parameter(std::string_view field) { return is_one_of(field, {"evt.arg", "evt.rawarg"}); }

// Of calls on paths; a call that failed has none.
bool is_of_path(std::string_view field) { return field.starts_with("fs.path."); }

bool is_of_task(std::string_view field) { return is_one_of(field, {"user.uid", "proc.tty"}); }

bool is_of_user(std::string_view field) { return is_one_of(field, {"user.uid", "user.loginuid"}); }

// Contains a name of a flag, and not a piece of a number or of two names.
bool is_flag_name(const Predicate& predicate) {
  if (predicate.op != Operator::kContains && predicate.op != Operator::kIcontains) return false;
  if (predicate.modifier != Modifier::kNone || predicate.constants.size() != 1) return false;
  const std::string& text = predicate.constants[0];
  return text.find('_') != std::string::npos && text.find('|') == std::string::npos &&
         text.find(' ') == std::string::npos;
}

}  // namespace

// A comparison can change only at its constants.
std::vector<std::int64_t> PlanPoints::results(const Predicate& predicate, bool failed) const {
  std::set<std::int64_t> results;
  if (failed) {
    for (std::int64_t error = 1; error <= kNamedErrorsMax; ++error) results.insert(-error);
    results.insert(-512);
    results.insert(-kErrorsMax);
  } else {
    results = {0, 1, 2, 3, INT_MAX};
    if (!open_) results.insert(INT64_MAX);
  }
  for (const std::int64_t number : numbers_of(predicate)) {
    for (std::int64_t near = std::max(number, INT64_MIN + 1) - 1; near <= std::min(number, INT64_MAX - 1) + 1;
         ++near) {
      const bool possible =
          failed ? near < 0 && near >= -kErrorsMax : near >= 0 && (!open_ || near <= INT_MAX);
      if (possible) results.insert(near);
    }
  }
  return {results.begin(), results.end()};
}

std::uint32_t PlanPoints::dimensions(std::uint32_t number) const {
  const auto bit = [](saker_plan_dimension dimension) { return 1U << dimension; };
  std::uint32_t found = 0;
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr) return found;
  const std::string_view name = ref->field->name;
  const event::Parameter* flags = parameter(number);
  if (is_of_result(name) || (open_ ? is_of_open_mode(name) : is_of_path(name))) found |= bit(SAKER_PLAN_MODE);
  if (open_ && flags != nullptr && flags->kind == event::ParameterKind::kOpenFlags)
    found |= bit(SAKER_PLAN_MODE);
  if (argument(number)) found |= bit(SAKER_PLAN_ARGUMENT);
  if (program_.predicates[number].container.on_host) found |= bit(SAKER_PLAN_SCOPE);
  if (is_of_task(name)) found |= bit(SAKER_PLAN_TASK);
  if (is_of_user(name)) found |= bit(SAKER_PLAN_USER);
  return found;
}

Truth PlanPoints::by_type(std::uint32_t number) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr) return Truth::kUnknown;
  if (ref->field->read == nullptr) return Truth::kFalse;  // has never a value
  const std::string_view name = ref->field->name;
  // What events of this type do not have.
  if (is_of_parameter(name) && parameter(number) == nullptr) return Truth::kFalse;
  if (!open_ && is_of_path(name) && fields::path_parameter(type_, name) == nullptr) return Truth::kFalse;
  return is_of_type(ref->field->name) ? agreed(number, {example()}) : Truth::kUnknown;
}

Truth PlanPoints::by_mode(std::uint32_t number, unsigned mode) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr) return Truth::kUnknown;
  const Predicate& predicate = program_.predicates[number];
  const std::string_view name = ref->field->name;
  const event::Parameter* named = parameter(number);
  const bool flags = open_ && named != nullptr && named->kind == event::ParameterKind::kOpenFlags &&
                     ref->field->name == "evt.arg" && is_flag_name(predicate);
  const bool failed = (mode & SAKER_PLAN_FAILED) != 0;
  if (!open_ && is_of_path(name)) return failed ? Truth::kFalse : Truth::kUnknown;
  if (!flags && !is_of_result(name) && !(open_ && is_of_open_mode(name))) return Truth::kUnknown;
  std::vector<event::Event> examples;
  for (const std::int64_t result : results(predicate, failed)) {
    event::Event event = example();
    if (auto* call = std::get_if<event::Call>(&event.body)) {
      call->result = result;
      examples.push_back(event);
      continue;
    }
    auto& file = std::get<event::File>(event.body);
    file.result = result;
    if (!open_) {
      examples.push_back(event);
      continue;
    }
    std::uint32_t known = 0;
    if ((mode & SAKER_PLAN_READS) != 0) known |= event::kOpenRead;
    if ((mode & SAKER_PLAN_WRITES) != 0) known |= event::kOpenWrite;
    if ((mode & SAKER_PLAN_TRUNCATES) != 0) known |= event::kOpenTrunc;
    constexpr std::uint32_t kOthers = event::kOpenAppend | event::kOpenDsync | event::kOpenExcl |
                                      event::kOpenNonblock | event::kOpenSync | event::kOpenDirect |
                                      event::kOpenDirectory | event::kOpenLargefile | event::kOpenCloexec |
                                      event::kOpenCreated | event::kOpenUpperLayer | event::kOpenLowerLayer;
    const bool creates = (mode & SAKER_PLAN_CREATES) != 0;
    file.flags = known | (creates ? std::uint32_t{event::kOpenCreat} : 0U);
    file.inode_mode = failed ? 0 : S_IFREG | 0644U;
    if (!examples.empty()) {  // what depends on the flags does not on which number it was
      examples.push_back(event);
      continue;
    }
    for (const std::uint32_t made : {event::kOpenCreat, event::kOpenTmpfile}) {
      for (const std::uint32_t others : {std::uint32_t{0}, kOthers}) {
        for (const std::uint32_t permissions : {0U, 0777U}) {
          for (const std::uint32_t inode : {S_IFREG | 0644U, S_IFDIR | 0755U}) {
            file.flags = known | others | (creates ? made : 0U);
            file.mode = permissions;
            file.inode_mode = failed ? 0 : inode;
            examples.push_back(event);
          }
        }
      }
    }
  }
  return agreed(number, examples);
}

Truth PlanPoints::by_scope(std::uint32_t number, bool in_container) const {
  const ContainerVerdict& verdict = program_.predicates[number].container;
  const auto known = in_container ? verdict.in_container : verdict.on_host;
  return known ? truth(*known) : Truth::kUnknown;
}

Truth PlanPoints::by_task(std::uint32_t number, unsigned bits) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || !is_of_task(ref->field->name)) return Truth::kUnknown;
  const bool of_user = ref->field->name == "user.uid";
  const bool set = (bits & (of_user ? SAKER_PLAN_ROOT : SAKER_PLAN_TERMINAL)) != 0;
  std::set<std::uint32_t> numbers = {0, 1, INT_MAX, UINT32_MAX};
  for (const std::int64_t constant : numbers_of(program_.predicates[number])) {
    for (const int step : {-1, 0, 1})
      numbers.insert(static_cast<std::uint32_t>(static_cast<std::uint64_t>(constant) +
                                                static_cast<std::uint64_t>(step)));
  }
  std::vector<event::Event> examples;
  for (const std::uint32_t value : numbers) {
    // Root is the number 0, and a terminal any other.
    if ((value == 0) != (of_user ? set : !set)) continue;
    event::Event event = example();
    (of_user ? event.task.euid : event.task.tty) = value;
    examples.push_back(event);
  }
  return agreed(number, examples);
}

Truth PlanPoints::by_user(std::uint32_t number, std::uint32_t euid, std::uint32_t loginuid) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || !is_of_user(ref->field->name)) return Truth::kUnknown;
  event::Event event = example();
  event.task.euid = euid;
  event.task.loginuid = loginuid;
  return agreed(number, {event});
}

void PlanPoints::collect_users(std::uint32_t number, std::set<std::uint32_t>& from) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || !is_of_user(ref->field->name)) return;
  const bool login = ref->field->name == "user.loginuid";
  if (login) from.insert(0x80000000);  // where they become negative
  for (const std::int64_t constant : numbers_of(program_.predicates[number])) {
    if (login ? constant < INT32_MIN || constant > INT32_MAX : constant < 0 || constant > UINT32_MAX)
      continue;
    from.insert(static_cast<std::uint32_t>(constant));
    from.insert(static_cast<std::uint32_t>(constant) + 1);  // round to 0, too
  }
}

bool PlanPoints::holds_for_user(std::uint32_t number, std::uint32_t id) const {
  const bool login = field(number)->field->name == "user.loginuid";
  Arena arena;
  return program_.predicates[number].matcher->matches(
      login ? Value::integer(static_cast<std::int32_t>(id)) : Value::unsigned_integer(id), arena);
}
std::optional<PlanPoints::ArgumentUse> PlanPoints::argument(std::uint32_t number) const {
  using Kind = event::ParameterKind;
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || open_ || type_ == event::kExecve || type_ == event::kExecveat) return std::nullopt;
  const Predicate& predicate = program_.predicates[number];
  if (ref->field->name == "evt.rawres" && is_equality(predicate.op)) return ArgumentUse{SAKER_RESULT, 0};
  const event::Parameter* named = parameter(number);
  if (named == nullptr || named->argument >= SAKER_ARGUMENTS) return std::nullopt;
  if (named->kind == Kind::kNumber || named->kind == Kind::kSymbol || named->kind == Kind::kSignal)
    return ArgumentUse{named->argument, 0};
  if ((named->kind != Kind::kFlags && named->kind != Kind::kMode) || ref->field->name != "evt.arg" ||
      !is_flag_name(predicate))
    return std::nullopt;
  Arena arena;
  std::uint64_t bits = 0;
  for (const event::Symbol& row : event::symbols(named->symbols)) {
    if (!predicate.matcher->matches(Value::text(row.name), arena)) continue;
    std::uint64_t found = 0;
    for (unsigned bit = 0; bit < 64; ++bit) {
      const std::uint64_t flag = std::uint64_t{1} << bit;
      if ((event::from_kernel(named->symbols, flag) & row.bits) != 0) found |= flag;
    }
    if (found == 0) return std::nullopt;
    bits |= found;
  }
  return bits == 0 ? std::nullopt : std::optional(ArgumentUse{named->argument, bits});
}

Truth PlanPoints::by_argument(std::uint32_t number, std::uint8_t argument, std::uint64_t value) const {
  std::vector<event::Event> examples;
  event::Event event = example();
  auto& call = std::get<event::Call>(event.body);
  if (argument == SAKER_RESULT) {
    call.result = static_cast<std::int64_t>(value);
    examples.push_back(event);
  } else {
    call.arguments[argument] = value;
    for (const std::int64_t result : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}}) {
      call.result = result;
      examples.push_back(event);
    }
  }
  return agreed(number, examples);
}

}  // namespace saker::rules
