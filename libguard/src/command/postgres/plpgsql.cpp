#include "command/postgres/plpgsql.h"

#include <utility>

#include "command/postgres/plpgsql_reader.h"

namespace libguard::command::postgres::plpgsql {
namespace {

constexpr std::size_t kPiecesMax = 4'000;

}  // namespace

Body Reader::read() {
  if (tokens_.good()) {
    options();
    block({}, 0);
    sign(";");
    if (!failed() && here().kind != LG_TOKEN_END) fail("something follows its last END");
  } else {
    fail("it cannot be split into words");
  }
  body_.unread = unread_;
  return std::move(body_);
}

Piece& Reader::piece(Piece::Kind kind, std::string text) {
  if (body_.pieces.size() >= kPiecesMax) fail("it is too long");
  Piece& out = body_.pieces.emplace_back();
  out.kind = kind;
  out.text = std::move(text);
  out.visible = visible_;
  out.repeated = loops_ > 0;
  return out;
}

Piece& Reader::value(std::string text) { return piece(Piece::Kind::value, "SELECT " + std::move(text)); }

void Reader::condition(std::string text) { piece(Piece::Kind::condition, "SELECT " + std::move(text)); }

Body read(const std::string& text) { return Reader(text).read(); }

std::string standard_text(const std::string& body) {
  Tokens tokens(body);
  if (!tokens.good() || tokens.size() < 3 || tokens.at(0).kind != LG_TOKEN_WORD) return {};
  if (text_of(tokens.at(0)) == "return") return "SELECT " + body.substr(tokens.at(1).start);
  const LgToken& last = tokens.at(tokens.size() - 2);
  const bool atomic = text_of(tokens.at(0)) == "begin" && text_of(tokens.at(1)) == "atomic" &&
                      last.kind == LG_TOKEN_WORD && text_of(last) == "end" && tokens.size() > 3;
  if (!atomic) return {};
  const std::size_t from = tokens.at(2).start;
  return body.substr(from, last.start - from);
}

std::unique_ptr<std::string> constant_text(const std::string& text) {
  Tokens tokens(text);
  if (!tokens.good()) return nullptr;
  auto value = std::make_unique<std::string>();
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const LgToken& token = tokens.at(i);
    const bool joins = i % 2 == 1;
    if (joins ? token.kind != LG_TOKEN_SIGN || text_of(token) != "||" : token.kind != LG_TOKEN_STRING) return nullptr;
    if (!joins) *value += text_of(token);
  }
  return tokens.size() >= 2 && tokens.size() % 2 == 0 ? std::move(value) : nullptr;
}

}  // namespace libguard::command::postgres::plpgsql
