#include "spool/query.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "spool/database.h"
#include "spool/event.h"

namespace saker::spool {
namespace {

// % and _ and the escape itself are letters here.
std::string like_pattern(std::string_view part) {
  std::string pattern = "%";
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + '%';
}

}  // namespace

Result<std::uint64_t> query(const std::string& folder, const Query& query,
                            const std::function<void(const StoredAlert&)>& take) {
  const std::string path = database_path(folder);
  if (!std::filesystem::exists(path))
    return fail(ErrorCode::kNotFound, fmt::format("there is no store in {}", folder));
  TRY_ASSIGN(Database database, Database::open(path, Database::Mode::kReadWrite));
  TRY(database.execute("PRAGMA query_only = 1"));
  // The newest are chosen, and then told in the order in which they came.
  TRY_ASSIGN(Statement rows, database.prepare(R"(
    SELECT id, received_ns, time_ns, priority, rule, line FROM (
      SELECT id, received_ns, time_ns, priority, rule, line FROM alerts
      WHERE time_ns >= ?1 AND time_ns <= ?2 AND priority <= ?3 AND rule LIKE ?4 ESCAPE '\' AND line LIKE ?5 ESCAPE '\'
      ORDER BY time_ns DESC, id DESC LIMIT ?6)
    ORDER BY time_ns, id)"));
  const std::string rule = like_pattern(query.rule);
  const std::string text = like_pattern(query.text);
  rows.bind(1, query.since_ns);
  rows.bind(2, query.until_ns);
  rows.bind(3, static_cast<std::int64_t>(query.least));
  rows.bind(4, rule);
  rows.bind(5, text);
  rows.bind(6, query.most > INT64_MAX ? std::int64_t{-1} : static_cast<std::int64_t>(query.most));
  std::uint64_t found = 0;
  for (;;) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) return found;
    ++found;
    take({.id = rows.integer(0),
          .received_ns = rows.integer(1),
          .time_ns = rows.integer(2),
          .priority = static_cast<Priority>(rows.integer(3)),
          .rule = std::string(rows.text(4)),
          .line = std::string(rows.text(5))});
  }
}

std::optional<std::int64_t> time_before(std::string_view text, std::int64_t now_ns) {
  if (const auto time = parse_time(text)) return now_ns - time->ns;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc() || number < 0 || number > 100'000'000) return std::nullopt;
  static constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}};
  for (const auto& [name, seconds] : kUnits) {
    if (name != unit) continue;
    constexpr std::int64_t kSecondNs = 1'000'000'000;
    return number > INT64_MAX / kSecondNs / seconds ? INT64_MAX : number * seconds * kSecondNs;
  }
  return std::nullopt;
}

}  // namespace saker::spool
