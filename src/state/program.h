// Program: what a process runs, as of its exec. Shared by all processes that run the same: a child has its
// creator's until it executes one of its own, and a probe that kubelet starts every second is always one.
//
// Programs knows what they all take. When that is too much it forgets details, those of the oldest first: the
// environment, and all but the beginnings of long texts.
//
// Not thread-safe: programs and what refers to them belong to the thread that owns the process table.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "event/event.h"

namespace saker::state {

// What is to be remembered of a program.
struct ProgramText {
  std::string_view exepath = {};
  std::string_view args = {};  // argv, each ended by NUL
  std::optional<std::string_view> environment =
      std::nullopt;  // NAME=value, each ended by NUL; nothing: never told
  bool args_truncated = false;
  std::uint32_t args_bytes = 0;              // whole length of argv
  const event::ExeFile* exe_file = nullptr;  // null: not known
};

class Programs;

class Program
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  // Hold until details are forgotten, which only a later event can bring about.
  std::string_view exepath() const { return {texts_.get(), exepath_bytes_}; }
  std::string_view args() const { return {texts_.get() + exepath_bytes_, args_kept_}; }
  std::optional<std::string_view> environment() const {
    if (!has_environment_) return std::nullopt;
    return std::string_view(texts_.get() + exepath_bytes_ + args_kept_, environment_bytes_);
  }
  bool args_truncated() const { return args_truncated_; }
  std::uint32_t args_bytes() const { return args_bytes_; }
  // Of no other program, of any table; a new one when details are forgotten. What was found out of a program
  // holds for its number.
  std::uint64_t number() const { return number_; }
  const event::ExeFile* exe_file() const { return exe_file_known_ ? &exe_file_ : nullptr; }

 private:
  friend class Programs;
  Program() = default;
  ProgramText text() const;
  void set_texts(const ProgramText& text);
  std::size_t bytes() const;
  friend void intrusive_ptr_add_ref(const Program* program) { ++program->references_; }
  friend void intrusive_ptr_release(const Program* program);

  std::unique_ptr<char[]> texts_;  // one after the other
  std::uint32_t exepath_bytes_ = 0, args_kept_ = 0, environment_bytes_ = 0;
  std::uint32_t args_bytes_ = 0;
  std::uint64_t number_ = 0;
  event::ExeFile exe_file_;
  Programs* home_ = nullptr;
  mutable std::uint32_t references_ = 0;
  bool args_truncated_ = false, exe_file_known_ = false, has_environment_ = false;
  bool whole_ = true;  // nothing was forgotten: it can be found by its texts
};
using ProgramRef = boost::intrusive_ptr<const Program>;

class Programs {
 public:
  // What is left of the texts of a program that details were forgotten of.
  static constexpr std::size_t kExepathKept = 256;
  static constexpr std::size_t kArgsKept = 64;
  // What the allocator and the index add to a program, and what one takes that all details are forgotten of.
  static constexpr std::size_t kOverhead = 48;
  static constexpr std::size_t kBytesKept = sizeof(Program) + kOverhead + kExepathKept + kArgsKept;

  Programs() = default;
  ~Programs();  // all references must be gone
  Programs(const Programs&) = delete;

  // A program with those texts: one that is there, else a new one.
  ProgramRef get(const ProgramText& text);

  // Forgets details, those of the programs least lately executed first, until all take no more than
  // `bytes_max`, or nothing is left to forget.
  void fit(std::size_t bytes_max);

  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return size_; }
  std::uint64_t shortened() const { return shortened_; }  // programs whose details were forgotten

 private:
  friend void intrusive_ptr_release(const Program* program);
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const ProgramText& text) const;
    std::size_t operator()(const Program* program) const { return (*this)(program->text()); }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(const Program* a, const Program* b) const { return a == b; }
    bool operator()(const Program* a, const ProgramText& b) const { return same(a->text(), b); }
    bool operator()(const ProgramText& a, const Program* b) const { return same(a, b->text()); }
    static bool same(const ProgramText& a, const ProgramText& b);
  };
  using Order =
      boost::intrusive::list<Program, boost::intrusive::constant_time_size<false>>;  // the oldest in front

  void forget(Program* program);

  absl::flat_hash_set<Program*, Hash, Same> whole_;
  Order order_;  // of those that have details to forget
  std::size_t bytes_ = 0, size_ = 0;
  std::uint64_t shortened_ = 0;
};

}  // namespace saker::state
