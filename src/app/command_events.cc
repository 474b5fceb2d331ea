#include "app/command_events.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "base/clock.h"
#include "spool/event.h"
#include "spool/query.h"

namespace saker::app {
namespace {

// Where the agent keeps its alerts, or a relay, unless they are told otherwise.
constexpr const char* kUsualStores[] = {"/var/lib/saker", "/var/lib/saker-relay"};

std::string usual_store() {
  for (const char* folder : kUsualStores) {
    if (std::filesystem::exists(spool::database_path(folder))) return folder;
  }
  return kUsualStores[0];
}

// Falco's line begins with a time of day and the priority, which stand before it already.
std::string_view without_prefix(std::string_view output, spool::Priority priority) {
  const std::string words = fmt::format(": {} ", spool::name_of(priority));
  const std::size_t digits = output.find_first_not_of("0123456789:.+-TZ");
  const std::size_t at = output.find(words);
  return at != std::string_view::npos && at <= digits && digits <= at + 2 ? output.substr(at + words.size())
                                                                          : output;
}

void print_text(const spool::StoredAlert& alert) {
  const auto event = spool::parse_line(alert.line);
  if (!event) return;
  fmt::print("{} {:<13} {}{}{}\n", spool::format_time_utc(event->time_ns), spool::name_of(event->priority),
             event->hostname, event->hostname.empty() ? "" : ": ",
             event->output.empty() ? event->rule : without_prefix(event->output, event->priority));
}

}  // namespace

int command_events(int argc, char** argv) {
  CLI::App app("Alerts that a store holds, oldest first.", "saker events");
  std::string folder = usual_store(), since, until, priority;
  spool::Query query;
  std::uint64_t most = 0;
  bool json = false;
  app.add_option("--store", folder, "folder of the store")->type_name("DIR")->capture_default_str();
  app.add_option("--since", since, "not older: 90s, 15m, 1h, 7d, or a time")->type_name("TIME");
  app.add_option("--until", until, "not newer: the same")->type_name("TIME");
  app.add_option("--rule", query.rule, "rules whose name holds this")->type_name("TEXT");
  app.add_option("--priority", priority, "this severe or more")->type_name("PRIORITY");
  app.add_option("--grep", query.text, "alerts that hold this text")->type_name("TEXT");
  app.add_option("--limit", most, "the newest so many")->type_name("COUNT");
  app.add_flag("--json", json, "one JSON object a line");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitGood : kExitBadInput;
  }
  const auto now_ns = static_cast<std::int64_t>(wall_time_ns());
  for (const auto& [text, name, to] :
       {std::tuple(&since, "--since", &query.since_ns), std::tuple(&until, "--until", &query.until_ns)}) {
    if (text->empty()) continue;
    const auto before = spool::time_before(*text, now_ns);
    if (!before) {
      fmt::print(stderr, "saker events: {}: '{}' is no time like 15m, 1h, 7d or 2026-03-01T12:00:00Z\n", name,
                 *text);
      return kExitBadInput;
    }
    *to = now_ns - *before;
  }
  if (!priority.empty()) {
    const auto known = spool::priority_named(priority);
    if (!known) {
      fmt::print(stderr,
                 "saker events: '{}' is no priority; they are Emergency, Alert, Critical, Error, Warning, "
                 "Notice, Informational, Debug\n",
                 priority);
      return kExitBadInput;
    }
    query.least = *known;
  }
  if (most > 0) query.most = most;
  const auto found = spool::query(folder, query, [json](const spool::StoredAlert& alert) {
    if (json) {
      fmt::print("{}\n", alert.line);
    } else {
      print_text(alert);
    }
  });
  if (!found) {
    fmt::print(stderr, "saker events: {}\n", found.error().message);
    return kExitBadInput;
  }
  return kExitGood;
}

}  // namespace saker::app
