#include <algorithm>

#include "masking/detectors/detectors.h"
#include "masking/utf8.h"

// E-mail addresses as people write them (RFC 5321, 5322, 6531), not as a grammar generates them. Every '@' (or %40 of
// a URL) is looked at once; the text to its left back to the '@' before, the text to its right up to the '@' after, so
// that the whole is linear.

namespace libguard::masking {
namespace {

// RFC 5321 section 4.5.3.1.1 allows 64; a quoted local part is looked for no further.
constexpr std::size_t kQuotedMax = 66;
constexpr std::size_t kLiteralMax = 50;

bool is_local_sign(char c) noexcept { return std::string_view("._%+-'!$*^~&#").find(c) != std::string_view::npos; }

// VERP writes "bounce+john=example.com@list.org"; everything else with '=' is a key and its value.
bool part_of_local(std::string_view text, std::size_t floor, std::size_t equals) noexcept {
  for (std::size_t at = equals; at > floor; --at) {
    char c = text[at - 1];
    if (c == '+' || is_digit(c)) return true;
    if (!is_alnum(c) && !is_local_sign(c)) return false;
  }
  return false;
}

// Where the unquoted local part that ends at `at` starts; `at` itself when there is none.
std::size_t local_start(std::string_view text, std::size_t floor, std::size_t at) noexcept {
  std::size_t start = at;
  Letter script = Letter::no;
  while (start > floor) {
    CodePoint c = code_point_before(text, start);
    if (c.length == 0 || start - c.length < floor) break;
    Letter letter = letter_of(c.value);
    if (letter != Letter::no) {
      if (script != Letter::no && letter != script) break;
      script = letter;
    } else if (c.value >= 0x80) {
      break;
    } else if (char sign = static_cast<char>(c.value); sign == '=') {
      if (!part_of_local(text, floor, start - 1)) break;
    } else if (!is_digit(sign) && !is_local_sign(sign)) {
      break;
    }
    start -= c.length;
  }
  // Brackets of Markdown and the like: a local part starts with a letter, a digit or '_'.
  while (start < at && static_cast<unsigned char>(text[start]) < 0x80 && !is_alnum(text[start]) && text[start] != '_')
    ++start;
  return start;
}

std::size_t quoted_start(std::string_view text, std::size_t at) noexcept {
  if (at < 2 || text[at - 1] != '"') return at;
  std::size_t floor = at > kQuotedMax ? at - kQuotedMax : 0;
  for (std::size_t i = at - 1; i > floor; --i) {
    if (text[i - 1] == '\n') return at;
    if (text[i - 1] == '"' && i < at - 1) return i - 1;
  }
  return at;
}

struct Label {
  std::size_t start = 0;
  std::size_t end = 0;
  bool ascii = true;
};

Label label_at(std::string_view text, std::size_t at) noexcept {
  Label label{at, at, true};
  Letter script = Letter::no;
  while (label.end < text.size()) {
    CodePoint c = code_point_at(text, label.end);
    Letter letter = letter_of(c.value);
    if (c.length == 0) break;
    if (letter != Letter::no) {
      if (script != Letter::no && letter != script) break;
      script = letter;
      if (c.value >= 0x80) label.ascii = false;
    } else if (c.value >= 0x80) {
      break;
    } else if (char sign = static_cast<char>(c.value); !is_digit(sign) && sign != '-' && sign != '_') {
      break;
    } else if (sign == '-' && label.end == at) {
      break;
    }
    label.end += c.length;
  }
  return label;
}

// How much of a last label is a top-level domain: two letters or more, an A-label, or letters of another script.
std::size_t top_level_end(std::string_view text, const Label& label, bool last) noexcept {
  std::string_view word = text.substr(label.start, label.end - label.start);
  if (!label.ascii) return count_code_points(word) >= 2 ? label.end : label.start;
  std::size_t letters = 0;
  while (letters < word.size() && is_alpha(word[letters])) ++letters;
  if (letters == word.size()) return letters >= 2 ? label.end : label.start;
  bool a_label =
      word.size() > 4 && (word[0] | 0x20) == 'x' && (word[1] | 0x20) == 'n' && word[2] == '-' && word[3] == '-';
  if (a_label) return label.end;
  // "john@acme.com123-45-6789": what follows the letters belongs to the next value.
  return last && letters >= 2 ? label.start + letters : label.start;
}

// "icon@2x.png" is a picture for a dense screen.
bool is_picture(std::string_view first, std::string_view domain) noexcept {
  bool scale = first.size() >= 2 && (first.back() == 'x' || first.back() == 'X') &&
               std::all_of(first.begin(), first.end() - 1, [](char c) { return is_digit(c); });
  if (!scale) return false;
  for (std::string_view kind : {".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"}) {
    if (domain.ends_with(kind)) return true;
  }
  return false;
}

// user@[192.0.2.1], user@[IPv6:...]
std::size_t literal_end(std::string_view text, std::size_t at) noexcept {
  std::size_t stop = std::min(text.size(), at + kLiteralMax);
  for (std::size_t i = at + 1; i < stop; ++i) {
    if (text[i] == ']') return i > at + 6 ? i + 1 : at;
    if (!is_hex(text[i]) && text[i] != ':' && text[i] != '.' && text[i] != 'I' && text[i] != 'P' && text[i] != 'v')
      return at;
  }
  return at;
}

// Where the domain that starts at `at` ends; `at` itself when there is none.
std::size_t domain_end(std::string_view text, std::size_t at) noexcept {
  if (at < text.size() && text[at] == '[') return literal_end(text, at);
  std::size_t best = at;
  Label first;
  Label label = label_at(text, at);
  for (int count = 0; label.end > label.start; ++count) {
    if (count == 0) first = label;
    Label next;
    if (label.end < text.size() && text[label.end] == '.') next = label_at(text, label.end + 1);
    bool last = next.end == next.start;
    if (count > 0) {
      std::size_t end = top_level_end(text, label, last);
      if (end > label.start) best = end;
    }
    if (last) break;
    label = next;
  }
  if (best > at && is_picture(text.substr(first.start, first.end - first.start), text.substr(at, best - at))) return at;
  return best;
}

class EmailAddress final : public Detector {
 public:
  [[nodiscard]] std::string_view entity() const override { return "EMAIL_ADDRESS"; }

  void find(std::string_view text, std::vector<Span>& spans) const override {
    std::size_t sign = text.find('@');
    std::size_t encoded = text.find("%40");
    std::size_t floor = 0;
    while (sign != std::string_view::npos || encoded != std::string_view::npos) {
      std::size_t at = std::min(sign, encoded);
      std::size_t after = at + (at == sign ? 1 : 3);
      if (at == sign)
        sign = text.find('@', after);
      else
        encoded = text.find("%40", after);
      std::size_t start = local_start(text, floor, at);
      if (start == at) start = quoted_start(text, at);
      std::size_t end = start < at ? domain_end(text, after) : after;
      if (start < at && end > after) spans.push_back({start, end, std::string(entity())});
      floor = after;
    }
  }
};

}  // namespace

std::shared_ptr<const Detector> email_address_detector() { return std::make_shared<EmailAddress>(); }

}  // namespace libguard::masking
