#pragma once
// Lays out text within a width, as Oppen's and Wadler's pretty printers do: a group stands on one line when it fits,
// else each of its breaks becomes a new line. Instructions are one flat vector, so that no nesting can exhaust a stack.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::policy::cedar {

class Layout {
 public:
  // `text` must outlive the layout.
  void text(std::string_view text) { add(Kind::text, text); }
  // A space, or nothing, where the group fits on its line; else a new line.
  void space_or_line() { add(Kind::space_or_line); }
  void nothing_or_line() { add(Kind::nothing_or_line); }
  void line() { add(Kind::line); }
  // A space that never becomes a new line.
  void blank() { add(Kind::blank); }
  void open_group();
  void close_group();
  void indent() { add(Kind::indent); }
  void outdent() { add(Kind::outdent); }
  // On the current line, behind what stands there; and on a line of its own. Whatever follows begins a new line.
  void comment_behind(std::string_view comment) { add_comment(Kind::comment_behind, comment); }
  void comment_above(std::string_view comment) { add_comment(Kind::comment_above, comment); }
  void empty_line() { add(Kind::empty_line); }

  [[nodiscard]] std::string print(std::size_t width) const;

 private:
  enum class Kind : std::uint8_t {
    text,
    space_or_line,
    nothing_or_line,
    line,
    blank,
    open_group,
    close_group,
    indent,
    outdent,
    comment_behind,
    comment_above,
    empty_line,
  };
  struct Step {
    Kind kind;
    bool broken = false;  // of a group: it holds a comment, which no single line can
    std::string_view text;
  };
  class Printer;

  void add(Kind kind, std::string_view text = {}) { steps_.push_back({kind, false, text}); }
  void add_comment(Kind kind, std::string_view comment);
  // Of each open_group: the columns of the group on one line, and of what follows it until a line may end.
  [[nodiscard]] std::vector<std::size_t> group_widths() const;

  std::vector<Step> steps_;
  std::vector<std::size_t> open_;  // groups that are not closed yet
};

}  // namespace libguard::policy::cedar
