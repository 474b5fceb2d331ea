// The field catalogue: every name a condition or an output may ask for, one row each.
//
// A row is name, type, argument, help and a reader. Rules resolve a name to a FieldRef once, when they are
// compiled; per event only the reader runs. A row without a reader is a field that this version does not
// bring yet: it is known to the parser and always missing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "event/event.h"
#include "fields/value.h"
#include "state/containers.h"
#include "state/domain_names.h"
#include "state/sockets.h"
#include "state/users.h"

namespace saker::state {
class ProcessTable;
struct Process;
}  // namespace saker::state

namespace saker::fields {

// How constants compared with the field are read and which operators it allows (rule language: types).
enum class Type : std::uint8_t {
  kText,
  kPath,  // text that is a path
  kBytes,
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kDouble,
  kPort,
  kRelTime,  // unsigned ns
  kAbsTime,  // unsigned ns since the epoch
  kIpAddress,
  kIpNetwork,
  kDynamic,  // evt.rawarg: by its argument
};

// How a number prints in an output.
enum class Format : std::uint8_t { kDecimal, kHex, kOctal, kTime };

enum class ArgumentKind : std::uint8_t {
  kNone,
  kOptionalIndex,        // proc.aname or proc.aname[2]
  kOptionalKey,          // proc.env or proc.env[HOME]
  kOptionalIndexOrKey,   // proc.aenv
  kRequiredIndexOrKey,   // container.mount[0], container.mount[/path.*]
  kRequiredKey,          // container.label[x] or container.label.x
  kRequiredDotName,      // thread.cgroup.memory, evt.type.is.open
  kRequiredNameOrIndex,  // evt.arg.name or evt.arg[0]
  kOptionalDotName,      // evt.abspath.src
  kRequiredTime,         // evt.around[...]
};

enum FieldFlags : std::uint8_t {
  kNoFlags = 0,
  kList = 1 << 0,  // the value is a list: in, intersects, exists only
  kNoTransformer = 1 << 1,
  kNoRhs = 1 << 2,  // may not stand on the right side
  kFilterOnly = 1 << 3,
  kPrintOnly = 1 << 4,
  kDeprecated = 1 << 5,
  kHidden = 1 << 6,     // not in --list
  kSuggested = 1 << 7,  // appended by append_output's suggested_output
};

struct Argument {
  enum class Kind : std::uint8_t { kNone, kIndex, kKey };
  Kind kind = Kind::kNone;
  std::int64_t index = 0;
  std::string key;

  bool operator==(const Argument&) const = default;
};

struct FieldRef;

// Gives values in place of the readers: an event that is described, not recorded.
class ValueSource {
 public:
  virtual ~ValueSource() = default;
  // Texts hold as long as the source does.
  virtual Value read(const FieldRef& field) const = 0;
};

// Everything known while one event is judged.
struct Subject {
  const event::Event* event = nullptr;
  const ValueSource* values = nullptr;      // when set, nothing else here but the event's type is looked at
  const state::Process* process = nullptr;  // null: unknown process
  const state::ProcessTable* processes = nullptr;
  const state::Container* container = nullptr;  // null on the host
  state::Where where = state::Where::kUnknown;
  const state::Users* users = nullptr;
  const state::DomainNames* domain_names = nullptr;  // of addresses; null: none are known
  std::span<const std::string> cgroup_subsystems;    // by the number that records have for them
  const state::Socket* socket = nullptr;    // of the call's main descriptor; null when that is no IP socket
  const state::Sockets* sockets = nullptr;  // of all other descriptors
  std::string_view hostname;
  std::uint64_t boot_wall_ns = 0;  // wall-clock time of boot
  // Wall-clock times of the first event judged and of the one before this; 0: there was none.
  std::uint64_t first_wall_ns = 0, previous_wall_ns = 0;
  // Which of a file's names fd.name and its relatives speak of; see names.h. 0 = as requested.
  std::uint8_t name_index = 0;
};

using Reader = Value (*)(const Subject&, const Argument&, Arena&);

struct Field {
  std::string_view name;
  Type type = Type::kText;
  ArgumentKind argument = ArgumentKind::kNone;
  std::uint8_t flags = kNoFlags;
  Format format = Format::kDecimal;
  // Without an argument a condition holds when it holds for any element of the list that `read` gives
  // (proc.aname and its kin); printing joins them with blanks.
  bool any_when_bare = false;
  // The value differs between the names of one file: rules that use it are judged once for each name.
  bool by_name = false;
  // Most events share one of a few values, so that asking for one tells little apart.
  bool few_values = false;
  // What the probe has to bring for it beyond the usual: enum saker_detail bits.
  std::uint8_t details = 0;
  // Has no value for system calls, ever: of other sources, or retired.
  bool never = false;
  std::string_view help;
  Reader read = nullptr;
  // The names that may stand after the dot (evt.arg.NAME); null: any.
  std::span<const std::string_view> (*words)() = nullptr;
};

// A field with its argument, as a rule uses it.
struct FieldRef {
  const Field* field = nullptr;
  Argument argument;

  Value read(const Subject& subject, Arena& arena) const {
    if (subject.values != nullptr) [[unlikely]]
      return subject.values->read(*this);
    return field->read ? field->read(subject, argument, arena) : Value();
  }
  bool any() const { return field->any_when_bare && argument.kind == Argument::Kind::kNone; }
  Type type() const { return field->type; }
  // The field's, but evt.rawarg prints in the base of the parameter that it names.
  Format format() const;
  // enum saker_detail bits that it needs on events of that type.
  std::uint8_t details(event::TypeId type) const;
  // As written in a rule: proc.aname[2], evt.arg.name.
  std::string text() const;

  bool operator==(const FieldRef&) const = default;
};

// Rows may come from several sources (tests make their own); names are unique.
class Catalogue {
 public:
  explicit Catalogue(std::vector<Field> rows);

  std::span<const Field> rows() const { return rows_; }
  const Field* find(std::string_view name) const;
  // Whether `name` begins as one of the fields does, up to an argument after a dot.
  bool knows(std::string_view name) const { return find(name) != nullptr || dotted(name) != nullptr; }

  // The field for `name` (dotted, without brackets) and the text between brackets, if there were any. The
  // error is one sentence without location: unknown field (with the nearest known name), missing or bad
  // argument. A dot argument is recognised: "evt.arg.name" finds evt.arg.
  struct Problem {
    std::string message;
    std::string suggestion;  // nearest known name; empty when none is near
    bool unknown_field = false;
  };
  struct Resolution {
    std::optional<FieldRef> ref;
    Problem problem;  // when ref is not set
  };
  Resolution resolve(std::string_view name, std::optional<std::string_view> bracket_argument) const;

  // The longest prefix of `text` that is a field with its argument (output templates); length 0 when none.
  struct Prefix {
    std::optional<FieldRef> ref;
    std::size_t length = 0;
    Problem problem;
  };
  Prefix resolve_prefix(std::string_view text) const;

 private:
  // The field that `name` names up to a dot, when it takes an argument there.
  const Field* dotted(std::string_view name) const;

  std::vector<Field> rows_;
  std::vector<std::uint32_t> by_name_;
};

// The fields of the syscall source.
const Catalogue& syscall_catalogue();

}  // namespace saker::fields
