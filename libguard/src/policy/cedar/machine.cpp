// The loop, variables and jumps. Each step pops its operands and pushes one value.
#include "policy/cedar/machine.h"

#include <algorithm>

namespace libguard::policy::cedar {

bool is_in(const Anchored& anchored, EntityIndex container) {
  return anchored.entity == container ||
         std::binary_search(anchored.ancestors.begin(), anchored.ancestors.end(), container);
}

EvalError Machine::run(const Program& program, const EvalRequest& request, Value& result) {
  request_ = &request;
  if (program.code.empty()) {
    result = Value::of(true);
    return EvalError::none;
  }
  stack_.start(program.stack_max);
  for (std::size_t at = 0; at < program.code.size(); ++at) {
    EvalError error = step(program, program.code[at], at);
    if (error != EvalError::none) return error;
  }
  result = stack_.top();
  return EvalError::none;
}

EvalError Machine::holds(const Program& program, const EvalRequest& request, bool& result) {
  Value value;
  EvalError error = run(program, request, value);
  if (error != EvalError::none) return error;
  if (value.kind != Kind::boolean) return EvalError::type_error;
  result = value.boolean;
  return EvalError::none;
}

EvalError Machine::step(const Program& program, const Instruction& instruction, std::size_t& at) {
  switch (instruction.code) {
    case Code::constant:
      stack_.push(program.constants[instruction.a]);
      return EvalError::none;
    case Code::variable:
      variable(static_cast<Variable>(instruction.detail));
      return EvalError::none;
    case Code::context: {
      const Value* found = request_->context->find(instruction.a);
      if (found == nullptr) return EvalError::missing_attribute;
      stack_.push(*found);
      return EvalError::none;
    }
    case Code::jump:
      at = instruction.a - 1;
      return EvalError::none;
    case Code::check_boolean:
      return stack_.top().kind == Kind::boolean ? EvalError::none : EvalError::type_error;
    case Code::and_jump:
    case Code::or_jump:
    case Code::else_jump:
    case Code::is_jump:
      return logical(instruction, at);
    case Code::set:
    case Code::record:
    case Code::call:
      return build(program, instruction);
    case Code::has:
      return has(program, instruction);
    case Code::attribute: {
      Value object = stack_.top();
      return attribute(object, instruction.a, stack_.top());
    }
    case Code::logical_not:
    case Code::negate:
    case Code::is:
    case Code::is_empty:
    case Code::like:
      return unary(program, instruction);
    default:
      return binary(instruction.code);
  }
}

void Machine::variable(Variable variable) {
  switch (variable) {
    case Variable::principal:
      stack_.push(Value::of_entity(request_->principal.entity));
      break;
    case Variable::action:
      stack_.push(Value::of_entity(request_->action.entity));
      break;
    case Variable::resource:
      stack_.push(Value::of_entity(request_->resource.entity));
      break;
    case Variable::context:
      stack_.push(Value::of(request_->context));
      break;
  }
}

EvalError Machine::logical(const Instruction& instruction, std::size_t& at) {
  Value& top = stack_.top();
  if (instruction.code == Code::is_jump) {
    if (top.kind != Kind::entity) return EvalError::type_error;
    if (names_.type_of(top.entity) == instruction.b) return EvalError::none;
    top = Value::of(false);
    at = instruction.a - 1;
    return EvalError::none;
  }
  if (top.kind != Kind::boolean) return EvalError::type_error;
  bool value = top.boolean;
  bool jump = instruction.code == Code::or_jump ? value : !value;
  if (!jump || instruction.code == Code::else_jump) stack_.drop(1);
  if (jump) at = instruction.a - 1;
  return EvalError::none;
}

EvalError Machine::build(const Program& program, const Instruction& instruction) {
  std::uint32_t count = instruction.code == Code::record ? instruction.b : instruction.a;
  const Value* first = stack_.last(count);
  Value result;
  if (instruction.code == Code::record) {
    fields_.clear();
    for (std::uint32_t i = 0; i < count; ++i) fields_.emplace_back(program.lists[instruction.a + i], first[i]);
    result = heap_.record(fields_);
  } else if (instruction.code == Code::set) {
    result = heap_.set({first, count});
  } else {
    EvalError error = call(static_cast<Function>(instruction.detail), first, count, heap_, result);
    if (error != EvalError::none) return error;
  }
  stack_.drop(count);
  stack_.push(result);
  return EvalError::none;
}

}  // namespace libguard::policy::cedar
