// Database: SQLite as this folder uses it. Errors are Results; a Statement is prepared once and stepped many
// times.
//
// Not thread-safe. Each thread opens its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace saker::spool {

class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // From 1. A text must hold until the next step is done.
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);

  // True: a row is there. False: done. Either way reset() before the next use.
  Result<bool> step();
  // For a statement without rows: step and reset.
  Result<> run();
  void reset();

  // Of the row; a text holds until the next step.
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  // Creates the file where it may write and there is none.
  static Result<Database> open(const std::string& path, Mode mode);

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  Result<> execute(const char* sql);
  Result<Statement> prepare(const char* sql);
  std::int64_t changes() const;

 private:
  explicit Database(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

// The message of such an error begins so: the file itself is broken, and no second try will help.
inline constexpr std::string_view kCorrupt = "the database is damaged";
bool is_corrupt(const Error& error);

}  // namespace saker::spool
