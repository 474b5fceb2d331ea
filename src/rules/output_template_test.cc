#include "rules/output_template.h"

#include <gtest/gtest.h>

#include <array>

namespace saker::rules {
namespace {

using fields::Value;

fields::Value missing(const fields::Subject&, const fields::Argument&, Arena&) { return {}; }

const fields::Catalogue& catalogue() {
  static const fields::Catalogue made([] {
    std::vector<fields::Field> rows;
    const auto add = [&](std::string_view name, fields::Type type, fields::Reader reader) -> fields::Field& {
      fields::Field field;
      field.name = name;
      field.type = type;
      field.read = reader;
      rows.push_back(field);
      return rows.back();
    };
    add("proc.name", fields::Type::kText,
        [](const fields::Subject&, const fields::Argument&, Arena&) { return Value::text("init"); });
    add("fd.name", fields::Type::kPath,
        [](const fields::Subject&, const fields::Argument&, Arena&) { return Value::text("/etc/passwd"); });
    add("fd.num", fields::Type::kInt64,
        [](const fields::Subject&, const fields::Argument&, Arena&) { return Value::integer(-1); });
    add("fd.dev", fields::Type::kInt32, [](const fields::Subject&, const fields::Argument&, Arena&) {
      return Value::integer(0x803);
    }).format = fields::Format::kHex;
    add("fd.sip", fields::Type::kText, missing);
    add("fd.cip", fields::Type::kIpAddress, [](const fields::Subject&, const fields::Argument&, Arena&) {
      return Value::ip(std::string_view("\x0a\x01\x02\x03", 4));
    });
    add("evt.is_open_write", fields::Type::kBool,
        [](const fields::Subject&, const fields::Argument&, Arena&) { return Value::boolean(true); });
    add("fd.types", fields::Type::kText, [](const fields::Subject&, const fields::Argument&, Arena&) {
      static const std::array<Value, 2> items = {Value::text("file"), Value::text("ipv4")};
      return Value::list(items);
    }).flags = fields::kList;
    add("fd.ip", fields::Type::kIpAddress, [](const fields::Subject&, const fields::Argument&, Arena&) {
      return Value::ip(std::string_view("\x0a\x01\x02\x03", 4));
    }).flags = fields::kFilterOnly;
    add("evt.buffer", fields::Type::kBytes, [](const fields::Subject&, const fields::Argument&, Arena&) {
      return Value::text(
          "a\n\xff"
          "b");
    });
    auto& ids = add("proc.apid", fields::Type::kInt64,
                    [](const fields::Subject&, const fields::Argument& argument, Arena&) {
                      static const std::array<Value, 2> items = {Value::integer(7), Value::integer(1)};
                      if (argument.kind == fields::Argument::Kind::kNone) return Value::list(items);
                      return argument.index < 2 ? items[static_cast<std::size_t>(argument.index)] : Value();
                    });
    ids.argument = fields::ArgumentKind::kOptionalIndex;
    ids.any_when_bare = true;
    auto& ancestors =
        add("proc.aname", fields::Type::kText,
            [](const fields::Subject&, const fields::Argument& argument, Arena&) {
              static const std::array<Value, 2> items = {Value::text("bash"), Value::text("sshd")};
              if (argument.kind == fields::Argument::Kind::kNone) return Value::list(items);
              return argument.index < 2 ? items[static_cast<std::size_t>(argument.index)] : Value();
            });
    ancestors.argument = fields::ArgumentKind::kOptionalIndex;
    ancestors.any_when_bare = true;
    return rows;
  }());
  return made;
}

struct Row {
  const char* text;
  const char* want;
};

constexpr Row kRows[] = {
    {"plain", "plain"},
    {"", ""},
    {"%proc.name", "init"},
    {"x %fd.name y", "x /etc/passwd y"},
    {"%fd.name%fd.num", "/etc/passwd-1"},
    {"(%fd.name).", "(/etc/passwd)."},
    {"%fd.name.", "/etc/passwd."},
    {"%proc.nameand", "initand"},
    {"\\%proc.name", "\\init"},
    {"%fd.sip", "<NA>"},
    {"%3proc.name|", "ini|"},
    {"%0proc.name|", "init|"},
    {"%10fd.sip|", "<NA>      |"},
    {"%fd.dev", "803"},
    {"%fd.cip", "10.1.2.3"},
    {"%evt.is_open_write", "true"},
    {"%fd.types", "(file,ipv4)"},
    {"%proc.aname", "bash sshd"},
    {"%proc.aname[1]", "sshd"},
    {"%proc.aname[9]", "<NA>"},
    {"a %container.info b", "a  b"},
    {"%toupper(proc.name)", "INIT"},
    {"%6toupper(proc.name)|", "INIT  |"},
    {"<%basename(fd.name)>", "<passwd>"},
    {"%toupper(basename(fd.name))s", "PASSWDs"},
    {"%join(\",\",(proc.name,fd.name))", "init,/etc/passwd"},
    {"%concat(proc.name, \"-\", fd.name)", "init-/etc/passwd"},
    {"%toupper(fd.sip)", "<NA>"},
    {"%len(fd.name)", "<NA>"},
    {"%toupper(fd.types)", "(FILE,IPV4)"},
    {"%proc.name(x)", "init(x)"},
    {"%fd.ip", "<NA>"},
    {"%proc.apid", "7"},
    {"%proc.apid[1]", "1"},
    {"%evt.buffer", "a..b"},
};

TEST(OutputTemplate, Renders) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.text);
    const auto parsed = OutputTemplate::parse(row.text, catalogue());
    ASSERT_TRUE(parsed.problems.empty()) << parsed.problems.front().message;
    Arena arena;
    std::string text;
    parsed.output.render({}, arena, text);
    EXPECT_EQ(text, row.want);
  }
}

struct BadRow {
  const char* text;
  std::uint32_t begin, end;
  const char* says;
};

constexpr BadRow kBadRows[] = {
    {"100%", 3, 4, "must be followed by a field"},
    {"%%", 0, 1, "must be followed by a field"},
    {"a % b", 2, 3, "must be followed by a field"},
    {"%10", 0, 3, "must be followed by a field"},
    {"x %proc.nme y", 2, 11, "proc.nme"},
    {"%99999proc.name", 0, 6, "width is at most"},
    {"%99999999999999999999proc.name", 0, 21, "width is at most"},
    {"x %toupper(proc.nme)", 11, 19, "proc.nme"},
    {"x %toupper(proc.name", 20, 20, ""},
    {"%nosuch(proc.name)", 0, 7, "nosuch"},
    {"%len(fd.num)", 5, 11, ""},
};

TEST(OutputTemplate, ProblemsAreLocated) {
  for (const BadRow& row : kBadRows) {
    SCOPED_TRACE(row.text);
    const auto parsed = OutputTemplate::parse(row.text, catalogue());
    ASSERT_FALSE(parsed.problems.empty());
    const CompileProblem& problem = parsed.problems.front();
    EXPECT_EQ(problem.span.begin, row.begin);
    EXPECT_EQ(problem.span.end, row.end);
    EXPECT_NE(problem.message.find(row.says), std::string::npos) << problem.message;
  }
}

TEST(OutputTemplate, FieldsAreListedOnce) {
  const auto parsed = OutputTemplate::parse("%fd.name %proc.name %fd.name", catalogue());
  ASSERT_EQ(parsed.output.fields().size(), 2U);
  EXPECT_EQ(parsed.output.fields()[0].text(), "fd.name");
  EXPECT_EQ(parsed.output.fields()[1].text(), "proc.name");
}

TEST(OutputTemplate, FieldsInsideTransformersCount) {
  const auto parsed =
      OutputTemplate::parse("%toupper(basename(fd.name)) %join(\",\",(proc.name,fd.name))", catalogue());
  ASSERT_EQ(parsed.output.fields().size(), 2U);
  EXPECT_EQ(parsed.output.fields()[0].text(), "fd.name");
  EXPECT_EQ(parsed.output.fields()[1].text(), "proc.name");
}

TEST(OutputTemplate, AllProblemsAreFound) {
  const auto parsed = OutputTemplate::parse("%a.b %toupper(c.d) %% %fd.name", catalogue());
  EXPECT_EQ(parsed.problems.size(), 4U);
}

}  // namespace
}  // namespace saker::rules
