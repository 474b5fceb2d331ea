// For tests: a catalogue whose fields read a table that the test fills, so that a rule can be judged without
// making the event that would give those values.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fields/catalogue.h"

namespace saker::rules {

// The value of each field by its row; an argument's text may choose another one. Each of a file's names may
// have its own.
class TestValues {
 public:
  static constexpr std::size_t kRowsMax = 320;

  static void clear() { table() = {}; }
  static void set(std::size_t row, fields::Value value, const std::string& argument = "",
                  std::size_t name = 0) {
    table()[row][{argument, name}] = value;
  }

 private:
  using Row = std::map<std::pair<std::string, std::size_t>, fields::Value>;
  static std::array<Row, kRowsMax>& table() {
    static std::array<Row, kRowsMax> rows;
    return rows;
  }

  template <std::size_t kRow>
  static fields::Value read(const fields::Subject& subject, const fields::Argument& argument, Arena&) {
    std::string text = argument.key;
    if (argument.kind == fields::Argument::Kind::kIndex) text = std::to_string(argument.index);
    const Row& row = table()[kRow];
    auto found = row.find({text, subject.name_index});
    if (found == row.end()) found = row.find({text, 0});
    return found == row.end() ? fields::Value() : found->second;
  }
  template <std::size_t... kRows>
  static constexpr std::array<fields::Reader, kRowsMax> readers(std::index_sequence<kRows...>) {
    return {read<kRows>...};
  }

 public:
  // Gives each row a reader of the table.
  static std::vector<fields::Field> with_readers(std::vector<fields::Field> rows) {
    static constexpr auto kReaders = readers(std::make_index_sequence<kRowsMax>());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].read = kReaders.at(i);
    return rows;
  }
};

}  // namespace saker::rules
