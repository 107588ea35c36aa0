#include "policy/cedar/layout.h"

#include <algorithm>

namespace libguard::policy::cedar {
namespace {

constexpr std::size_t kIndentColumns = 2;

// Characters, not bytes: what a reader counts.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

void Layout::open_group() {
  open_.push_back(steps_.size());
  add(Kind::open_group);
}

void Layout::close_group() {
  open_.pop_back();
  add(Kind::close_group);
}

void Layout::add_comment(Kind kind, std::string_view comment) {
  for (std::size_t group : open_) steps_[group].broken = true;
  add(kind, comment);
}

// From the end to the front, since what follows a group counts.
std::vector<std::size_t> Layout::group_widths() const {
  std::vector<std::size_t> before(steps_.size());  // columns of all steps before this one, each group on one line
  std::size_t sum = 0;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    before[i] = sum;
    if (steps_[i].kind == Kind::text) sum += columns(steps_[i].text);
    if (steps_[i].kind == Kind::space_or_line || steps_[i].kind == Kind::blank) ++sum;
  }
  std::vector<std::size_t> widths(steps_.size(), 0);
  std::size_t line_end = sum;     // columns before the next place where a line may end
  std::vector<std::size_t> ends;  // that place behind each of the groups around this step
  for (std::size_t i = steps_.size(); i-- > 0;) {
    const Kind kind = steps_[i].kind;
    if (kind == Kind::close_group) {
      ends.push_back(line_end);
    } else if (kind == Kind::open_group) {
      widths[i] = ends.back() - before[i];
      ends.pop_back();
    } else if (kind != Kind::text && kind != Kind::blank && kind != Kind::indent && kind != Kind::outdent) {
      line_end = before[i];
    }
  }
  return widths;
}

class Layout::Printer {
 public:
  Printer(const Layout& layout, std::size_t width)
      : steps_(layout.steps_), widths_(layout.group_widths()), width_(width) {}

  std::string run() {
    for (std::size_t i = 0; i < steps_.size(); ++i) step(i);
    end_line();
    return std::move(out_);
  }

 private:
  void step(std::size_t at) {
    const Step& step = steps_[at];
    switch (step.kind) {
      case Kind::text:
        return write(step.text);
      case Kind::space_or_line:
        return broken_.empty() || broken_.back() ? end_line() : blank();
      case Kind::nothing_or_line:
        if (broken_.empty() || broken_.back()) end_line();
        return;
      case Kind::line:
        return end_line();
      case Kind::blank:
        return blank();
      case Kind::open_group:
        return broken_.push_back(step.broken || next_column() + widths_[at] > width_);
      case Kind::close_group:
        return broken_.pop_back();
      case Kind::indent:
        ++depth_;
        return;
      case Kind::outdent:
        --depth_;
        return;
      case Kind::comment_behind:
        blank();
        write(step.text);
        return end_line();
      case Kind::comment_above:
        end_line();
        write(step.text);
        return end_line();
      case Kind::empty_line:
        end_line();
        empty_ = !out_.empty();
        return;
    }
  }

  // Blanks and indentation are written before what needs them, so that no line ends in one.
  void write(std::string_view text) {
    if (column_ == 0) {
      if (empty_) out_ += '\n';
      out_.append(depth_ * kIndentColumns, ' ');
      column_ = depth_ * kIndentColumns;
    } else if (blank_) {
      out_ += ' ';
      ++column_;
    }
    empty_ = blank_ = false;
    out_ += text;
    auto last_line = text.rfind('\n');
    column_ = last_line == std::string_view::npos ? column_ + columns(text) : 1 + columns(text.substr(last_line + 1));
  }

  // Where the next text will begin.
  [[nodiscard]] std::size_t next_column() const {
    return column_ == 0 ? depth_ * kIndentColumns : column_ + (blank_ ? 1 : 0);
  }

  void blank() { blank_ = column_ > 0; }

  void end_line() {
    if (column_ > 0) out_ += '\n';
    column_ = 0;
    blank_ = false;
  }

  const std::vector<Step>& steps_;
  const std::vector<std::size_t> widths_;
  const std::size_t width_;
  std::string out_;
  std::vector<bool> broken_;
  std::size_t depth_ = 0;
  std::size_t column_ = 0;
  bool blank_ = false;
  bool empty_ = false;
};

std::string Layout::print(std::size_t width) const { return Printer(*this, width).run(); }

}  // namespace libguard::policy::cedar
