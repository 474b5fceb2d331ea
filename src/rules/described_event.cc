#include "rules/described_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "event/schema.h"
#include "rules/constants.h"

namespace saker::rules {
namespace {

using fields::FieldRef;
using fields::Type;
using fields::Value;

constexpr std::string_view kOpenCalls[] = {"open", "openat", "openat2", "creat", "open_by_handle_at"};

bool is_open(std::string_view type) { return std::ranges::find(kOpenCalls, type) != std::end(kOpenCalls); }

std::string_view directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::uint64_t count_words(std::string_view text) {
  const auto blanks = static_cast<std::uint64_t>(std::ranges::count(text, ' '));
  return text.empty() ? 0 : blanks + 1;
}

bool has_flag(std::string_view flags, std::string_view name) {
  while (!flags.empty()) {
    const std::string_view one = flags.substr(0, flags.find('|'));
    if (one == name) return true;
    flags.remove_prefix(std::min(one.size() + 1, flags.size()));
  }
  return false;
}

}  // namespace

// Reads one description; a class because every step adds to the same three things.
class DescriptionReader {
 public:
  DescriptionReader(const fields::Catalogue& catalogue, DescribedEvent& event,
                    std::vector<DescriptionProblem>& problems)
      : catalogue_(catalogue), event_(event), problems_(problems) {}

  void take(const YamlNode& map) {
    if (map.kind != YamlNode::Kind::kMap) {
      problem(map.place, "expected a map of fields and their values");
      return;
    }
    if (const YamlEntry* alert = map.find("output_fields")) return take(alert->value);
    for (const YamlEntry& entry : map.entries) take(entry);
  }

  void finish(Place place) {
    const std::string_view type = text("evt.type");
    if (type.empty()) {
      problem(place, "the event has no evt.type, which decides what rules are asked");
      return;
    }
    const auto id = event::find_type(type);
    if (!id) {
      problem(place, fmt::format("evt.type '{}' is no event", type));
      return;
    }
    event_.event_.type = *id;
    derive(type, event::find_schema(*id));
  }

 private:
  void take(const YamlEntry& entry) {
    const auto prefix = catalogue_.resolve_prefix(entry.key.scalar);
    if (!prefix.ref || prefix.length != entry.key.scalar.size()) {
      const bool said = !prefix.ref && !prefix.problem.message.empty();
      problems_.push_back({entry.key.place,
                           said ? prefix.problem.message : fmt::format("'{}' is no field", entry.key.scalar),
                           prefix.problem.suggestion});
      return;
    }
    const std::string name = prefix.ref->text();
    if (event_.values_.contains(name)) return;  // the event's own come before the defaults
    if (entry.value.kind == YamlNode::Kind::kNull) {
      event_.values_[name] = {};
    } else if (entry.value.kind == YamlNode::Kind::kSequence) {
      take_list(name, *prefix.ref, entry.value);
    } else if (entry.value.kind == YamlNode::Kind::kScalar) {
      if (const auto value = scalar(prefix.ref->type(), entry.value)) event_.values_[name] = *value;
    } else {
      problem(entry.value.place, fmt::format("{} has one value, or a list of them", name));
    }
  }

  void take_list(const std::string& name, const FieldRef& ref, const YamlNode& list) {
    std::vector<Value>& items = event_.lists_.emplace_back();
    for (const YamlNode& item : list.items) {
      if (const auto value = scalar(ref.type(), item)) items.push_back(*value);
    }
    event_.values_[name] = Value::list(items);
  }

  std::optional<Value> scalar(Type type, const YamlNode& node) {
    const auto refuse = [&](std::string_view why) -> std::optional<Value> {
      problem(node.place, std::string(why));
      return std::nullopt;
    };
    switch (type) {
      case Type::kText:
      case Type::kPath:
      case Type::kBytes:
        return own(node.scalar);
      case Type::kBool: {
        const auto flag = read_bool(node.scalar);
        return flag ? Value::boolean(*flag != 0) : refuse(flag.error());
      }
      case Type::kIpAddress:
      case Type::kIpNetwork: {
        const auto ip = read_ip(node.scalar);
        return ip ? Value::ip(own(*ip).text()) : refuse(ip.error());
      }
      case Type::kPort: {
        const auto port = read_port(node.scalar);
        return port ? Value::unsigned_integer(*port) : refuse(port.error());
      }
      case Type::kDynamic: {
        std::int64_t number = 0;
        const char* end = node.scalar.data() + node.scalar.size();
        const auto [rest, error] = std::from_chars(node.scalar.data(), end, number);
        return error == std::errc() && rest == end ? Value::integer(number) : own(node.scalar);
      }
      case Type::kDouble:
        return refuse("a field of this type cannot be described");
      default: {
        const auto number = read_integer(node.scalar, type);
        if (!number) return refuse(number.error());
        return is_signed(type) ? Value::integer(static_cast<std::int64_t>(*number))
                               : Value::unsigned_integer(*number);
      }
    }
  }

  // --- what follows from what is given

  void derive(std::string_view type, const event::Schema* schema) {
    set("syscall.type", type);
    set("evt.dir", type == "procexit" ? ">" : "<");
    set("evt.source", "syscall");
    set("evt.category", event::category_name(schema == nullptr ? event::Category::kOther : schema->category));
    set_number("evt.num", 1);
    set_number("evt.count", 1);
    derive_result(type);
    derive_file(type);
    const std::string_view args = text("proc.args");
    if (has("proc.args")) set_number("proc.cmdnargs", count_words(args));
    if (!has("proc.cmdline") && has("proc.name")) {
      set("proc.cmdline", fmt::format("{}{}{}", text("proc.name"), args.empty() ? "" : " ", args));
    }
    const bool contained = std::ranges::any_of(event_.values_, [](const auto& row) {
      return row.first.starts_with("container.") || row.first.starts_with("k8s.");
    });
    if (!contained) {
      for (const char* name : {"container.id", "container.full_id", "container.name", "container.type"})
        set(name, "host");
    }
  }

  void derive_result(std::string_view type) {
    if (type == "procexit") return;
    const bool failed = has("evt.res") ? text("evt.res") != "SUCCESS"
                                       : has("evt.rawres") && value("evt.rawres").integer() < 0;
    if (!failed) set("evt.res", "SUCCESS");
    if (!failed && !has("evt.rawres"))
      event_.values_["evt.rawres"] = Value::integer(is_open(type) ? kDescriptor : 0);
    set_flag("evt.failed", failed);
  }

  void derive_file(std::string_view type) {
    const bool open = is_open(type);
    const std::string_view flags = text("evt.arg.flags");
    const bool both = has_flag(flags, "O_RDWR");
    set_flag("evt.is_open_read", open && (both || has_flag(flags, "O_RDONLY")));
    set_flag("evt.is_open_write", open && (both || has_flag(flags, "O_WRONLY")));
    set_flag("evt.is_open_create", open && has_flag(flags, "O_F_CREATED"));
    set_flag("evt.is_open_exec", false);
    if (open) event_.values_.try_emplace("fd.num", value("evt.rawres"));
    const std::string_view name = text("fd.name");
    if (!name.starts_with('/')) return;
    set("fd.type", "file");
    set("fd.typechar", text("fd.type") == "directory" ? "d" : "f");
    set("fd.nameraw", name);
    set("fd.directory", text("fd.type") == "directory" ? name : directory_of(name));
    if (text("fd.type") == "file") set("fd.filename", name.substr(name.rfind('/') + 1));
  }

  bool has(const std::string& name) const { return event_.values_.contains(name); }
  Value value(const std::string& name) const {
    const auto found = event_.values_.find(name);
    return found == event_.values_.end() ? Value() : found->second;
  }
  std::string_view text(const std::string& name) const {
    const Value found = value(name);
    return found.kind() == fields::Kind::kText ? found.text() : std::string_view();
  }
  Value own(std::string_view text) { return Value::text(event_.texts_.emplace_back(text)); }
  void set(const std::string& name, std::string_view text) {
    if (!has(name)) event_.values_[name] = own(text);
  }
  void set_flag(const std::string& name, bool flag) {
    event_.values_.try_emplace(name, Value::boolean(flag));
  }
  void set_number(const std::string& name, std::uint64_t number) {
    event_.values_.try_emplace(name, Value::unsigned_integer(number));
  }

  void problem(Place place, std::string message) { problems_.push_back({place, std::move(message), {}}); }

  // What a call that opens gives back when the description does not say.
  static constexpr std::int64_t kDescriptor = 3;

  const fields::Catalogue& catalogue_;
  DescribedEvent& event_;
  std::vector<DescriptionProblem>& problems_;
};

std::unique_ptr<DescribedEvent> DescribedEvent::read(const YamlNode& map, const YamlNode* defaults,
                                                     const fields::Catalogue& catalogue,
                                                     std::vector<DescriptionProblem>& problems) {
  auto event = std::make_unique<DescribedEvent>();
  DescriptionReader reader(catalogue, *event, problems);
  const std::size_t before = problems.size();
  reader.take(map);
  if (defaults != nullptr) reader.take(*defaults);
  if (problems.size() == before) reader.finish(map.place);
  return event;
}

fields::Value DescribedEvent::read(const FieldRef& field) const {
  const auto found = values_.find(field.text());
  if (found != values_.end()) return found->second;
  // proc.aname[2] is the second of a list that is given as a whole.
  if (field.argument.kind == fields::Argument::Kind::kIndex && field.argument.index > 0) {
    const auto list = values_.find(std::string(field.field->name));
    if (list != values_.end() && list->second.kind() == fields::Kind::kList) {
      const auto items = list->second.list();
      const auto place = static_cast<std::uint64_t>(field.argument.index) - 1;
      return place < items.size() ? items[place] : Value();
    }
  }
  in_vain_.insert(field.text());
  return {};
}

fields::Subject DescribedEvent::subject() const {
  fields::Subject subject;
  subject.event = &event_;
  subject.values = this;
  return subject;
}

std::set<std::string> DescribedEvent::take_asked_in_vain() const { return std::exchange(in_vain_, {}); }

}  // namespace saker::rules
