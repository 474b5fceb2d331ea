// stress: processes, files and sockets at random, each with a line of JSON that says what it was, as the
// program itself and /proc know it. test_cross_check.py holds the agent's fields against those lines.
#pragma once

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace stress {

using Json = nlohmann::json;

// Where and how one process does its part; handed on through the environment, because words and names are
// random.
struct Part {
  std::string folder;  // bin/ has the programs, play/ is for files
  std::string log;     // lines are appended to it
  std::string token;   // names this process; its children's begin with it
  unsigned seed = 0;
  int depth = 0;  // of its ancestors
};

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}

  // From 0 to sides - 1.
  std::size_t roll(std::size_t sides) {
    return std::uniform_int_distribution<std::size_t>(0, sides - 1)(engine_);
  }
  bool chance(std::size_t percent) { return roll(100) < percent; }
  template <class List>
  const auto& pick(const List& list) {
    return list[roll(std::size(list))];
  }

 private:
  std::mt19937 engine_;
};

// Says what went wrong, with errno, and ends the program.
[[noreturn]] void fail(std::string_view what);

void write_line(const Part& part, Json line);
std::string read_link(const std::string& path);
std::string read_file(const std::string& path);
// 0, or the name of the error: "ENOENT".
std::string error_name(long result);

// What this process is, as /proc shows it.
Json describe_process();

void open_something(const Part& part, Dice& dice);
void change_something(const Part& part, Dice& dice);
void connect_something(const Part& part, Dice& dice);
void make_descriptor(const Part& part, Dice& dice);
// Forks; the child stays the same program and opens a file. Waits for it.
void fork_something(const Part& part, Dice& dice, int child);
// Forks, changes what a process can change, and runs a program of bin/ in the child; waits for it.
void start_something(const Part& part, Dice& dice, int child);

}  // namespace stress
