// Who may say yes: every disguise that was thought of.
#include <doctest/doctest.h>

#include "approval/fixture.h"

using namespace libguard;
using namespace libguard::approval;
using namespace libguard::approval::test;

namespace {

std::string code_for(Desk& desk, const std::string& ticket, const Identity& voter) {
  auto result = desk.approver.vote(ticket, voter, true, "");
  CHECK_FALSE(result.accepted);
  return result.code;
}

}  // namespace

TEST_CASE("only a verified person of the group, in their own name, may vote") {
  Desk desk;
  const std::string ticket = desk.run(ask()).ticket;
  Identity voter = dana();
  voter.verified = false;
  CHECK(code_for(desk, ticket, voter) == "approval.not_verified");
  voter = dana();
  voter.expires_at_us = desk.clock->now_us();
  CHECK(code_for(desk, ticket, voter) == "approval.not_verified");
  voter = dana();
  voter.human = false;
  CHECK(code_for(desk, ticket, voter) == "approval.not_human");
  voter = dana();
  voter.user = ActsFor{"boss@example.com", "boss", {"finance"}, true};
  CHECK(code_for(desk, ticket, voter) == "approval.not_human");
  voter = dana();
  voter.chain = {{"agent", "helper", true}};
  CHECK(code_for(desk, ticket, voter) == "approval.not_human");
  voter = dana();
  voter.subject.clear();
  CHECK(code_for(desk, ticket, voter) == "approval.not_human");
  voter = dana();
  voter.groups = {"marketing"};
  CHECK(code_for(desk, ticket, voter) == "approval.not_in_group");
  CHECK(code_for(desk, ticket, Identity{}) == "approval.not_verified");
  CHECK(desk.approver.vote("t-none", dana(), true, "").code == "approval.unknown_ticket");
  CHECK(desk.approver.show(ticket)->votes.empty());
}

TEST_CASE("nobody of the chain may approve, in any disguise") {
  Desk desk;
  Request request;
  request.hops = {{"agent", "Rita", false}, {"task", "dana", false}};
  const std::string ticket = desk.run(ask(), request).ticket;
  auto finance = [](const std::string& account, const std::string& subject) {
    return person(account, subject, {"finance"});
  };
  CHECK(code_for(desk, ticket, finance("mia", "9999")) == "approval.self");  // the user's account
  CHECK(code_for(desk, ticket, finance("boss", "mia@example.com")) ==
        "approval.self");  // another account, same subject
  CHECK(code_for(desk, ticket, finance("boss", " MIA@Example.COM ")) == "approval.self");
  CHECK(code_for(desk, ticket, finance("mia@example.com", "9999")) == "approval.self");
  CHECK(code_for(desk, ticket, finance("support-crew", "9999")) == "approval.self");
  CHECK(code_for(desk, ticket, finance("x", "support-crew")) == "approval.self");
  CHECK(code_for(desk, ticket, finance("refund-agent", "9999")) == "approval.self");  // a hop of the identity
  CHECK(code_for(desk, ticket, finance("rita", "9999")) == "approval.self");          // a hop of the request
  // A task's text is no name: an agent cannot lock an approver out by mentioning them.
  CHECK(desk.approver.vote(ticket, dana(), true, "").accepted);
}

TEST_CASE("an asserted user cannot approve either") {
  Desk desk;
  Identity asserted = crew();
  asserted.user = ActsFor{"dana", "", {}, false};
  const std::string ticket = desk.run(ask(), {}, refund(), asserted).ticket;
  CHECK(code_for(desk, ticket, dana()) == "approval.self");
}

TEST_CASE("two approvals are two people, by account and by subject") {
  Desk desk;
  const Decision two = ask({{"finance", 2, 900, "four-eyes"}});
  const std::string ticket = desk.run(two).ticket;
  CHECK(desk.approver.vote(ticket, dana(), true, "").state == TicketState::open);
  CHECK(code_for(desk, ticket, dana()) == "approval.already_voted");
  CHECK(code_for(desk, ticket, person("dana-admin", "8F1C", {"finance"})) == "approval.already_voted");
  CHECK(code_for(desk, ticket, person("Dana", "other", {"finance"})) == "approval.already_voted");
  CHECK(desk.resume(ticket, two).state == "pending");
  CHECK(desk.approver.vote(ticket, erin(), true, "").state == TicketState::approved);
  CHECK(desk.resume(ticket, two).permit);
  CHECK(desk.last_approvals == 2);
}

TEST_CASE("every stage must be full, and one person fills one") {
  Desk desk;
  const Decision stages = ask({{"finance", 1, 900, "p"}, {"dba", 1, 900, "q"}});
  const std::string ticket = desk.run(stages).ticket;
  CHECK(desk.approver.vote(ticket, erin(), true, "").state == TicketState::open);  // fills finance
  CHECK(code_for(desk, ticket, erin()) == "approval.already_voted");
  CHECK(code_for(desk, ticket, dana()) == "approval.stage_full");
  CHECK(desk.resume(ticket, stages).state == "pending");
  CHECK(desk.approver.vote(ticket, person("finn", "f", {"dba"}), true, "").state == TicketState::approved);
  CHECK(desk.resume(ticket, stages).permit);
  CHECK(desk.last_groups == std::vector<std::string>{"dba", "finance"});
}

TEST_CASE("two stages of one group need their people twice") {
  Desk desk;
  const Decision stages = ask({{"finance", 1, 900, "p"}, {"finance", 1, 900, "q"}});
  const std::string ticket = desk.run(stages).ticket;
  CHECK(desk.approver.vote(ticket, dana(), true, "").state == TicketState::open);
  CHECK(desk.approver.vote(ticket, erin(), true, "").state == TicketState::approved);
}

TEST_CASE("a no is final, also for the same question asked again") {
  Desk desk;
  const std::string ticket = desk.run(ask()).ticket;
  CHECK(desk.approver.vote(ticket, dana(), false, "customer is wrong").state == TicketState::denied);
  CHECK(code_for(desk, ticket, erin()) == "approval.denied");
  CHECK(desk.resume(ticket).code == "approval.denied");
  Approval again = desk.run(ask());
  CHECK(again.code == "approval.denied");
  CHECK(again.ticket == ticket);
  CHECK(desk.approver.revoke(ticket, dana()).code == "approval.denied");
  desk.clock->advance_us(900'000'000);
  CHECK(desk.run(ask()).state == "pending");
}

TEST_CASE("a no counts until the action has run") {
  Desk desk;
  const std::string ticket = desk.run(ask()).ticket;
  desk.approver.vote(ticket, dana(), true, "");
  CHECK(desk.approver.vote(ticket, erin(), false, "wait").state == TicketState::denied);
  CHECK(desk.resume(ticket).code == "approval.denied");
}

TEST_CASE("an approval can be withdrawn until it is used, by the asked and by the asker") {
  Desk desk;
  const std::string first = desk.run(ask()).ticket;
  desk.approver.vote(first, dana(), true, "");
  CHECK(desk.approver.revoke(first, person("stranger", "s", {"marketing"})).code == "approval.not_in_group");
  Identity machine = dana();
  machine.human = false;
  CHECK(desk.approver.revoke(first, machine).code == "approval.not_human");
  CHECK(desk.approver.revoke(first, dana()).accepted);
  CHECK(desk.resume(first).code == "approval.revoked");

  const std::string second = desk.run(ask()).ticket;
  CHECK(second != first);
  CHECK(desk.approver.revoke(second, crew()).accepted);
  const std::string third = desk.run(ask()).ticket;
  desk.approver.vote(third, dana(), true, "");
  REQUIRE(desk.resume(third).permit);
  CHECK(desk.approver.revoke(third, dana()).code == "approval.consumed");
}

TEST_CASE("sixty votes a minute is the most one approver gives") {
  Desk desk;
  for (std::int64_t i = 0; i < 60; ++i) {
    REQUIRE(desk.approver.vote(desk.run(ask(), {}, refund(i)).ticket, dana(), true, "").accepted);
  }
  const std::string ticket = desk.run(ask(), {}, refund(60)).ticket;
  CHECK(code_for(desk, ticket, dana()) == "approval.rate");
  CHECK(desk.approver.vote(ticket, erin(), true, "").accepted);
  const std::string later = desk.run(ask(), {}, refund(61)).ticket;
  desk.clock->advance_us(60'000'000);
  CHECK(desk.approver.vote(later, dana(), true, "").accepted);
}

TEST_CASE("a note is bounded text") {
  Desk desk;
  const std::string ticket = desk.run(ask()).ticket;
  CHECK(desk.approver.vote(ticket, dana(), true, std::string(2'001, 'x')).code == "approval.note_too_long");
  CHECK(desk.approver.vote(ticket, dana(), true, "\xff").code == "approval.note_malformed");
  CHECK(desk.approver.vote(ticket, dana(), true, "it\u202Es fine").accepted);
  CHECK(to_json_text(*desk.approver.show(ticket)).find("\u202E") == std::string::npos);
}
