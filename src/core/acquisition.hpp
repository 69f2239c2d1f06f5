#pragma once

#include "core/acquire_machine.hpp"
#include "core/store.hpp"

namespace holdfast::core {

/// A request on its way: the machine, what is to be sent, and the step that comes next. Threads take turns in driving
/// it (the first of the gate's queue does); what it knows moves on with it.
struct acquisition {
  acquire_machine machine;
  request what;
  bool waits = true;
  bool renews = true;
  acquire_machine::step next;
  /// A hint came since the last look at the store. Kept here, since it may come between an answer and the pause.
  bool hinted = false;
  /// The last instant at which something was sent that may still arrive.
  time_point last_sent{};
};

}  // namespace holdfast::core
