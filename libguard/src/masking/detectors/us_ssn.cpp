#include <algorithm>
#include <array>

#include "base/text.h"
#include "masking/detectors/detectors.h"

// US social security numbers (and ITINs, which look the same): 3-2-4 digits with one kind of separator, or nine digits
// in a piece. The rules of the SSA: no area 000 or 666, no group 00, no serial 0000; a few numbers were printed so
// often that they mean nobody. Nine digits in a piece can be anything, so words near them decide: they count unless a
// word before them says that they number something else. Leaking a real one costs more than hiding an order number.

namespace libguard::masking {
namespace {

constexpr std::size_t kBefore = 40;  // how far words are looked for
constexpr std::size_t kAfter = 24;

constexpr std::array<std::string_view, 12> kSsnWords{"ssn",    "ssns", "ss",  "ssid",     "social", "security",
                                                     "sozial", "itin", "tin", "taxpayer", "tax",    "socsec"};
constexpr std::array<std::string_view, 60> kOtherWords{
    "order",     "orders",  "invoice", "ticket", "case",        "ref",     "reference",   "tracking", "part",
    "sku",       "product", "item",    "build",  "version",     "release", "serial",      "batch",    "lot",
    "barcode",   "isbn",    "vat",     "ust",    "idnr",        "siren",   "bytes",       "size",     "rows",
    "count",     "total",   "amount",  "sum",    "cents",       "usd",     "eur",         "price",    "timestamp",
    "epoch",     "seconds", "ms",      "time",   "port",        "line",    "offset",      "revision", "rev",
    "commit",    "request", "session", "trace",  "span",        "job",     "transaction", "txn",      "sequence",
    "inventory", "code",    "id",      "uid",    "identifiers", "index"};

struct Digits {
  std::array<char, 9> value{};
  [[nodiscard]] std::string_view view() const { return {value.data(), value.size()}; }
};

bool is_issued(std::string_view nine) noexcept {
  if (nine.starts_with("000") || nine.starts_with("666")) return false;
  if (nine.substr(3, 2) == "00" || nine.substr(5) == "0000") return false;
  // Printed on wallet cards and in leaflets of the SSA.
  return nine != "078051120" && nine != "219099999";
}

bool all_same(std::string_view nine) noexcept {
  return std::all_of(nine.begin(), nine.end(), [&](char c) { return c == nine[0]; });
}

template <typename Words>
bool is_one_of(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Calls `use` with each word of letters in lower case; "order_id" and "orderId" are two words.
template <typename Use>
void for_each_word(std::string_view text, Use&& use) {
  std::string word;
  auto end_word = [&] {
    if (!word.empty()) use(std::string_view(word));
    word.clear();
  };
  bool was_lower = false;
  for (char c : text) {
    bool upper = c >= 'A' && c <= 'Z';
    if (!is_alpha(c) || (upper && was_lower)) end_word();
    was_lower = is_alpha(c) && !upper;
    if (is_alpha(c)) word.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
  }
  end_word();
}

struct Context {
  bool ssn = false;
  bool other = false;
};

// Words before on the same line and, for "ssn", shortly after; a number or a sentence in between ends the reach.
Context context_of(std::string_view text, std::size_t start, std::size_t end) {
  std::size_t from = start > kBefore ? start - kBefore : 0;
  for (std::size_t i = start; i > from; --i) {
    if (text[i - 1] == '\n' || text[i - 1] == ';') from = i;
  }
  Context context;
  std::string_view before = text.substr(from, start - from);
  for_each_word(before, [&](std::string_view word) {
    if (is_one_of(kSsnWords, word))
      context = {true, false};
    else if (is_one_of(kOtherWords, word))
      context.other = true;
  });
  std::string_view after = text.substr(end, std::min(kAfter, text.size() - end));
  for_each_word(after.substr(0, after.find('\n')), [&](std::string_view word) {
    if (word == "ssn" || word == "social") context.ssn = true;
  });
  return context;
}

// "DE 123456789": a VAT number or another national one with its country in front.
bool has_country(std::string_view text, std::size_t start) noexcept {
  if (start > 0 && text[start - 1] == ' ') --start;
  auto upper = [&](std::size_t at) { return text[at] >= 'A' && text[at] <= 'Z'; };
  if (start < 2 || !upper(start - 1) || !upper(start - 2)) return false;
  return start == 2 || !is_alnum(text[start - 3]);
}

// Does anything touch the digits that makes them part of a longer code, a price or a decimal number?
bool touches_more(std::string_view text, std::size_t start, std::size_t end) noexcept {
  auto at = [&](std::size_t i) { return i < text.size() ? text[i] : ' '; };
  char before = start > 0 ? text[start - 1] : ' ';
  char before2 = start > 1 ? text[start - 2] : ' ';
  if (is_alnum(before) || before == '_' || is_alnum(at(end)) || at(end) == '_') return true;
  if (before == '$' || before == '#' || before == '+') return true;
  if ((before == '.' || before == ',' || before == '-' || before == '/') && is_alnum(before2)) return true;
  return (at(end) == '.' || at(end) == ',' || at(end) == '-' || at(end) == '/') && is_digit(at(end + 1));
}

class UsSsn final : public Detector {
 public:
  [[nodiscard]] std::string_view entity() const override { return "US_SSN"; }

  void find(std::string_view text, std::vector<Span>& spans) const override {
    if (!has_digits(text, 9)) return;
    for (std::size_t at = 0; at < text.size();) {
      if (!is_digit(text[at])) {
        ++at;
        continue;
      }
      std::size_t end = run_end(text, at);
      std::size_t found = number_end(text, at, end);
      if (found != at) spans.push_back({at, found, "US_SSN"});
      at = found != at ? found : end;
    }
  }

 private:
  static std::size_t run_end(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && is_digit(text[at])) ++at;
    return at;
  }

  // Where the number that starts at `at` ends; `at` when there is none. `end`: of the first run of digits.
  static std::size_t number_end(std::string_view text, std::size_t at, std::size_t end) {
    switch (end - at) {
      case 3: {
        std::size_t found = separated_end(text, at);
        return found != at ? found : two_part_end(text, at, 3, 6);
      }
      case 5:
        return two_part_end(text, at, 5, 4);
      case 9:
        return bare(text, at) ? end : at;
      default:
        return at;
    }
  }

  static std::size_t gap_length(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size()) return 0;
    if (text.substr(at, 3) == " - ") return 3;
    return text[at] == '-' || text[at] == ' ' || text[at] == '.' ? 1 : 0;
  }

  static std::size_t separated_end(std::string_view text, std::size_t at) {
    std::size_t gap = gap_length(text, at + 3);
    std::size_t group = at + 3 + gap;
    std::size_t serial = group + 2 + gap;
    if (gap == 0 || serial + 4 > text.size() || text.substr(group + 2, gap) != text.substr(at + 3, gap)) return at;
    if (run_end(text, group) != group + 2 || run_end(text, serial) != serial + 4) return at;
    Digits nine;
    std::copy_n(text.data() + at, 3, nine.value.data());
    std::copy_n(text.data() + group, 2, nine.value.data() + 3);
    std::copy_n(text.data() + serial, 4, nine.value.data() + 5);
    if (!is_issued(nine.view())) return at;
    // With dots or spaces a longer list of numbers (a version, a table) looks the same.
    if (text[at + 3] != '-' && touches_more(text, at, serial + 4)) return at;
    return serial + 4;
  }

  // "12345-6789" is a ZIP code and "123-456789" anything, unless a word says otherwise.
  static std::size_t two_part_end(std::string_view text, std::size_t at, std::size_t first, std::size_t second) {
    std::size_t rest = at + first + 1;
    if (at + first >= text.size() || text[at + first] != '-' || rest + second > text.size()) return at;
    if (run_end(text, rest) != rest + second) return at;
    Digits nine;
    std::copy_n(text.data() + at, first, nine.value.data());
    std::copy_n(text.data() + rest, second, nine.value.data() + first);
    return is_issued(nine.view()) && context_of(text, at, rest + second).ssn ? rest + second : at;
  }

  static bool bare(std::string_view text, std::size_t at) {
    std::string_view nine = text.substr(at, 9);
    if (!is_issued(nine) || all_same(nine)) return false;
    Context context = context_of(text, at, at + 9);
    if (context.ssn) return true;
    // 9xx are ITINs, which nobody writes in a piece without saying so.
    return nine[0] != '9' && !context.other && !has_country(text, at) && !touches_more(text, at, at + 9);
  }
};

}  // namespace

bool names_ssn(std::string_view name) {
  std::string lower = text::lower_ascii(name);
  for (std::string_view part :
       {"ssn", "social_sec", "socialsec", "social sec", "soc_sec", "taxpayer", "tax_id", "taxid", "itin"}) {
    if (lower.find(part) != std::string::npos) return true;
  }
  return false;
}

std::shared_ptr<const Detector> us_ssn_detector() { return std::make_shared<UsSsn>(); }

}  // namespace libguard::masking
