#include "guard/carried_user.h"

#include <algorithm>
#include <utility>

namespace libguard {

Identity with_user_of(const Identity& parent, Identity account) {
  account.user.reset();
  account.chain.clear();
  if (parent.user) {
    account.user = parent.user;
    auto hop =
        std::find_if(parent.chain.begin(), parent.chain.end(), [](const Hop& one) { return one.kind == "user"; });
    account.chain.push_back(hop != parent.chain.end() ? *hop : Hop{"user", parent.user->subject, false});
    // A hop is never more proven than the user that it stands for.
    account.chain.back().verified = account.chain.back().verified && parent.user->verified;
  } else if (parent.human && parent.verified) {
    account.user = ActsFor{parent.subject, parent.account, parent.groups, true};
    account.chain.push_back({"user", parent.subject, true});
  }
  return account;
}

}  // namespace libguard
