// The plan as the probe evaluates it, on events of this side: as strict as a probe could be, so that tables
// which let too little through are found. (probe/lib/plan_names.h lets through what it cannot read.)
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>
#include <algorithm>
#include <string>
#include <string_view>

#include "event/open_flags.h"
#include "event/schema.h"
#include "fields/names.h"
#include "rules/plan_groups.h"
#include "rules/planner.h"
#include "rules/process_classes.h"

namespace saker::rules {

// As the probe finds them (probe/lib/plan_pairs.h).
inline std::uint8_t group_in(const saker_plan_ranges& ranges, std::uint32_t value) {
  std::size_t at = 0;
  while (at + 1 < SAKER_PLAN_RANGES && ranges.from[at + 1] <= value) ++at;
  return ranges.group[at];
}
inline std::uint8_t group_in(const std::vector<event::PlanNetwork>& networks, std::string_view ip) {
  const event::PlanNetwork* longest = nullptr;
  const auto bits = static_cast<std::uint32_t>(ip.size() * 8);
  const Prefix whole = prefix_of(ip, bits);
  for (const event::PlanNetwork& network : networks) {
    bool inside = true;
    for (unsigned bit = 0; bit < network.bits; ++bit) {
      const unsigned mask = 0x80U >> bit % 8;
      inside = inside && (network.address[bit / 8] & mask) == (whole.first[bit / 8] & mask);
    }
    if (inside && (longest == nullptr || network.bits > longest->bits)) longest = &network;
  }
  return longest == nullptr ? 0 : longest->group;
}
inline std::uint8_t group_in(const event::PlanPairs& pairs, std::string_view ip) {
  if (ip.size() == 4) {
    const std::uint8_t group = pairs.tables.octets[static_cast<std::uint8_t>(ip[0])];
    if (group != SAKER_PLAN_MANY) return group;
  }
  return group_in(pairs.networks, ip);
}

class PlanModel {
 public:
  PlanModel(const Plan& plan, ProcessClasses& classes) : plan_(plan), classes_(classes) {}

  bool passes(const fields::Subject& subject, const state::Process* parent, Arena& arena,
              bool aliased = false) const {
    const event::Event& event = *subject.event;
    const std::uint8_t number = plan_.filter.program_of[event.type];
    if (number == SAKER_PLAN_NOTHING) return false;
    const event::PlanProgram& program = plan_.filter.programs[number];
    const saker_plan_program& t = program.tables;
    event::PlanTerms terms = t.all;
    const unsigned where = subject.where == state::Where::kHost        ? SAKER_SCOPE_HOST
                           : subject.where == state::Where::kContainer ? SAKER_SCOPE_CONTAINER
                                                                       : 3;
    terms &= t.scope[where];
    terms &= t.mode[mode_of(event)];
    terms &= t.task[(event.task.euid == 0 ? SAKER_PLAN_ROOT : 0) |
                    (event.task.tty != 0 ? SAKER_PLAN_TERMINAL : 0)];
    if (((t.uses >> SAKER_PLAN_USER) & 1U) != 0) {
      const saker_plan_pairs& pairs = program.pairs->tables;
      terms &= pairs.terms[SAKER_PAIR_USER][group_in(pairs.users, event.task.euid)]
                          [group_in(pairs.users, event.task.loginuid)];
    }
    terms &= by_class(subject, number, false, arena);
    if (parent != nullptr) {
      fields::Subject of_parent = subject;
      of_parent.process = parent;
      terms &= by_class(of_parent, number, true, arena);
    }
    if (const auto* call = std::get_if<event::Call>(&event.body)) {
      terms &= by_arguments(t, *call);
      terms &= t.kind[kind_of(t, *call)];
      if ((t.uses & (1U << SAKER_PLAN_ADDRESS | 1U << SAKER_PLAN_PORT)) != 0)
        terms &= by_ends(*program.pairs, call->descriptor(t.descriptor_of));
      for (std::uint8_t which = 0; which < SAKER_PLAN_TEXT_ARGUMENTS; ++which)
        terms &= by_text(program, which, *call, arena);
      return terms != 0;
    }
    const auto* file = std::get_if<event::File>(&event.body);
    if (file == nullptr || !event.is_open()) return terms != 0;
    const bool directory = S_ISDIR(file->inode_mode);
    if (file->result >= 0) terms &= t.kind[directory ? SAKER_PLAN_KIND_DIRECTORY : SAKER_PLAN_KIND_FILE];
    if (file->name.present && file->name.bytes.find("..") == std::string_view::npos) terms &= t.raw_plain;
    event::PlanTerms by_names = 0;
    for (std::uint8_t kind = 0; kind < fields::kNameKinds; ++kind) {
      const std::string_view name = fields::file_name(*file, kind, arena);
      if (!name.empty() || kind == 0) by_names |= of_name(program, name, directory && file->result >= 0);
    }
    if (aliased) by_names |= t.literal;
    return (terms & by_names) != 0;
  }

 private:
  static unsigned mode_of(const event::Event& event) {
    unsigned mode = event.has_result() && event.result() < 0 ? SAKER_PLAN_FAILED : 0;
    const auto* file = std::get_if<event::File>(&event.body);
    if (file == nullptr || !event.is_open()) return mode;
    if ((file->flags & event::kOpenRead) != 0) mode |= SAKER_PLAN_READS;
    if ((file->flags & event::kOpenWrite) != 0) mode |= SAKER_PLAN_WRITES;
    if ((file->flags & event::kOpenTrunc) != 0) mode |= SAKER_PLAN_TRUNCATES;
    if ((file->flags & (event::kOpenCreat | event::kOpenTmpfile)) != 0) mode |= SAKER_PLAN_CREATES;
    return mode;
  }

  event::PlanTerms by_class(const fields::Subject& subject, std::uint8_t program, bool as_parent,
                            Arena& arena) const {
    if (subject.process == nullptr || !classes_.needed()) return ~event::PlanTerms{0};
    const auto found = classes_.classify(subject, arena);
    if (found.number == 0) return ~event::PlanTerms{0};
    const auto of_name = classes_.classify_name(subject, arena);
    const auto of_class = [&](std::uint32_t number) -> event::PlanTerms {
      if (number == 0) return ~event::PlanTerms{0};
      const saker_plan_class terms = classes_.terms(number)[program];
      return as_parent ? terms.parent : terms.process;
    };
    return of_class(found.number) & of_class(of_name.number);
  }

  static event::PlanTerms by_arguments(const saker_plan_program& t, const event::Call& call) {
    event::PlanTerms terms = ~event::PlanTerms{0};
    const auto value_of = [&](unsigned argument) {
      return argument < SAKER_ARGUMENTS ? call.arguments[argument] : static_cast<std::uint64_t>(call.result);
    };
    for (std::size_t i = 0; i < SAKER_PLAN_ARGUMENTS; ++i) {
      if (t.argument_of[i] == SAKER_PLAN_NO_ARGUMENT) continue;
      const std::uint64_t value = value_of(t.argument_of[i]);
      if (value < SAKER_PLAN_VALUES) terms &= t.argument[i][value];
    }
    for (const saker_plan_flags& flags : t.flags) {
      if (flags.bits != 0 && (value_of(flags.argument) & flags.bits) == 0) terms &= flags.without;
    }
    return terms;
  }

  static unsigned kind_of(const saker_plan_program& t, const event::Call& call) {
    const event::Descriptor* descriptor = call.descriptor(t.descriptor_of);
    if (descriptor == nullptr) return SAKER_PLAN_KIND_UNKNOWN;
    if (descriptor->kind == SAKER_DESCRIPTOR_PIPE) return SAKER_PLAN_KIND_PIPE;
    if (descriptor->kind != SAKER_DESCRIPTOR_SOCKET)
      return S_ISDIR(descriptor->inode_mode) ? SAKER_PLAN_KIND_DIRECTORY : SAKER_PLAN_KIND_OTHER;
    if (descriptor->family == AF_UNIX) return SAKER_PLAN_KIND_UNIX;
    if (descriptor->family == AF_NETLINK) return SAKER_PLAN_KIND_NETLINK;
    const bool four = descriptor->family == AF_INET, six = descriptor->family == AF_INET6;
    if (!four && !six) return SAKER_PLAN_KIND_SOCKET;
    if (descriptor->type == SOCK_STREAM && descriptor->protocol == IPPROTO_TCP)
      return four ? SAKER_PLAN_KIND_TCP4 : SAKER_PLAN_KIND_TCP6;
    if (descriptor->type == SOCK_DGRAM && descriptor->protocol == IPPROTO_UDP)
      return four ? SAKER_PLAN_KIND_UDP4 : SAKER_PLAN_KIND_UDP6;
    return four ? SAKER_PLAN_KIND_IP4 : SAKER_PLAN_KIND_IP6;
  }

  static event::PlanTerms by_ends(const event::PlanPairs& pairs, const event::Descriptor* socket) {
    if (socket == nullptr || (socket->family != AF_INET && socket->family != AF_INET6))
      return ~event::PlanTerms{0};
    const auto zero = [](std::string_view ip) {
      return ip.find_first_not_of('\0') == std::string_view::npos;
    };
    std::uint8_t addresses[2] = {}, ports[2] = {};
    if (socket->local_port != 0 || !zero(socket->local)) {
      addresses[0] = group_in(pairs, socket->local);
      ports[0] = group_in(pairs.tables.ports, socket->local_port);
    }
    if (socket->remote_port != 0 || (socket->type != SOCK_STREAM && !zero(socket->remote))) {
      addresses[1] = group_in(pairs, socket->remote);
      ports[1] = group_in(pairs.tables.ports, socket->remote_port);
    }
    return pairs.tables.terms[SAKER_PAIR_ADDRESS][addresses[0]][addresses[1]] &
           pairs.tables.terms[SAKER_PAIR_PORT][ports[0]][ports[1]];
  }

  // The text as the probe puts it together; "" when it does not judge it.
  static std::string text_of(const saker_plan_text_argument& text, const event::Call& call, Arena& arena) {
    if (text.argument == SAKER_PLAN_NO_ARGUMENT || !call.texts[text.argument].present) return "";
    constexpr std::size_t kBytesEnd = 256;
    std::string whole(call.texts[text.argument].bytes);
    if (whole.empty() || whole.size() >= kBytesEnd) return "";
    if (whole[0] != '/' && text.base != SAKER_PLAN_BASE_NONE) {
      std::string_view base = call.cwd.bytes;
      if (text.base == SAKER_PLAN_BASE_DESCRIPTOR &&
          static_cast<std::int32_t>(call.arguments[text.argument - 1U]) != -100) {
        const event::Descriptor* directory = call.descriptor(static_cast<std::uint8_t>(text.argument - 1));
        if (directory == nullptr || !S_ISDIR(directory->inode_mode)) return "";
        base = directory->name.bytes;
      }
      whole = (base == "/" ? "" : std::string(base)) + "/" + whole;
    }
    // Dots at the beginning of a text that stands for itself are not cleaned away.
    const std::size_t begin = whole[0] == '/' ? 1 : std::min(whole.find_first_not_of("./"), whole.size());
    const std::string as_path = "/" + whole.substr(begin);
    const bool clean = fields::join_path({}, as_path, arena) == as_path;
    return clean && whole.size() < kBytesEnd ? whole : "";
  }

  static event::PlanTerms by_text(const event::PlanProgram& program, std::uint8_t which,
                                  const event::Call& call, Arena& arena) {
    const saker_plan_text_argument& table = program.tables.texts[which];
    const std::string text = text_of(table, call, arena);
    if (text.empty()) return ~event::PlanTerms{0};
    const std::string last = text.substr(text.rfind('/') + 1);
    event::PlanTerms terms = of_part(program, SAKER_PLAN_PART_NAME, table.name, last, which);
    terms &= text.size() < SAKER_PLAN_TAIL_BYTES
                 ? table.tail.other
                 : of_part(program, SAKER_PLAN_PART_TAIL, table.tail,
                           text.substr(text.size() - SAKER_PLAN_TAIL_BYTES), which);
    for (const saker_plan_piece& piece : table.pieces) {
      std::string looked_for;
      for (unsigned byte = 0; byte < 8 && (piece.mask >> 8 * byte) != 0; ++byte)
        looked_for += static_cast<char>(piece.head >> 8 * byte & 0xff);
      if (text.find(looked_for) == std::string::npos) terms &= piece.without;
    }
    return text[0] == '/' ? terms & of_path(program, text, which) : terms;
  }

  static event::PlanTerms of_part(const event::PlanProgram& program, saker_plan_part_kind part,
                                  const saker_plan_part& table, std::string_view text,
                                  std::uint8_t which = 0) {
    if ((table.lengths >> std::min<std::size_t>(text.size(), 63) & 1U) == 0) return table.other;
    for (const event::PlanText& row : program.texts) {
      if (row.which == which && row.part == part && row.length == std::min<std::size_t>(text.size(), 255) &&
          row.text == text.substr(0, SAKER_PLAN_TEXT_BYTES))
        return row.terms;
    }
    return table.other;
  }

  static event::PlanTerms of_name(const event::PlanProgram& program, std::string_view name, bool directory) {
    const saker_plan_program& t = program.tables;
    const std::size_t slash = name.rfind('/');
    if (slash == std::string_view::npos || name.size() == 1) return ~event::PlanTerms{0};
    const std::string_view last = name.substr(slash + 1), above = name.substr(0, slash);
    event::PlanTerms terms = of_part(program, SAKER_PLAN_PART_NAME, t.name, last);
    if (t.tail.lengths != 0 && last.size() >= SAKER_PLAN_TAIL_BYTES)
      terms &=
          of_part(program, SAKER_PLAN_PART_TAIL, t.tail, last.substr(last.size() - SAKER_PLAN_TAIL_BYTES));
    if (!directory)
      terms &= of_part(program, SAKER_PLAN_PART_DIRECTORY, t.directory, above.substr(above.rfind('/') + 1));
    terms &= of_part(program, SAKER_PLAN_PART_TOP, t.top, name.substr(1, name.find('/', 1) - 1));
    return terms & of_path(program, name);
  }

  static event::PlanTerms of_path(const event::PlanProgram& program, std::string_view name,
                                  std::uint8_t which = 0) {
    const event::PlanPath* longest = nullptr;
    for (const event::PlanPath& path : program.paths) {
      if (path.which != which) continue;
      const bool fits = path.whole ? name == path.text : name.starts_with(path.text);
      const auto length = [](const event::PlanPath& p) { return p.text.size() + (p.whole ? 1 : 0); };
      if (fits && (longest == nullptr || length(path) > length(*longest))) longest = &path;
    }
    return longest == nullptr ? ~event::PlanTerms{0} : longest->terms;
  }

  const Plan& plan_;
  ProcessClasses& classes_;
};

}  // namespace saker::rules
