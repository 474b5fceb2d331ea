// The verbs of `act`: each does one thing that a rule watches for, and nothing else that matters to it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace act {

using Words = std::span<char* const>;  // null-terminated behind the last one

constexpr int kNotHere = 77;  // exit status: this machine has no such thing

struct Verb {
  std::string_view name;
  std::string_view usage;   // its words
  std::size_t words_min;    // fewer are an error; more are the caller's, to tell this act from another
  int (*run)(Words words);  // exit status
};

std::span<const Verb> process_verbs();
std::span<const Verb> file_verbs();
std::span<const Verb> network_verbs();
std::span<const Verb> kernel_verbs();
std::span<const Verb> evasion_verbs();
std::span<const Verb> race_verbs();

// Says what went wrong, with errno, and ends the program.
[[noreturn]] void fail(std::string_view what);

// `result` when it is not negative; else fails.
int need(int result, std::string_view what);
int need(long result, std::string_view what);

// A whole number, or fails.
long number(std::string_view text);

// Forks; runs the words as a program in the child and waits for it. Its exit status; 128 + signal.
int run_child(Words words);

// One byte, so that a file that was opened has also been read.
void read_some(int fd);

}  // namespace act
