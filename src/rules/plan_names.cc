#include "rules/plan_names.h"

#include <sys/stat.h>

#include <algorithm>

#include "fields/parameters.h"

namespace saker::rules {
namespace {

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The last part of the directory that the path is in; empty for the root.
std::string_view directory_part(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : last_part(path.substr(0, slash));
}

std::string cut(std::string_view text) { return std::string(text.substr(0, SAKER_PLAN_PATH_BYTES)); }
bool fits(std::string_view text) { return text.size() <= SAKER_PLAN_PATH_BYTES; }
bool fits_whole(std::string_view text) { return text.size() < SAKER_PLAN_PATH_BYTES; }

// What every text that the glob matches begins with.
std::string_view literal_beginning(std::string_view glob) {
  return glob.substr(0, glob.find_first_of("*?[\\"));
}

// What every path begins with that pmatch finds under the text: components count, slashes do not.
std::string covered_beginning(std::string_view text) {
  std::string beginning;
  while (!text.empty()) {
    const std::size_t slash = text.find('/');
    const std::string_view component = text.substr(0, slash);
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
    if (component.empty()) continue;
    if (component.find_first_of("*?[") != std::string_view::npos) break;
    beginning.append("/").append(component);
  }
  return beginning;
}

constexpr std::size_t kPieceBytes = 8;

std::optional<saker_plan_base> base_of(const event::Parameter& parameter) {
  if (parameter.collect != SAKER_ARGUMENT_STRING) return std::nullopt;
  switch (parameter.kind) {
    case event::ParameterKind::kPath:
      return SAKER_PLAN_BASE_CWD;
    case event::ParameterKind::kRelativePath:
      return SAKER_PLAN_BASE_DESCRIPTOR;
    case event::ParameterKind::kText:
      return SAKER_PLAN_BASE_NONE;
    default:
      return std::nullopt;
  }
}

}  // namespace

NamePoints::NamePoints(const RuleSet::Program& program, event::TypeId type) : PlanChecks(program, type) {
  const event::Schema* schema = event::find_schema(type);
  if (schema == nullptr || !std::holds_alternative<event::Call>(example().body)) return;
  for (const event::Parameter& parameter : schema->parameters) {
    const auto base = base_of(parameter);
    if (base && texts_.size() < SAKER_PLAN_TEXT_ARGUMENTS) texts_.push_back({parameter.argument, *base});
  }
}

std::optional<std::size_t> NamePoints::text_of(std::uint32_t number) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr) return std::nullopt;
  const std::string_view name = ref->field->name;
  const bool whole_path = is_one_of(name, {"fs.path.name", "fs.path.source", "fs.path.target"});
  const event::Parameter* of = whole_path ? fields::path_parameter(type_, name) : parameter(number);
  if (of == nullptr) return std::nullopt;
  const auto text = std::ranges::find(texts_, of->argument, &TextArgument::argument);
  if (text == texts_.end() || base_of(*of) != text->base) return std::nullopt;
  // A text that stands for itself has no other form, and a path is not judged as it was written.
  if (name == "evt.rawarg" ? text->base != SAKER_PLAN_BASE_NONE
                           : whole_path && text->base == SAKER_PLAN_BASE_NONE)
    return std::nullopt;
  return static_cast<std::size_t>(text - texts_.begin());
}

// Calls that failed have no fs.path: nothing is true of it for sure.
Truth NamePoints::when_present(std::uint32_t number, Truth truth) const {
  const bool may_be_missing = !open_ && field(number)->field->name.starts_with("fs.path");
  return may_be_missing && truth == Truth::kTrue ? Truth::kUnknown : truth;
}

NamePoints::NameField NamePoints::name_field(std::uint32_t number) const {
  const fields::FieldRef* ref = field(number);
  // `allof` and its kin are not taken apart.
  if (ref == nullptr || program_.predicates[number].modifier != Modifier::kNone) return NameField::kNone;
  if (!open_) return text_of(number) ? NameField::kName : NameField::kNone;
  if (ref->field->name == "fd.name") return NameField::kName;
  if (ref->field->name == "fd.filename") return NameField::kFilename;
  return ref->field->name == "fd.directory" ? NameField::kDirectory : NameField::kNone;
}

std::uint32_t NamePoints::dimensions(std::uint32_t number) const {
  const fields::FieldRef* ref = field(number);
  std::uint32_t found = 0;
  if (ref == nullptr) return found;
  if (open_ && ref->field->name == "fd.nameraw") found |= 1U << SAKER_PLAN_RAW;
  if (name_field(number) == NameField::kNone) return found;
  Asked asked;
  collect(number, asked);
  if (!asked.names.empty() || !asked.directories.empty() || !asked.tails.empty())
    found |= 1U << SAKER_PLAN_NAME;
  if (!asked.paths.empty()) found |= 1U << SAKER_PLAN_PATH;
  if (piece(number)) found |= 1U << SAKER_PLAN_PIECE;
  return found << text_of(number).value_or(0) * SAKER_PLAN_PER_TEXT;
}

Truth NamePoints::by_plain_raw(std::uint32_t number) const {
  const fields::FieldRef* ref = field(number);
  if (!open_ || ref == nullptr || ref->field->name != "fd.nameraw") return Truth::kUnknown;
  const Predicate& predicate = program_.predicates[number];
  if (predicate.modifier != Modifier::kNone) return Truth::kUnknown;
  const bool literal = is_equality(predicate.op) || predicate.op == Operator::kContains ||
                       predicate.op == Operator::kIcontains || predicate.op == Operator::kStartswith ||
                       predicate.op == Operator::kEndswith;
  const bool glob = predicate.op == Operator::kGlob || predicate.op == Operator::kIglob;
  if (!literal && !glob) return Truth::kUnknown;
  const bool demanded = std::ranges::all_of(predicate.constants, [&](const std::string& text) {
    return text.find("..") != std::string::npos && !(glob && text.find_first_of("[\\") != std::string::npos);
  });
  return demanded ? Truth::kFalse : Truth::kUnknown;
}

void NamePoints::collect(std::uint32_t number, Asked& asked) const {
  const NameField which = name_field(number);
  if (which == NameField::kNone) return;
  const Predicate& predicate = program_.predicates[number];
  for (const std::string& text : predicate.constants) {
    const bool equal = is_equality(predicate.op) || predicate.op == Operator::kNe;
    if (which == NameField::kName) {
      if (equal) {
        asked.names.insert(std::string(last_part(text)));
        asked.directories.insert(std::string(directory_part(text)));
        asked.paths.emplace(fits_whole(text) ? text : cut(text), fits_whole(text));
      } else if (predicate.op == Operator::kStartswith) {
        asked.paths.emplace(cut(text), false);
      } else if (predicate.op == Operator::kGlob) {
        asked.paths.emplace(cut(literal_beginning(text)), false);
      } else if (predicate.op == Operator::kPmatch) {
        asked.paths.emplace(cut(covered_beginning(text)), false);
      } else if (predicate.op == Operator::kEndswith) {
        if (text.find('/') != std::string::npos) asked.names.insert(std::string(last_part(text)));
        if (text.size() >= SAKER_PLAN_TAIL_BYTES)
          asked.tails.insert(text.substr(text.size() - SAKER_PLAN_TAIL_BYTES));
      }
    } else if (which == NameField::kFilename) {
      if (equal) asked.names.insert(text);
      if (predicate.op == Operator::kEndswith && text.size() >= SAKER_PLAN_TAIL_BYTES)
        asked.tails.insert(text.substr(text.size() - SAKER_PLAN_TAIL_BYTES));
    } else {
      if (equal) asked.directories.insert(std::string(last_part(text)));
      if (equal || predicate.op == Operator::kStartswith) {
        asked.paths.emplace(cut(text), false);
      } else if (predicate.op == Operator::kPmatch) {
        asked.paths.emplace(cut(covered_beginning(text)), false);
      } else if (predicate.op == Operator::kGlob) {
        asked.paths.emplace(cut(literal_beginning(text)), false);
      }
    }
  }
}

namespace {

// A check that its constants decide one by one: false when none of them `may` hold.
template <class May>
Truth none_of(const Predicate& predicate, May may) {
  return std::ranges::any_of(predicate.constants, may) ? Truth::kUnknown : Truth::kFalse;
}

}  // namespace

Truth NamePoints::by_name(std::uint32_t number, const std::optional<std::string>& name) const {
  const NameField which = name_field(number);
  if (which == NameField::kNone || which == NameField::kDirectory) return Truth::kUnknown;
  const Predicate& predicate = program_.predicates[number];
  const bool whole = which == NameField::kName;
  const auto same = [&](const std::string& text) {
    return name && *name == (whole ? last_part(text) : std::string_view(text));
  };
  if (is_equality(predicate.op)) return none_of(predicate, same);
  // fd.name is never missing, fd.filename is for directories.
  if (predicate.op == Operator::kNe && whole) return when_present(number, negate(none_of(predicate, same)));
  if (predicate.op == Operator::kEndswith && whole) {
    return none_of(predicate, [&](const std::string& text) {
      return text.find('/') == std::string::npos ? !name || name->ends_with(text) : same(text);
    });
  }
  return Truth::kUnknown;
}

Truth NamePoints::by_directory(std::uint32_t number, const std::optional<std::string>& directory) const {
  const NameField which = name_field(number);
  if (which == NameField::kNone || which == NameField::kFilename) return Truth::kUnknown;
  const Predicate& predicate = program_.predicates[number];
  const auto same = [&](const std::string& text) {
    return directory && *directory == (which == NameField::kName ? directory_part(text) : last_part(text));
  };
  if (is_equality(predicate.op)) return none_of(predicate, same);
  if (predicate.op == Operator::kNe) return negate(none_of(predicate, same));
  return Truth::kUnknown;
}

Truth NamePoints::by_tail(std::uint32_t number, const std::optional<std::string>& tail) const {
  const NameField which = name_field(number);
  const Predicate& predicate = program_.predicates[number];
  if (which != NameField::kName && which != NameField::kFilename) return Truth::kUnknown;
  if (predicate.op != Operator::kEndswith) return Truth::kUnknown;
  return none_of(predicate, [&](const std::string& text) {
    if (text.size() < SAKER_PLAN_TAIL_BYTES) return true;
    return tail && std::string_view(text).substr(text.size() - SAKER_PLAN_TAIL_BYTES) == *tail;
  });
}

Truth NamePoints::by_whole_name(std::uint32_t number, std::string_view name) const {
  if (name_field(number) == NameField::kNone) return Truth::kUnknown;
  if (!open_) {
    Arena arena;
    const bool equal = program_.predicates[number].matcher->matches(fields::Value::text(name), arena);
    return when_present(number, truth(equal));
  }
  std::vector<event::Event> examples;
  for (const std::uint32_t mode : {S_IFREG | 0644U, S_IFDIR | 0755U}) {
    for (const std::int64_t result : {std::int64_t{3}, std::int64_t{-2}}) {
      event::Event event = example();
      auto& file = std::get<event::File>(event.body);
      file.result = result;
      file.inode_mode = result < 0 ? 0 : mode;
      // Names are cleaned, but the kernel's are taken as they are.
      file.resolved = {.bytes = name, .present = true, .truncated = false};
      file.name = file.resolved;
      examples.push_back(event);
    }
  }
  return agreed(number, examples);
}

Truth NamePoints::by_path(std::uint32_t number, std::string_view path, bool whole) const {
  const NameField which = name_field(number);
  if (which == NameField::kNone) return Truth::kUnknown;
  if (whole) return by_whole_name(number, path);
  const Predicate& predicate = program_.predicates[number];
  const auto begins = [&](std::string_view text) {
    return path.starts_with(text.substr(0, SAKER_PLAN_PATH_BYTES));
  };
  if (which == NameField::kName) {
    // A whole path that is asked for and fits would have been found.
    const auto may_equal = [&](const std::string& text) { return !fits_whole(text) && begins(text); };
    if (is_equality(predicate.op)) return none_of(predicate, may_equal);
    if (predicate.op == Operator::kNe) return when_present(number, negate(none_of(predicate, may_equal)));
    if (predicate.op == Operator::kStartswith) {
      const std::string& text = predicate.constants[0];
      if (!begins(text)) return Truth::kFalse;
      return fits(text) ? when_present(number, Truth::kTrue) : Truth::kUnknown;
    }
  }
  if (which == NameField::kDirectory && (is_equality(predicate.op) || predicate.op == Operator::kStartswith))
    return none_of(predicate, begins);
  if (which == NameField::kDirectory && predicate.op == Operator::kNe)
    return negate(none_of(predicate, begins));
  if (which == NameField::kFilename) return Truth::kUnknown;
  if (predicate.op == Operator::kPmatch)
    return none_of(predicate, [&](const std::string& text) { return begins(covered_beginning(text)); });
  if (predicate.op == Operator::kGlob)
    return none_of(predicate, [&](const std::string& text) { return begins(literal_beginning(text)); });
  return Truth::kUnknown;
}

// A name of an open is not looked through.
std::optional<std::string> NamePoints::piece(std::uint32_t number) const {
  const Predicate& predicate = program_.predicates[number];
  if (open_ || name_field(number) == NameField::kNone || predicate.op != Operator::kContains)
    return std::nullopt;
  if (predicate.constants.size() != 1 || predicate.constants[0].empty()) return std::nullopt;
  return predicate.constants[0].substr(0, kPieceBytes);
}

Truth NamePoints::without_piece(std::uint32_t number, std::string_view text) const {
  return piece(number) == text ? Truth::kFalse : Truth::kUnknown;
}

}  // namespace saker::rules
