#include "oneproxy/data/pickle.hpp"

#include <gtest/gtest.h>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

using Kind = Pickle::Kind;
using namespace std::string_literals;

std::string error_of(const std::string& content) {
  try {
    const Pickle pickle(content, "p");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

// Python: pickle.dumps({"a": [1, -2, 300, 70000, 2.5, None, True], "b": ("x", b"\xff")}, 2), and the same in protocol
// 0.
const std::string protocol_2 =
    "\x80\x02}q\0(X\x01\0\0\0aq\x01]q\x02(K\x01J\xfe\xff\xff\xffM,\x01Jp\x11\x01\0G@\x04\0\0\0\0\0\0N\x88"
    "eX\x01\0\0\0bq\x03X\x01\0\0\0xq\x04"
    "C\x01\xff\x86q\x05u."s;
const std::string protocol_0 = "(dp0\nVa\np1\n(lp2\nI1\naI-2\naL300L\naI70000\naF2.5\naNaI01\nas."s;

TEST(Pickle, ReadsPlainData) {
  for (const auto& content : {protocol_2, protocol_0}) {
    const Pickle pickle(content + "more", "p");
    EXPECT_EQ(pickle.size(), content.size());
    ASSERT_EQ(pickle[pickle.root()].kind, Kind::dictionary);
    const auto& list = pickle.items(pickle.find(pickle.root(), "a"));
    ASSERT_EQ(list.size(), 7U);
    EXPECT_EQ(pickle.number(list[0]), 1);
    EXPECT_EQ(pickle.number(list[1]), -2);
    EXPECT_EQ(pickle.number(list[2]), 300);
    EXPECT_EQ(pickle.number(list[3]), 70000);
    EXPECT_EQ(pickle.number(list[4]), 2.5);
    EXPECT_EQ(pickle[list[5]].kind, Kind::none);
    EXPECT_EQ(pickle[list[6]].kind, Kind::boolean);
    EXPECT_EQ(pickle.find(pickle.root(), "z"), Pickle::absent);
    EXPECT_THROW(pickle.number(pickle.root()), InputError);
  }
  const Pickle pickle(protocol_2, "p");
  const auto& pair = pickle.items(pickle.find(pickle.root(), "b"));
  EXPECT_EQ(pickle[pair[0]].text, "x");
  EXPECT_EQ(pickle[pair[1]].text, "\xff");
}

TEST(Pickle, ReadsIntegersOfAnyLength) {
  EXPECT_EQ(Pickle("\x8a\x01\xff."s, "p")[0].integer, -1);
  EXPECT_EQ(Pickle("\x8a\x09\xff\0\0\0\0\0\0\0\0."s, "p")[0].integer, 255);
  EXPECT_EQ(Pickle("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\0."s, "p")[0].kind, Kind::big_integer);
  EXPECT_EQ(Pickle("\x8a\0."s, "p")[0].integer, 0);
}

TEST(Pickle, RefusesWhatIsNotDataByName) {
  // os.system("ls"), eval, a class of one's own, and the instructions that would look things up elsewhere.
  EXPECT_EQ(error_of("cos\nsystem\n(X\x02\0\0\0lstR."s),
            "p, byte 0: refused: it asks for 'os.system', which is not known as data");
  EXPECT_EQ(error_of("\x80\x04\x8c\x08"s + "builtins\x8c\x04"s + "eval\x93."s),
            "p, byte 18: refused: it asks for 'builtins.eval', which is not known as data");
  EXPECT_EQ(error_of("c__main__\nThing\n)\x81."s),
            "p, byte 0: refused: it asks for '__main__.Thing', which is not known as data");
  EXPECT_EQ(error_of("(i__main__\nThing\n."s),
            "p, byte 1: refused: opcode 0x69 is not one of those that make plain data");
  EXPECT_EQ(error_of("\x82\x01."s), "p, byte 0: refused: opcode 0x82 is not one of those that make plain data");
  EXPECT_EQ(error_of("X\x03\0\0\0abc)R."s), "p, byte 9: calls what is not a known name");
}

TEST(Pickle, DamagedOnesAreRefusedByPlace) {
  EXPECT_EQ(error_of(""), "p, byte 0: the pickle is cut off");
  EXPECT_EQ(error_of("]"), "p, byte 1: the pickle is cut off");
  EXPECT_EQ(error_of("."), "p, byte 0: ends with 0 values; expected one");
  EXPECT_EQ(error_of("]]."), "p, byte 2: ends with 2 values; expected one");
  EXPECT_EQ(error_of("a."), "p, byte 0: takes a value that there is not");
  EXPECT_EQ(error_of("t."), "p, byte 0: takes values up to a mark that there is not");
  EXPECT_EQ(error_of("(K\x01"s + "d."), "p, byte 3: a key lacks its value");
  EXPECT_EQ(error_of("h\x05."s), "p, byte 0: recalls a value that was not kept");
  EXPECT_EQ(error_of("X\xff\xff\xff\xff"s + "abc"), "p, byte 0: the pickle is cut off");
  EXPECT_EQ(error_of("\x80\x09."s), "p, byte 0: is of protocol 9");
  EXPECT_EQ(error_of("Ix\n."), "p, byte 0: a number is not of that form");
}

TEST(Pickle, AnyBytesAreReadOrRefusedInOneLine) {
  Rng rng(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string content = i % 2 == 0 ? protocol_2 : protocol_0;
    for (std::uint64_t k = 0; k <= rng.below(5); ++k) {
      content[rng.below(content.size())] = static_cast<char>(rng.below(256));
    }
    content.resize(1 + rng.below(content.size()));
    EXPECT_EQ(error_of(content).find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace oneproxy
