#include "store/sqlite/engine.hpp"

#include "store/sqlite/schema.hpp"

namespace holdfast::sqlite {

engine::turn::turn(engine& of, time_point by) : of_{of} {
  if (!of.turns_.enter(by)) {
    throw failure{{errc::unavailable, of.shown_ + ": other threads of this process kept the database busy until the "
                                                  "command timeout"}};
  }
}

neighbours engine::reach() {
  return {[this] { return wake_.address(); }, [this](std::int64_t address) { return wake_.alive(address); }};
}

engine::session& engine::ready(time_point by) {
  if (!machine_) machine_ = this_machine(shown_);
  if (session_ && session_->where.moved()) session_.reset();
  if (session_) {
    session_->where.set_deadline(by);
    return *session_;
  }
  session_.emplace(*this, by);
  try {
    prepare_database(session_->where, *machine_);
  } catch (...) {
    session_.reset();
    throw;
  }
  return *session_;
}

}  // namespace holdfast::sqlite
