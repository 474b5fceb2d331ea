// Result: how a call says that the world failed.
//
// Four roads lead out of trouble, chosen by cause. The world failed (a file, the kernel): return a
// Result. The author's text is wrong (a rule, a configuration): add to a Diagnostics list and go on.
// An event is odd: count it and go on. We are wrong: CHECK, stop. Libraries that throw are caught in
// the one file that calls them.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace saker {

// What kind of failure, for a caller that acts on it; the sentence is for people.
enum class ErrorCode {
  kInvalid,      // a value is not what it must be
  kNotFound,     // a file, a name, a symbol is missing
  kPermission,   // a capability or an access right is missing
  kUnsupported,  // this kernel or this build cannot do it
  kIo,           // reading or writing failed
  kExhausted,    // a named limit was reached
};

struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;  // one sentence, no newline, says what would help where it can
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace saker

#define SAKER_CONCAT_INNER(a, b) a##b
#define SAKER_CONCAT(a, b) SAKER_CONCAT_INNER(a, b)

// Returns the error of `expr` to the caller, or goes on. For a Result<void>.
#define TRY(expr)                                                                  \
  do {                                                                             \
    if (auto saker_try_result = (expr); !saker_try_result)                         \
      return std::unexpected<::saker::Error>(std::move(saker_try_result).error()); \
  } while (false)

// The same, and names the value: TRY_ASSIGN(auto text, read_file(path));
#define TRY_ASSIGN(decl, expr)                                                                     \
  auto SAKER_CONCAT(saker_try_, __LINE__) = (expr);                                                \
  if (!SAKER_CONCAT(saker_try_, __LINE__))                                                         \
    return std::unexpected<::saker::Error>(std::move(SAKER_CONCAT(saker_try_, __LINE__)).error()); \
  decl = *std::move(SAKER_CONCAT(saker_try_, __LINE__))
