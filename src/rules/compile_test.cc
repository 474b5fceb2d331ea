// What compiles and what does not. Problems are written as the text they point at: message (suggestion).
#include "rules/compile.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rules/condition_parser.h"

namespace saker::rules {
namespace {

using fields::ArgumentKind;
using fields::Type;

const fields::Catalogue& catalogue() {
  static const fields::Catalogue made([] {
    std::vector<fields::Field> rows;
    const auto add = [&](std::string_view name, Type type, std::uint8_t flags = fields::kNoFlags,
                         ArgumentKind argument = ArgumentKind::kNone) {
      rows.push_back({.name = name, .type = type, .argument = argument, .flags = flags, .help = ""});
    };
    add("evt.type", Type::kText);
    add("syscall.type", Type::kText);
    add("evt.num", Type::kUint64);
    add("evt.around", Type::kUint64, fields::kFilterOnly | fields::kNoTransformer | fields::kNoRhs,
        ArgumentKind::kRequiredTime);
    add("evt.rawarg", Type::kDynamic, fields::kNoTransformer | fields::kNoRhs,
        ArgumentKind::kRequiredDotName);
    add("evt.outputtime", Type::kText, fields::kPrintOnly);
    add("evt.buffer", Type::kBytes);
    add("evt.is_open", Type::kBool);
    add("evt.rawtime", Type::kAbsTime);
    add("proc.name", Type::kText);
    add("proc.pid", Type::kInt64);
    add("proc.aname", Type::kText, fields::kNoTransformer | fields::kNoRhs, ArgumentKind::kOptionalIndex);
    add("proc.env", Type::kText, fields::kNoFlags, ArgumentKind::kOptionalKey);
    add("fd.name", Type::kPath);
    add("fd.types", Type::kText, fields::kList | fields::kNoRhs);
    add("fd.words", Type::kText, fields::kList);
    add("fd.numbers", Type::kUint64, fields::kList);
    add("fd.sport", Type::kPort);
    add("fd.sip", Type::kIpAddress);
    add("fd.snet", Type::kIpNetwork, fields::kFilterOnly | fields::kNoTransformer | fields::kNoRhs);
    add("container.id", Type::kText);
    rows.push_back({.name = "proc.any", .type = Type::kText, .any_when_bare = true, .help = ""});
    return rows;
  }());
  return made;
}

std::string list(const std::vector<CompileProblem>& problems, std::string_view text) {
  std::string result;
  for (const CompileProblem& problem : problems) {
    if (!result.empty()) result += "; ";
    result += fmt::format("{}: {}", text.substr(problem.span.begin, problem.span.end - problem.span.begin),
                          problem.message);
    if (!problem.suggestion.empty()) result += fmt::format(" ({})", problem.suggestion);
    if (problem.unknown_filter) result += " [filter]";
  }
  return result;
}

CompileResult compile(std::string_view text) {
  const Parsed parsed = parse_condition(text);
  if (!parsed.tree) {
    ADD_FAILURE() << text << ": " << parsed.problems[0].message;
    return {};
  }
  return compile_condition(*parsed.tree, catalogue());
}

TEST(Compile, Accepts) {
  for (const std::string_view text : {
           "proc.pid = -1",
           "proc.pid in (1, ' 2', +3)",
           "proc.pid >= 0",
           "proc.pid = 99999999999999999999999",
           "proc.pid exists",
           "evt.is_open = true",
           "evt.is_open in (true, false)",
           "evt.rawtime > 1566230400000000000",
           "fd.sport in (80, ssh, '')",
           "fd.sip != 2001:db8::1",
           "fd.snet in (10.0.0.0/8, 0.0.0.0/0, 2001::/16)",
           "fd.snet exists",
           "evt.buffer bcontains 0aFF",
           "evt.buffer startswith x",
           "proc.name > 5",
           "proc.name = \"\"",
           "proc.name regex '^a(b|c)+$'",
           "proc.name pmatch (/a, b)",
           "fd.types intersects (a, b)",
           "fd.types in ()",
           "proc.name = oneof (a, b)",
           "proc.pid != allof (1, 2)",
           "evt.rawarg.mode = 493",
           "evt.rawarg.name = text",
           "evt.around[1] = 1",
           "evt.type contains open",
           "tolower(evt.type) = openat",
           "proc.name = val(fd.name)",
           "proc.pid <= val(proc.pid)",
           "len(proc.name) = len(fd.types)",
           "basename(fd.name) in tolower(proc.name)",
           "fd.words in val(fd.words)",
           "tolower(fd.words) intersects (a)",
           "join('-', fd.numbers) = 1-2",
           "join('-', (proc.pid, 'a', toupper(proc.name))) = x",
           "join('', ()) = ''",
           "getopt(fd.words, 'a:b')[a] = x",
           "concat(proc.name, 'x', fd.name) = y",
           "b64(evt.buffer) = x",
           "proc.aname[2] = x and proc.aname = y and proc.env[A] = b",
       }) {
    SCOPED_TRACE(text);
    const CompileResult result = compile(text);
    EXPECT_EQ(list(result.problems, text), "");
    EXPECT_NE(result.condition, nullptr);
    EXPECT_FALSE(result.event_types.empty());
  }
}

struct Row {
  std::string_view condition;
  std::string_view want;
};

TEST(Compile, Refuses) {
  for (const Row& row : {
           Row{"proc.nam = x", "proc.nam: unknown field 'proc.nam' (proc.name) [filter]"},
           Row{"proc.name[1] = x", "proc.name[1]: proc.name takes no argument [filter]"},
           Row{"evt.type = opnat", "opnat: unknown event type 'opnat' (openat) [filter]"},
           Row{"evt.type in (open, x1, y1)",
               "x1: unknown event type 'x1' [filter]; y1: unknown event type 'y1' [filter]"},
           Row{"evt.type startswith op", "op: unknown event type 'op' [filter]"},
           Row{"syscall.type = nosuch", "nosuch: unknown event type 'nosuch' [filter]"},
           Row{"evt.type = val(proc.name)", "proc.name: evt.type is compared with names only"},
           Row{"macro", "macro: unknown macro 'macro'"},
           Row{"evt.outputtime exists", "evt.outputtime: evt.outputtime can only be printed [filter]"},
           Row{"evt.around[1] > 1", ">: evt.around is only compared with ="},
           Row{"proc.pid contains 1",
               "contains: 'contains' is not for integer; expected one of: exists = != < <= > >= in "
               "intersects"},
           Row{"evt.is_open < 1", "<: '<' is not for bool; expected one of: exists = != in intersects"},
           Row{"proc.name bcontains 00",
               "bcontains: 'bcontains' is not for text; expected one of: exists = != < <= > >= contains "
               "icontains "
               "startswith endswith glob iglob regex in intersects pmatch"},
           Row{"fd.types = a", "=: '=' is not for a list of text; expected one of: exists in intersects"},
           Row{"fd.sip < 1", "<: '<' is not for IP address; expected one of: exists = != in intersects"},
           Row{"proc.pid = 1.0", "1.0: '1.0' is no decimal integer"},
           Row{"proc.pid in (0x5, 2, a)", "0x5: '0x5' is no decimal integer; a: 'a' is no decimal integer"},
           Row{"proc.pid = ''", "'': '' is no decimal integer"},
           Row{"evt.is_open = 1", "1: '1' is neither true nor false"},
           Row{"evt.is_open = TRUE", "TRUE: 'TRUE' is neither true nor false"},
           Row{"fd.sport = nosuchservice",
               "nosuchservice: 'nosuchservice' is no port number and no service this host knows"},
           Row{"fd.sip = 300.1.1.1", "300.1.1.1: '300.1.1.1' is no IPv4 address"},
           Row{"fd.sip = host", "host: 'host' is no IPv6 address"},
           Row{"fd.snet = 10.0.0.1",
               "10.0.0.1: '10.0.0.1' is no network: a prefix is missing, as in 10.0.0.0/8"},
           Row{"fd.snet = 10.0.0.1/33", "10.0.0.1/33: '33' is no prefix: expected 0 to 32"},
           Row{"fd.snet = 2001::/0", "2001::/0: '0' is no prefix: expected 1 to 128"},
           Row{"evt.buffer bcontains 2", "2: '2' is not an even number of hexadecimal digits"},
           Row{"evt.buffer bstartswith zz", "zz: 'zz' is not an even number of hexadecimal digits"},
           Row{R"(proc.name = "a\x00b")", R"("a\x00b": a text may not hold a NUL byte)"},
           Row{"proc.name startswith anyof (a, \"\\x00\")", "\"\\x00\": a text may not hold a NUL byte"},
           Row{"proc.name = val(proc.pid)", "proc.pid: a text cannot be compared with a integer"},
           Row{"proc.name in val(fd.words)", "fd.words: a text cannot be compared with a list of text"},
           Row{"proc.name regex val(proc.name)", "proc.name: 'regex' compares with constants only"},
           Row{"proc.name = val(proc.aname)", "proc.aname: proc.aname cannot stand on the right side"},
           Row{"fd.snet = val(fd.sip)", "fd.sip: fd.snet is compared with constants only"},
           Row{"tolower(proc.aname) = x", "proc.aname: proc.aname cannot be transformed"},
           Row{"tolower(proc.pid) = x", "proc.pid: tolower() takes a text"},
           Row{"len(proc.pid) = 1", "proc.pid: len() takes a text, bytes or a list"},
           Row{"len(proc.name, proc.name) = 1", "len(proc.name, proc.name): len() takes one argument, not 2"},
           Row{"tolower(proc.name)[x] = 1", "tolower(proc.name)[x]: tolower() takes nothing in brackets"},
           Row{"concat('a') = a", "concat('a'): concat() takes two or more texts"},
           Row{"concat('a', fd.types) = a", "fd.types: concat() takes single texts"},
           Row{"join('-') = x", "join('-'): join() takes two arguments, not 1"},
           Row{"join('a', 'b') = x",
               "'b': join() takes a list of texts or integers, as in join(\",\", (a.b, c.d))"},
           Row{"join(fd.types, ()) = x", "fd.types: join() takes a single text as separator"},
           Row{"join('-', (fd.types)) = x", "(fd.types): a list inside a list is not possible"},
           Row{"getopt(proc.name, 'a')[a] = x", "proc.name: getopt() takes a list of texts"},
           Row{"getopt(fd.words, proc.name)[a] = x",
               "proc.name: getopt() takes its options as a quoted text"},
           Row{"getopt(fd.words, 'a') = x",
               "getopt(fd.words, 'a'): getopt() takes the option's letter in brackets, as in getopt(..., "
               "\"a:b\")[a]"},
           Row{"a.b = 1 or proc.pid = x and c.d exists",
               "a.b: unknown field 'a.b' [filter]; x: 'x' is no decimal integer; c.d: unknown field 'c.d' "
               "[filter]"},
       }) {
    SCOPED_TRACE(row.condition);
    const CompileResult result = compile(row.condition);
    EXPECT_EQ(list(result.problems, row.condition), row.want);
    EXPECT_EQ(result.condition, nullptr);
  }
}

TEST(Compile, ConstantsAreBounded) {
  const std::string most(255, 'a'), more(256, 'a');
  EXPECT_TRUE(compile("proc.name = " + most).problems.empty());
  EXPECT_EQ(compile("proc.name in (x, " + more + ")").problems.size(), 1U);
  EXPECT_EQ(compile("evt.buffer = " + more).problems.size(), 1U);
  EXPECT_TRUE(compile("evt.buffer = \"\\x00\"").problems.empty());
  EXPECT_EQ(compile("proc.name regex 'a('").problems.size(), 1U);
  EXPECT_EQ(compile("proc.name regex '(?i)a'").problems.size(), 1U);
}

TEST(Compile, Warns) {
  for (const Row& row : {
           Row{"proc.name = fd.name",
               "fd.name: 'fd.name' is compared as a text; its value would be val(fd.name)"},
           Row{"proc.name in (a, \"tolower(fd.name)\")",
               "\"tolower(fd.name)\": 'tolower(fd.name)' is compared as a text; its value would be "
               "val(tolower(fd.name))"},
           Row{"proc.name = run.sh", ""},
           Row{"proc.name regex a.*b",
               "a.*b: this regular expression uses nothing that glob, startswith, endswith or contains could "
               "not "
               "say at less cost"},
           Row{"proc.name regex '[a-z]+'", ""},
       }) {
    SCOPED_TRACE(row.condition);
    EXPECT_EQ(list(compile(row.condition).warnings, row.condition), row.want);
  }
}

// The event types as text: all, all but N, or their names.
std::string types_text(const std::vector<event::TypeId>& types) {
  const std::size_t all = event::type_count() - 1;
  if (types.size() == all) return "all";
  if (types.size() + 10 > all) return fmt::format("all but {}", all - types.size());
  std::string text;
  for (const event::TypeId type : types)
    text += fmt::format("{}{}", text.empty() ? "" : " ", event::type_name(type));
  return text;
}

TEST(Compile, EventTypes) {
  for (const Row& row : {
           Row{"evt.type=openat", "openat"},
           Row{"evt.type==openat", "openat"},
           Row{"evt.type in (open,openat) and proc.name=x", "open openat"},
           Row{"evt.type in execve", "execve"},
           Row{"evt.type in ()", ""},
           Row{"proc.name=x", "all"},
           Row{"not evt.type=openat", "all but 1"},
           Row{"evt.type!=openat", "all but 1"},
           Row{"not (evt.type=openat and proc.name=x)", "all"},
           Row{"not (evt.type=openat or proc.name=x)", "all but 1"},
           Row{"evt.type=openat and evt.type=close", ""},
           Row{"evt.type=openat or evt.type=close", "openat close"},
           Row{"not not evt.type=openat", "openat"},
           Row{"evt.type contains open", "all"},
           Row{"evt.type = anyof (open, openat)", "open openat"},
           Row{"syscall.type = openat and proc.name = x", "openat"},
           Row{"not syscall.type = openat", "all"},
           Row{"evt.num=0", ""},
           Row{"evt.num<=0", ""},
           Row{"evt.num<1", ""},
           Row{"evt.num in (0)", ""},
           Row{"evt.num in (0, 1)", "all"},
           Row{"evt.num>=1", "all"},
           Row{"not evt.num=0", "all"},
           Row{"evt.type=openat and evt.num=0", ""},
           Row{"evt.type=mmap and not evt.type=mmap", ""},
       }) {
    SCOPED_TRACE(row.condition);
    EXPECT_EQ(types_text(compile(row.condition).event_types), row.want);
  }
}

TEST(Compile, DeepTreesAreRefused) {
  auto node = std::make_unique<Node>();
  node->value = Node::Macro{"m"};
  for (int i = 0; i < 5'000; ++i) {
    auto outer = std::make_unique<Node>();
    outer->value = Node::Not{std::move(node)};
    node = std::move(outer);
  }
  const CompileResult result = compile_condition(*node, catalogue());
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].message, "the condition is nested too deeply");
}

TEST(Compile, OperandsAlone) {
  const auto check = [](std::string_view text) {
    return list(check_operand(*parse_operand_prefix(text).operand, catalogue()), text);
  };
  EXPECT_EQ(check("proc.name"), "");
  EXPECT_EQ(check("tolower(basename(fd.name))"), "");
  EXPECT_EQ(check("proc.nme"), "proc.nme: unknown field 'proc.nme' (proc.name) [filter]");
  EXPECT_EQ(check("len(proc.pid)"), "proc.pid: len() takes a text, bytes or a list");
}

}  // namespace
}  // namespace saker::rules
