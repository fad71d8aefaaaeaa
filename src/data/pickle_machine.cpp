#include "pickle_machine.hpp"

#include <cstdio>

namespace oneproxy {

void PickleMachine::step() {
  opcode_at_ = at_;
  const char opcode = take(1)[0];
  switch (opcode) {
    case '\x80':  // PROTO
      if (const auto version = take_unsigned(1); version > 5) fail("is of protocol " + std::to_string(version));
      break;
    case '\x95':  // FRAME
      take_unsigned(8);
      break;
    case '.':  // STOP
      stopped_ = true;
      break;
    case '(':  // MARK
      marks_.push_back(stack_.size());
      break;
    case '0':  // POP
      if (!marks_.empty() && marks_.back() == stack_.size()) {
        marks_.pop_back();
      } else {
        pop();
      }
      break;
    case '1':  // POP_MARK
      pop_to_mark();
      break;
    case '2':  // DUP
      push(top());
      break;
    case 'N':  // NONE
      push_new(Kind::none);
      break;
    case '\x88':  // NEWTRUE
    case '\x89':  // NEWFALSE
      push_new(Kind::boolean).integer = opcode == '\x88' ? 1 : 0;
      break;
    case 'I': {  // INT
      const auto line = take_line();
      if (line == "00" || line == "01") {
        push_new(Kind::boolean).integer = line == "01" ? 1 : 0;
      } else {
        push_integer(parse<std::int64_t>(line));
      }
      break;
    }
    case 'L': {  // LONG
      auto line = take_line();
      if (line.ends_with('L')) line.remove_suffix(1);
      push_integer(parse<std::int64_t>(line));
      break;
    }
    case 'J':  // BININT
      push_integer(static_cast<std::int32_t>(take_unsigned(4)));
      break;
    case 'K':  // BININT1
      push_integer(static_cast<std::int64_t>(take_unsigned(1)));
      break;
    case 'M':  // BININT2
      push_integer(static_cast<std::int64_t>(take_unsigned(2)));
      break;
    case '\x8a':  // LONG1
      push_long(take(take_unsigned(1)));
      break;
    case '\x8b':  // LONG4
      push_long(take(take_unsigned(4)));
      break;
    case 'F':  // FLOAT
      push_new(Kind::real).real = parse<double>(take_line());
      break;
    case 'G':  // BINFLOAT
      push_real(take(8));
      break;
    case 'V':  // UNICODE
      push_text(Kind::text, take_line());
      break;
    case '\x8c':  // SHORT_BINUNICODE
      push_text(Kind::text, take(take_unsigned(1)));
      break;
    case 'X':  // BINUNICODE
      push_text(Kind::text, take(take_unsigned(4)));
      break;
    case '\x8d':  // BINUNICODE8
      push_text(Kind::text, take(take_unsigned(8)));
      break;
    case 'U':  // SHORT_BINSTRING
    case 'C':  // SHORT_BINBYTES
      push_text(opcode == 'U' ? Kind::text : Kind::bytes, take(take_unsigned(1)));
      break;
    case 'T':  // BINSTRING
    case 'B':  // BINBYTES
      push_text(opcode == 'T' ? Kind::text : Kind::bytes, take(take_unsigned(4)));
      break;
    case '\x8e':  // BINBYTES8
    case '\x96':  // BYTEARRAY8
      push_text(Kind::bytes, take(take_unsigned(8)));
      break;
    case ']':  // EMPTY_LIST
      push_new(Kind::list);
      break;
    case '}':  // EMPTY_DICT
      push_new(Kind::dictionary);
      break;
    case ')':  // EMPTY_TUPLE
      push_new(Kind::tuple);
      break;
    case 'l':  // LIST
      push_items(Kind::list, pop_to_mark());
      break;
    case 'd':  // DICT
      push_items(Kind::dictionary, pop_to_mark());
      break;
    case 't':  // TUPLE
      push_items(Kind::tuple, pop_to_mark());
      break;
    case '\x85':  // TUPLE1
      push_last(1);
      break;
    case '\x86':  // TUPLE2
      push_last(2);
      break;
    case '\x87':  // TUPLE3
      push_last(3);
      break;
    case 'a':  // APPEND
      append({pop()});
      break;
    case 'e':  // APPENDS
      append(pop_to_mark());
      break;
    case 's': {  // SETITEM
      const Index value = pop();
      const Index key = pop();
      set_items({key, value});
      break;
    }
    case 'u':  // SETITEMS
      set_items(pop_to_mark());
      break;
    case 'p':  // PUT
      remember(parse<std::uint64_t>(take_line()));
      break;
    case 'q':  // BINPUT
      remember(take_unsigned(1));
      break;
    case 'r':  // LONG_BINPUT
      remember(take_unsigned(4));
      break;
    case '\x94':  // MEMOIZE
      remember(memo_.size());
      break;
    case 'g':  // GET
      recall(parse<std::uint64_t>(take_line()));
      break;
    case 'h':  // BINGET
      recall(take_unsigned(1));
      break;
    case 'j':  // LONG_BINGET
      recall(take_unsigned(4));
      break;
    case 'c': {  // GLOBAL
      const std::string module(take_line());
      push_global(module, std::string(take_line()));
      break;
    }
    case '\x93': {  // STACK_GLOBAL
      const Index name = pop();
      const Index module = pop();
      if (node(name).kind != Kind::text || node(module).kind != Kind::text) fail("a name is not a text");
      push_global(node(module).text, node(name).text);
      break;
    }
    case 'R':       // REDUCE
    case '\x81': {  // NEWOBJ
      const Index arguments = pop();
      push_object(pop(), arguments);
      break;
    }
    case 'b':  // BUILD
      build();
      break;
    case 'Q': {  // BINPERSID
      const Index id = pop();
      push_items(Kind::persistent, {id});
      break;
    }
    default: {
      char text[8];
      std::snprintf(text, sizeof text, "0x%02x", static_cast<unsigned char>(opcode));
      fail(std::string("refused: opcode ") + text + " is not one of those that make plain data");
    }
  }
}

}  // namespace oneproxy
