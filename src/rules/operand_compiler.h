// OperandCompiler: one side of a check → value nodes, with its type. Finds everything wrong with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/compile.h"
#include "rules/program.h"

namespace saker::rules {

struct CompiledOperand {
  std::uint32_t value = 0;  // index of its node
  fields::Type type = fields::Type::kText;
  bool is_list = false;
  bool any = false;                      // a list that stands for any of its elements
  const fields::Field* field = nullptr;  // when it is a field alone
};

class OperandCompiler {
 public:
  // All must outlive it.
  OperandCompiler(const fields::Catalogue& catalogue, std::vector<ValueNode>& values,
                  std::vector<CompileProblem>& problems)
      : catalogue_(catalogue), values_(values), problems_(problems) {}

  // Nothing when there is a problem, which is then noted.
  std::optional<CompiledOperand> compile(const Operand& operand);

 private:
  using Arguments = std::vector<CompiledOperand>;

  std::optional<CompiledOperand> field(const Operand::FieldName& name, Span span);
  std::optional<CompiledOperand> constant(const Operand::Constant& constant);
  std::optional<CompiledOperand> tuple(const Operand::Tuple& tuple, Span span);
  std::optional<CompiledOperand> call(const Operand::Call& call, Span span);
  std::optional<Arguments> arguments(const std::vector<Operand>& operands);
  bool check_call(const Operand::Call& call, const Arguments& arguments, Span span);
  bool check_join(const Operand::Call& call, const Arguments& arguments);
  bool check_getopt(const Operand::Call& call, const Arguments& arguments, Span span);
  std::uint32_t add(ValueNode node);
  bool problem(Span span, std::string message);

  const fields::Catalogue& catalogue_;
  std::vector<ValueNode>& values_;
  std::vector<CompileProblem>& problems_;
  std::uint32_t depth_ = 0;
};

}  // namespace saker::rules
