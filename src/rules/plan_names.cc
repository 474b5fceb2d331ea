#include "rules/plan_names.h"

#include <sys/stat.h>

#include <algorithm>

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

}  // namespace

NamePoints::NameField NamePoints::name_field(std::uint32_t number) const {
  const fields::FieldRef* ref = open_ ? field(number) : nullptr;
  // `allof` and its kin are not taken apart.
  if (ref == nullptr || program_.predicates[number].modifier != Modifier::kNone) return NameField::kNone;
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
  return found;
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
  if (predicate.op == Operator::kNe && whole) return negate(none_of(predicate, same));
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
    if (predicate.op == Operator::kNe) return negate(none_of(predicate, may_equal));
    if (predicate.op == Operator::kStartswith) {
      const std::string& text = predicate.constants[0];
      if (!begins(text)) return Truth::kFalse;
      return fits(text) ? Truth::kTrue : Truth::kUnknown;
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

}  // namespace saker::rules
