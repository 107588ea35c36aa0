#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "approval/fixture.h"
#include "base/json.h"
#include "libguard/error.h"

using namespace libguard;
using namespace libguard::approval;
using namespace libguard::approval::test;

TEST_CASE("a denied decision is refused and leaves no ticket") {
  Desk desk;
  Approval approval = desk.run(deny());
  CHECK(approval.state == "refused");
  CHECK(approval.code == "policy.denied");
  CHECK_FALSE(approval.permit);
  CHECK(desk.approver.list("default", false).empty());
}

TEST_CASE("an allowed decision gets its permit at once, with its limits") {
  Desk desk;
  Decision decision = allow();
  decision.rows_affected_max = 7;
  decision.row_limit = 5;
  Approval approval = desk.run(decision);
  REQUIRE(approval.permit);
  CHECK(approval.state == "allowed");
  CHECK(approval.permit->write_allowed());
  CHECK(approval.permit->rows_affected_max() == 7);
  CHECK(approval.permit->row_limit() == 5);
  CHECK(approval.permit->digest() == approval.digest);
  CHECK(desk.asked_again == 0);
  CHECK(approval.ticket.empty());

  Command read = *refund();
  read.effect = CommandEffect::read;
  Approval reading = desk.run(allow(), {}, std::make_shared<const Command>(read));
  REQUIRE(reading.permit);
  CHECK_FALSE(reading.permit->write_allowed());
}

TEST_CASE("asking waits for a person, and the permit is good once") {
  Desk desk;
  Approval first = desk.run(ask());
  CHECK(first.state == "pending");
  CHECK(first.code == "approval.pending");
  CHECK_FALSE(first.permit);
  CHECK(first.reason.find(first.ticket) != std::string::npos);
  // Asking the same again finds the open ticket.
  CHECK(desk.run(ask()).ticket == first.ticket);

  auto vote = desk.approver.vote(first.ticket, dana(), true, "double charge confirmed");
  CHECK(vote.accepted);
  CHECK(vote.state == TicketState::approved);

  Approval second = desk.resume(first.ticket);
  REQUIRE(second.permit);
  CHECK(second.approvers == std::vector<std::string>{"dana"});
  CHECK(desk.last_approvals == 1);
  CHECK(desk.last_groups == std::vector<std::string>{"finance"});

  Approval replay = desk.resume(first.ticket);
  CHECK(replay.code == "approval.consumed");
  CHECK_FALSE(replay.permit);
  CHECK(desk.approver.show(first.ticket)->state == TicketState::consumed);
}

TEST_CASE("a digit changed is approval.changed, before and after the ticket was used") {
  Desk desk;
  const std::string ticket = desk.run(ask()).ticket;
  desk.approver.vote(ticket, dana(), true, "");
  CHECK(desk.resume(ticket, ask(), refund(48901)).code == "approval.changed");
  // Even when policy would allow the changed action outright, naming the ticket binds to what was approved.
  CHECK(desk.resume(ticket, allow(), refund(1)).code == "approval.changed");
  CHECK(desk.resume(ticket).permit);
  CHECK(desk.resume(ticket, ask(), refund(48901)).code == "approval.changed");
}

TEST_CASE("a ticket belongs to its account, user and tenant") {
  Desk desk;
  const std::string ticket = desk.run(ask()).ticket;
  desk.approver.vote(ticket, dana(), true, "");
  Identity other = crew();
  other.account = "sales-crew";
  CHECK(desk.resume(ticket, ask(), refund(), other).code == "approval.other_account");
  other = crew();
  other.user->subject = "eve@example.com";
  CHECK(desk.resume(ticket, ask(), refund(), other).code == "approval.other_account");
  other = crew();
  other.tenant = "acme";
  CHECK(desk.resume(ticket, ask(), refund(), other).code == "approval.unknown_ticket");
  CHECK(desk.resume("t-none").code == "approval.unknown_ticket");
  CHECK_FALSE(desk.approver.show(ticket, "acme"));
  CHECK(desk.approver.list("acme", false).empty());
  Identity foreign = dana();
  foreign.tenant = "acme";
  CHECK(desk.approver.vote(ticket, foreign, false, "").code == "approval.unknown_ticket");
  CHECK(desk.approver.revoke(ticket, foreign).code == "approval.unknown_ticket");
  CHECK(desk.resume(ticket).permit);
}

TEST_CASE("policy is asked again with the real approvals, and only its plain allow makes a permit") {
  for (Verdict verdict : {Verdict::deny, Verdict::ask}) {
    Desk desk;
    const std::string ticket = desk.run(ask()).ticket;
    desk.approver.vote(ticket, dana(), true, "");
    desk.answer = policy::Decider::make(verdict);
    Approval approval = desk.resume(ticket);
    CHECK(approval.state == "refused");
    CHECK_FALSE(approval.permit);
    CHECK(approval.code == (verdict == Verdict::deny ? "policy.denied" : "approval.insufficient"));
    CHECK(approval.reason.find("used up") != std::string::npos);
    desk.answer = allow();
    CHECK(desk.resume(ticket).code == "approval.consumed");
  }
}

TEST_CASE("the tighter limit of both decisions holds") {
  Desk desk;
  Decision asked = ask();
  asked.rows_affected_max = 3;
  const std::string ticket = desk.run(asked).ticket;
  desk.approver.vote(ticket, dana(), true, "");
  desk.answer.rows_affected_max = 1'000;
  desk.answer.row_limit = 10;
  Approval approval = desk.resume(ticket, asked);
  REQUIRE(approval.permit);
  CHECK(approval.permit->rows_affected_max() == 3);
  CHECK(approval.permit->row_limit() == 10);
}

TEST_CASE("a waiting call is woken by the vote, and by a cancel") {
  Desk desk;
  std::thread approver([&] {
    for (int i = 0; i < 200; ++i) {
      auto open = desk.approver.list("default", true);
      if (!open.empty()) {
        desk.approver.vote(open.front().id, dana(), true, "");
        return;
      }
      std::this_thread::sleep_for(10ms);
    }
  });
  Approval approval = desk.run(ask(), {}, refund(), crew(), 10s);
  approver.join();
  CHECK(approval.permit);

  Request request;
  std::thread canceller([token = request.cancel] {
    std::this_thread::sleep_for(100ms);
    token.cancel();
  });
  const auto start = std::chrono::steady_clock::now();
  Approval cancelled = desk.run(ask(), request, refund(2), crew(), 60s);
  CHECK(std::chrono::steady_clock::now() - start < 1s);
  canceller.join();
  CHECK(cancelled.state == "pending");
  CHECK(cancelled.code == "approval.cancelled");
  CHECK_FALSE(cancelled.permit);
}

TEST_CASE("silence expires a ticket, and an approval that is not used in time expires too") {
  Desk desk;
  const std::string silent = desk.run(ask()).ticket;
  desk.clock->advance_us(900'000'000);
  CHECK(desk.approver.vote(silent, dana(), true, "").code == "approval.expired");
  CHECK(desk.resume(silent).code == "approval.expired");
  CHECK(desk.approver.show(silent)->state == TicketState::expired);
  CHECK(desk.approver.list("default", true).empty());

  const std::string late = desk.run(ask()).ticket;
  CHECK(late != silent);
  desk.clock->advance_us(899'000'000);
  CHECK(desk.approver.vote(late, dana(), true, "").accepted);
  desk.clock->advance_us(899'999'999);
  CHECK(desk.approver.show(late)->state == TicketState::approved);
  desk.clock->advance_us(1);
  CHECK(desk.resume(late).code == "approval.expired");
  CHECK(desk.asked_again == 0);
}

TEST_CASE("executing gets no longer than approving was given") {
  Desk desk;
  const Decision hasty = ask({{"finance", 1, 60, "p"}, {"dba", 1, 600, "q"}});
  const std::string ticket = desk.run(hasty).ticket;
  CHECK(desk.approver.show(ticket)->expires_at_us == desk.clock->now_us() + 60'000'000);
  desk.approver.vote(ticket, dana(), true, "");
  desk.clock->advance_us(1'000'000);
  CHECK(desk.approver.vote(ticket, erin(), true, "").state == TicketState::approved);
  CHECK(desk.approver.show(ticket)->execute_before_us == desk.clock->now_us() + 60'000'000);
}

TEST_CASE("impossible stages ask nobody and are refused") {
  Desk desk;
  for (const std::vector<Stage>& stages : std::vector<std::vector<Stage>>{{},
                                                                          {{"", 1, 900, "p"}},
                                                                          {{"dba", 0, 900, "p"}},
                                                                          {{"dba", -1, 900, "p"}},
                                                                          {{"dba", 1, 0, "p"}},
                                                                          {{"dba", 1'000'000, 900, "p"}}}) {
    Approval approval = desk.run(ask(stages));
    CHECK(approval.state == "refused");
    CHECK(approval.code == "approval.no_stage");
  }
}

TEST_CASE("what cannot be shown cannot be approved") {
  Desk desk;
  Command command = *refund();
  command.params[0] = std::string(300'000, 'x');
  Approval approval = desk.run(ask(), {}, std::make_shared<const Command>(command));
  CHECK(approval.code == "approval.too_large");
  CHECK(approval.state == "refused");
}

TEST_CASE("an agent cannot bury the approvers in tickets") {
  Desk desk;
  for (std::int64_t i = 0; i < 100; ++i) REQUIRE(desk.run(ask(), {}, refund(i)).state == "pending");
  CHECK_THROWS_WITH_AS(static_cast<void>(desk.run(ask(), {}, refund(100))), doctest::Contains("too many tickets"),
                       Error);
  CHECK(desk.run(ask(), {}, refund(5)).state == "pending");
}

TEST_CASE("the page shows hidden characters, marks the agent's words, and loses the exact bytes once used") {
  Desk desk;
  Command command = *refund();
  command.text = "UPDATE orders SET note = '\u202Egnp.exe' \x1b[2J WHERE id = ?";
  command.params[1] = std::string("a\xff\u200Bz");
  Request request;
  request.explanation = "trust me\u202E";
  auto shared = std::make_shared<const Command>(command);
  Decision decision = ask();
  decision.where["big-refund-asks"] = "policies/\u202Esupport.cedar:6";
  const std::string ticket = desk.run(decision, request, shared).ticket;
  std::string page = to_json_text(*desk.approver.show(ticket));
  CHECK(page.find("\u202E") == std::string::npos);
  CHECK(page.find("\x1b") == std::string::npos);
  auto json = *read_json(page).value;
  CHECK(json["shown"]["command"].get<std::string>().find("\\u{202E}") != std::string::npos);
  CHECK(json["shown"]["params"][1] == "a\\x{FF}\\u{200B}z");
  CHECK(json["shown"]["explanation"]["verified"] == false);
  CHECK(json["shown"]["touches"][0]["bound"] == "eq");
  CHECK(json["shown"]["asked_by"][0] == "big-refund-asks");
  CHECK(json["shown"]["where"]["big-refund-asks"] == "policies/\\u{202E}support.cedar:6");
  CHECK(json["stages"][0]["given"] == 0);

  desk.approver.vote(ticket, dana(), true, "");
  request.ticket = ticket;
  REQUIRE(desk.run(ask(), request, shared).permit);
  json = *read_json(to_json_text(*desk.approver.show(ticket))).value;
  CHECK_FALSE(json["shown"].contains("command"));
  CHECK_FALSE(json["shown"].contains("params"));
  CHECK(json["shown"]["touches"][0]["object"] == "main.orders");
  CHECK(json["votes"][0]["approver"] == "dana");
}
