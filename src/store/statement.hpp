#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace oneproxy {

/// One SQL statement, its parameters and its current row. Calls `fail(code)`, which must throw, where SQLite fails.
class SqlStatement {
 public:
  SqlStatement(sqlite3* database, const char* sql, std::function<void(int)> fail) : fail_(std::move(fail)) {
    check(sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr));
  }
  ~SqlStatement() { sqlite3_finalize(statement_); }
  SqlStatement(const SqlStatement&) = delete;
  SqlStatement& operator=(const SqlStatement&) = delete;

  // The next parameter.
  SqlStatement& bind(std::int64_t value) { return check(sqlite3_bind_int64(statement_, ++parameter_, value)); }
  SqlStatement& bind(double value) { return check(sqlite3_bind_double(statement_, ++parameter_, value)); }
  SqlStatement& bind(std::string_view text) {
    return check(
        sqlite3_bind_text(statement_, ++parameter_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT));
  }
  SqlStatement& bind(std::span<const std::byte> blob) {
    return check(sqlite3_bind_blob64(statement_, ++parameter_, blob.data(), blob.size(), SQLITE_TRANSIENT));
  }

  /// Goes to the next row; false where there is none.
  bool step() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) fail_(code);
    return code == SQLITE_ROW;
  }

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  double real(int column) const { return sqlite3_column_double(statement_, column); }
  std::string text(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {data == nullptr ? "" : data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::span<const std::byte> blob(int column) const {
    return {static_cast<const std::byte*>(sqlite3_column_blob(statement_, column)),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  SqlStatement& check(int code) {
    if (code != SQLITE_OK) {
      sqlite3_finalize(statement_);
      statement_ = nullptr;
      fail_(code);
    }
    return *this;
  }

  std::function<void(int)> fail_;
  sqlite3_stmt* statement_ = nullptr;
  int parameter_ = 0;
};

}  // namespace oneproxy
