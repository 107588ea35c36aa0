#include <algorithm>

#include "masking/detectors/detectors.h"

// Payment card numbers (ISO/IEC 7812): an issuer prefix, 13 to 19 digits, and Luhn's check digit. The prefixes and the
// usual grouping follow Presidio's recogniser; on top of it the published ranges of the networks are known, so that
// unusual groupings, and numbers with letters next to them, count only with a real prefix of the right length.

namespace libguard::masking {
namespace {

constexpr std::size_t kDigitsMin = 13;
constexpr std::size_t kDigitsMax = 19;

struct Network {
  std::uint64_t from;  // first four digits, inclusive
  std::uint64_t to;
  std::size_t length_min;
  std::size_t length_max;
};
constexpr Network kNetworks[] = {
    {1000, 1999, 15, 15},                                              // UATP
    {2200, 2204, 16, 19},                                              // Mir
    {2221, 2720, 16, 16},                                              // Mastercard
    {3000, 3059, 14, 16}, {3095, 3095, 14, 16},                        // Diners Club
    {3400, 3499, 15, 15}, {3700, 3799, 15, 15},                        // American Express
    {3528, 3589, 16, 19},                                              // JCB
    {3600, 3699, 14, 19}, {3800, 3999, 14, 19},                        // Diners Club
    {4000, 4999, 13, 13}, {4000, 4999, 16, 16}, {4000, 4999, 19, 19},  // Visa
    {5000, 5099, 13, 19},                                              // Maestro, Verve, Elo
    {5100, 5599, 16, 16},                                              // Mastercard
    {5600, 5899, 13, 19},                                              // Maestro
    {6000, 6999, 13, 19},                                              // Discover, UnionPay, RuPay, Maestro
    {8100, 8199, 16, 19},                                              // UnionPay, RuPay
    {9792, 9792, 16, 16},                                              // Troy
};

bool luhn(const char* digits, std::size_t count) noexcept {
  int sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    int digit = digits[count - 1 - i] - '0';
    if (i % 2 == 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

std::uint64_t prefix_of(const char* digits) noexcept {
  std::uint64_t prefix = 0;
  for (int i = 0; i < 4; ++i) prefix = prefix * 10 + static_cast<std::uint64_t>(digits[i] - '0');
  return prefix;
}

bool of_network(const char* digits, std::size_t count) noexcept {
  std::uint64_t prefix = prefix_of(digits);
  return std::any_of(std::begin(kNetworks), std::end(kNetworks), [&](const Network& n) {
    return prefix >= n.from && prefix <= n.to && count >= n.length_min && count <= n.length_max;
  });
}

// Presidio's looser idea of a prefix, for numbers in one piece or in the usual groups.
bool plausible(const char* digits, std::size_t count) noexcept {
  if (digits[0] == '4') return true;
  if (digits[0] == '5') return digits[1] <= '5';
  if (digits[0] == '3') return count >= 14 && count <= 16;
  return of_network(digits, count);
}

struct Group {
  std::size_t start = 0;
  std::size_t end = 0;
  std::size_t size() const noexcept { return end - start; }
};

// usual: one space or hyphen; dot: one dot; other: up to three of what people put between the groups of a card.
enum class Gap { none, usual, dot, other };

Gap gap_between(std::string_view text, std::size_t from, std::size_t to) noexcept {
  std::size_t length = to - from;
  if (length == 1 && (text[from] == ' ' || text[from] == '-')) return Gap::usual;
  if (length == 1 && text[from] == '.') return Gap::dot;
  if (length == 0 || length > 3) return Gap::none;
  for (std::size_t i = from; i < to; ++i) {
    if (std::string_view(" \t-._/").find(text[i]) == std::string_view::npos) return Gap::none;
  }
  return Gap::other;
}

bool usual_shape(const std::vector<Group>& groups, std::size_t first, std::size_t last) noexcept {
  std::size_t count = last - first + 1;
  if (count == 1) return true;
  if (groups[first].size() != 4) return false;
  if (count == 3 && groups[first + 1].size() == 6) return groups[last].size() == 4 || groups[last].size() == 5;
  for (std::size_t i = first; i < last; ++i) {
    if (groups[i].size() != 4) return false;
  }
  return groups[last].size() <= 7;
}

// A long run of hexadecimal digits is a hash or a key, and now and then has 16 decimal ones in a row.
bool inside_hash(std::string_view text, const Group& group) noexcept {
  constexpr std::size_t kHashMin = 24;
  std::size_t from = group.start;
  std::size_t to = group.end;
  while (from > 0 && to - from < 64 && is_hex(text[from - 1])) --from;
  while (to < text.size() && to - from < 64 && is_hex(text[to])) ++to;
  return to - from >= kHashMin && to - from > group.size();
}

bool letter_at(std::string_view text, std::size_t at) noexcept {
  return at < text.size() && (is_alpha(text[at]) || text[at] == '_');
}

// One run of digit groups that could belong together, and the windows in it that are cards.
class Sequence {
 public:
  Sequence(std::string_view text, std::vector<Span>& spans) : text_(text), spans_(spans) {}

  void add(Group group, Gap gap) {
    if (gap == Gap::none) flush();
    groups_.push_back(group);
    gaps_.push_back(gap);  // the gap before this group
  }
  void flush() {
    for (std::size_t first = 0; first < groups_.size();) {
      std::size_t last = longest_card(first);
      if (last == groups_.size()) {
        ++first;
        continue;
      }
      spans_.push_back({groups_[first].start, groups_[last].end, "CREDIT_CARD"});
      first = last + 1;
    }
    groups_.clear();
    gaps_.clear();
  }

 private:
  // groups_.size() when no window that starts at `first` is a card.
  [[nodiscard]] std::size_t longest_card(std::size_t first) const {
    char digits[kDigitsMax];
    std::size_t count = 0;
    std::size_t found = groups_.size();
    for (std::size_t last = first; last < groups_.size() && count + groups_[last].size() <= kDigitsMax; ++last) {
      std::copy_n(text_.data() + groups_[last].start, groups_[last].size(), digits + count);
      count += groups_[last].size();
      if (count >= kDigitsMin && is_card(first, last, digits, count)) found = last;
    }
    return found;
  }
  [[nodiscard]] bool is_card(std::size_t first, std::size_t last, const char* digits, std::size_t count) const {
    // The digits after a decimal point are a fraction.
    if (first == last && gaps_[first] == Gap::dot) return false;
    bool usual = usual_shape(groups_, first, last) && !letter_at(text_, groups_[last].end) &&
                 (groups_[first].start == 0 || !letter_at(text_, groups_[first].start - 1));
    for (std::size_t i = first + 1; i <= last; ++i) usual = usual && gaps_[i] == Gap::usual;
    if (!(usual ? plausible(digits, count) : of_network(digits, count)) || !luhn(digits, count)) return false;
    return first != last || !inside_hash(text_, groups_[first]);
  }

  std::string_view text_;
  std::vector<Span>& spans_;
  std::vector<Group> groups_;
  std::vector<Gap> gaps_;
};

class CreditCard final : public Detector {
 public:
  [[nodiscard]] std::string_view entity() const override { return "CREDIT_CARD"; }

  void find(std::string_view text, std::vector<Span>& spans) const override {
    if (!has_digits(text, kDigitsMin)) return;
    Sequence sequence(text, spans);
    std::size_t before = 0;
    bool first = true;
    for (std::size_t at = 0; at < text.size();) {
      if (!is_digit(text[at])) {
        ++at;
        continue;
      }
      Group group{at, at};
      while (group.end < text.size() && is_digit(text[group.end])) ++group.end;
      sequence.add(group, first ? Gap::none : gap_between(text, before, group.start));
      first = false;
      before = at = group.end;
    }
    sequence.flush();
  }
};

}  // namespace

std::shared_ptr<const Detector> credit_card_detector() { return std::make_shared<CreditCard>(); }

}  // namespace libguard::masking
