#pragma once
// The rules of the store, over whatever speaks SQL.

#include <functional>
#include <memory>

#include "base/process_mark.h"
#include "base/turn.h"
#include "budget/store.h"

namespace libguard::budget {

class SqlStore final : public Store {
 public:
  SqlStore(Connect connect, DayOf day_of);
  ~SqlStore() override;
  SqlStore(const SqlStore&) = delete;
  SqlStore& operator=(const SqlStore&) = delete;

  // Connects and brings the tables to the present format.
  void open();
  [[nodiscard]] Taken take(const std::vector<Take>& takes, std::int64_t now_us) override;
  void settle(const std::vector<Take>& takes, const Taken& taken, const std::vector<Tally>& really,
              std::int64_t now_us) override;
  [[nodiscard]] std::vector<Line> list(const std::string& tenant, std::int64_t now_us) override;
  std::int64_t reset(const std::string& tenant, const std::string& name, std::int64_t now_us) override;

 private:
  template <typename Work>
  auto guarded(Work work) -> decltype(work());
  void begin();
  void migrate();
  std::int64_t latest(std::int64_t now_us);
  void prune(std::int64_t now_us);
  [[nodiscard]] std::int64_t bucket(Budget budget, std::int64_t at_us) const;
  [[nodiscard]] std::int64_t first_bucket(Budget budget, std::int64_t at_us) const;
  [[nodiscard]] Tally sum(const Key& key, std::int64_t at_us);
  void add(const Key& key, const Tally& amount, std::int64_t at_us);
  void give_back(const Key& key, const Tally& amount, std::int64_t at_us);

  Connect connect_;
  DayOf day_of_;
  ProcessMark opened_in_;
  Turn turn_;
  std::unique_ptr<SqlSession> session_;
  std::int64_t pruned_at_us_ = 0;
};

}  // namespace libguard::budget
