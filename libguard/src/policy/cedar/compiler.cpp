#include <algorithm>
#include <span>

#include "policy/cedar/program.h"

namespace libguard::policy::cedar {
namespace {

bool all_literals(const Expression& e, std::uint32_t first, std::uint32_t count, std::uint32_t step) {
  for (std::uint32_t i = 0; i < count; ++i) {
    if (e.nodes[e.lists[first + i * step + step - 1]].op != Op::literal) return false;
  }
  return true;
}

void become(Node& node, Value value) {
  node = Node{};
  node.value = value;
}

void fold(Expression& e, Node& node, Heap& heap) {
  if (node.op == Op::set && all_literals(e, node.b, node.c, 1)) {
    std::vector<Value> members;
    for (std::uint32_t i = 0; i < node.c; ++i) members.push_back(e.nodes[e.lists[node.b + i]].value);
    become(node, heap.set(std::move(members)));
  } else if (node.op == Op::record && all_literals(e, node.b, node.c, 2)) {
    std::vector<std::pair<Symbol, Value>> fields;
    for (std::uint32_t i = 0; i < node.c; ++i) {
      fields.emplace_back(e.lists[node.b + 2 * i], e.nodes[e.lists[node.b + 2 * i + 1]].value);
    }
    become(node, heap.record(std::move(fields)));
  } else if (node.op == Op::call && node.c == 1 && all_literals(e, node.b, 1, 1)) {
    Value result;
    const Value& argument = e.nodes[e.lists[node.b]].value;
    bool constructor = !spec_of(static_cast<Function>(node.detail)).method;
    // A malformed literal stays a call, so that it errs only when it is reached.
    if (constructor && call(static_cast<Function>(node.detail), &argument, 1, heap, result) == EvalError::none)
      become(node, result);
  }
}

// Walks with a stack of its own: a chain of ten thousand `&&` is one deep left spine.
class Compiler {
 public:
  Compiler(const Expression& expression, Program& program) : e_(expression), out_(program) {}

  void run() {
    visit(e_.root);
    while (!tasks_.empty()) {
      Task task = tasks_.back();
      tasks_.pop_back();
      switch (task.kind) {
        case Task::visit_node:
          open(e_.nodes[task.a]);
          break;
        case Task::emit:
          out_.code.push_back(task.instruction);
          break;
        case Task::emit_jump:
          jumps_[task.a] = static_cast<std::uint32_t>(out_.code.size());
          out_.code.push_back(task.instruction);
          break;
        case Task::land:
          out_.code[jumps_[task.a]].a = static_cast<std::uint32_t>(out_.code.size());
          break;
      }
    }
  }

 private:
  struct Task {
    enum Kind : std::uint8_t { visit_node, emit, emit_jump, land } kind;
    std::uint32_t a = 0;
    Instruction instruction;
  };

  void visit(NodeIndex node) { tasks_.push_back({Task::visit_node, node, {}}); }
  void emit(Code code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint8_t detail = 0) {
    tasks_.push_back({Task::emit, 0, {code, detail, a, b}});
  }
  std::uint32_t new_jump() {
    jumps_.push_back(0);
    return static_cast<std::uint32_t>(jumps_.size() - 1);
  }
  void jump(std::uint32_t id, Code code, std::uint32_t b = 0) {
    tasks_.push_back({Task::emit_jump, id, {code, 0, 0, b}});
  }
  void land(std::uint32_t id) { tasks_.push_back({Task::land, id, {}}); }

  // Tasks are pushed last first.
  void open(const Node& node) {
    switch (node.op) {
      case Op::literal:
        emit(Code::constant, static_cast<std::uint32_t>(out_.constants.size()));
        out_.constants.push_back(node.value);
        return;
      case Op::variable:
        return emit(Code::variable, 0, 0, node.detail);
      case Op::logical_and:
      case Op::logical_or:
        return open_logical(node);
      case Op::condition:
        return open_condition(node);
      case Op::is_in:
        return open_is_in(node);
      case Op::set:
      case Op::record:
      case Op::call:
        return open_list(node);
      default:
        return open_simple(node);
    }
  }

  void open_logical(const Node& node) {
    std::uint32_t end = new_jump();
    land(end);
    emit(Code::check_boolean);
    visit(node.b);
    jump(end, node.op == Op::logical_and ? Code::and_jump : Code::or_jump);
    visit(node.a);
  }

  void open_condition(const Node& node) {
    std::uint32_t no = new_jump();
    std::uint32_t end = new_jump();
    land(end);
    visit(node.c);
    land(no);
    jump(end, Code::jump);
    visit(node.b);
    jump(no, Code::else_jump);
    visit(node.a);
  }

  void open_is_in(const Node& node) {
    std::uint32_t end = new_jump();
    land(end);
    emit(Code::in);
    visit(node.c);
    jump(end, Code::is_jump, node.b);
    visit(node.a);
  }

  void open_list(const Node& node) {
    std::uint32_t step = node.op == Op::record ? 2 : 1;
    if (node.op == Op::record) {
      auto first = static_cast<std::uint32_t>(out_.lists.size());
      for (std::uint32_t i = 0; i < node.c; ++i) out_.lists.push_back(e_.lists[node.b + 2 * i]);
      emit(Code::record, first, node.c);
    } else {
      emit(node.op == Op::set ? Code::set : Code::call, node.c, 0, node.detail);
    }
    for (std::uint32_t i = node.c; i > 0; --i) visit(e_.lists[node.b + i * step - 1]);
  }

  void open_simple(const Node& node) {
    auto first = static_cast<std::uint32_t>(out_.lists.size());
    switch (node.op) {
      case Op::has:
        for (std::uint32_t i = 0; i < node.c; ++i) out_.lists.push_back(e_.lists[node.b + i]);
        emit(Code::has, first, node.c);
        break;
      case Op::like:
        emit(Code::like, node.b);
        break;
      case Op::is:
        emit(Code::is, node.b);
        break;
      case Op::attribute:
        if (is_context(e_.nodes[node.a])) return emit(Code::context, node.b);
        emit(Code::attribute, node.b);
        break;
      case Op::is_empty:
        emit(Code::is_empty);
        break;
      case Op::logical_not:
        emit(Code::logical_not);
        break;
      case Op::negate:
        emit(Code::negate);
        break;
      default:
        emit(binary_code(node.op));
        visit(node.b);
        break;
    }
    visit(node.a);
  }

  static bool is_context(const Node& node) {
    return node.op == Op::variable && node.detail == static_cast<std::uint8_t>(Variable::context);
  }

  static Code binary_code(Op op) {
    switch (op) {
      case Op::equal:
        return Code::equal;
      case Op::not_equal:
        return Code::not_equal;
      case Op::less:
        return Code::less;
      case Op::less_equal:
        return Code::less_equal;
      case Op::greater:
        return Code::greater;
      case Op::greater_equal:
        return Code::greater_equal;
      case Op::add:
        return Code::add;
      case Op::subtract:
        return Code::subtract;
      case Op::multiply:
        return Code::multiply;
      case Op::in:
        return Code::in;
      case Op::contains:
        return Code::contains;
      case Op::contains_all:
        return Code::contains_all;
      case Op::contains_any:
        return Code::contains_any;
      case Op::get_tag:
        return Code::get_tag;
      default:
        return Code::has_tag;
    }
  }

  const Expression& e_;
  Program& out_;
  std::vector<Task> tasks_;
  std::vector<std::uint32_t> jumps_;
};

// How many values an instruction leaves more (or fewer) than it found. After an unconditional jump the value stays for
// its target; the next instruction begins without it.
int stack_change(const Instruction& instruction) {
  switch (instruction.code) {
    case Code::constant:
    case Code::variable:
    case Code::context:
      return 1;
    case Code::jump:
    case Code::and_jump:
    case Code::or_jump:
    case Code::else_jump:
      return -1;
    case Code::check_boolean:
    case Code::is_jump:
    case Code::logical_not:
    case Code::negate:
    case Code::is_empty:
    case Code::has:
    case Code::like:
    case Code::is:
    case Code::attribute:
      return 0;
    case Code::set:
    case Code::call:
      return 1 - static_cast<int>(instruction.a);
    case Code::record:
      return 1 - static_cast<int>(instruction.b);
    default:
      return -1;
  }
}

std::uint32_t deepest_stack(const std::vector<Instruction>& code) {
  int depth = 0;
  int deepest = 0;
  for (const Instruction& instruction : code) {
    depth += stack_change(instruction);
    deepest = std::max(deepest, depth);
  }
  return static_cast<std::uint32_t>(deepest);
}

}  // namespace

Program compile(Expression expression, Heap& heap) {
  Program program;
  if (expression.root == kNoNode) return program;
  for (Node& node : expression.nodes) fold(expression, node, heap);
  Compiler(expression, program).run();
  program.patterns = std::move(expression.patterns);
  program.code.shrink_to_fit();
  program.stack_max = deepest_stack(program.code);
  return program;
}

}  // namespace libguard::policy::cedar
